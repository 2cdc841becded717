import { copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bigBuckBunny, finish, requirePrograms, scratch } from './support/benchmark.js';
import { mscOption, outOption, readOptions } from './support/options.js';
import { timeCommand } from './support/processes.js';
import { over } from './support/stats.js';

const options = readOptions(
  'Speed of preparing: by copy beside cp and FFmpeg, by encoding beside FFmpeg with the same settings.',
  { runs: [5, 'copies by each program'], encodings: [3, 'encodings by each program'], ...outOption, ...mscOption },
);
requirePrograms(['ffmpeg']);
const COPIES = 20;
const FRAMES = 720;
const folder = scratch();
const at = (name: string) => join(folder, name);
const store = at('store');

const prepare = (words: string[]) => {
  rmSync(store, { recursive: true, force: true });
  return timeCommand(process.execPath, [options.msc, 'prepare', ...words, '--store', store, '--quiet']);
};
const ffmpeg = (...words: string[]) => timeCommand('ffmpeg', ['-v', 'error', '-y', ...words]);

// Ten minutes of film for copying.
writeFileSync(at('list.txt'), `file '${bigBuckBunny}'\n`.repeat(COPIES));
await ffmpeg('-f', 'concat', '-safe', '0', '-i', at('list.txt'), '-c', 'copy', at('long.mp4'));
const megabytes = statSync(at('long.mp4')).size / 1e6;

// Half a minute of 1080p for encoding: its random access points are more than a second apart.
copyFileSync(bigBuckBunny, at('film.mp4'));
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-maxrate', '8M', '-bufsize', '6M', '-bf', '2'];
const keys = ['-g', '24', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-b:a', '160k'];

interface Contestant {
  program: string;
  run: () => Promise<number>;
}

/** Seconds that each run took, by program. */
async function measure(contestants: readonly Contestant[], runs: number): Promise<Record<string, number[]>> {
  const times = new Map<string, number[]>(contestants.map(({ program }) => [program, []]));
  for (let run = 0; run < runs; run++) {
    for (const { program, run } of contestants) {
      await timeCommand('sync', []); // Writes left by the program before must not slow this one.
      times.get(program)?.push(await run());
    }
  }
  return Object.fromEntries(times);
}

const copiers: Contestant[] = [
  { program: 'msc', run: () => prepare([at('long.mp4')]) },
  { program: 'ffmpeg -c copy, to .ts', run: () => ffmpeg('-i', at('long.mp4'), '-c', 'copy', at('long.ts')) },
  {
    program: 'cp and sync',
    run: () => timeCommand('sh', ['-c', `cp ${at('long.mp4')} ${at('copy')} && sync ${at('copy')}`]),
  },
];
const encoders: Contestant[] = [
  {
    program: 'msc',
    run: () => prepare([at('film.mp4'), '--max-gop', '1s', '--preset', 'veryfast', '--bitrate', '8M']),
  },
  { program: 'ffmpeg', run: () => ffmpeg('-i', at('film.mp4'), ...x264, ...keys, at('film.ts')) },
];
await measure(copiers, 1); // Warm-up.
const copying = await measure(copiers, options.runs);
const encoding = await measure(encoders, options.encodings);
finish({
  tables: [
    [
      `Copying ${megabytes.toFixed(0)} MB of film: MB/s of source, median (least–most)`,
      Object.entries(copying).map(([program, times]) => ({
        program,
        'MB/s': over(times, (seconds) => megabytes / seconds, 0),
      })),
    ],
    [
      `Encoding ${FRAMES} frames of 1080p: frames/s, median (least–most)`,
      Object.entries(encoding).map(([program, times]) => ({
        program,
        'frames/s': over(times, (seconds) => FRAMES / seconds, 1),
      })),
    ],
  ],
  data: { megabytes, copying, encoding },
  out: options.out,
});
