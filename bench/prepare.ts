/** Preparing: by copy beside `cp` and FFmpeg's own remultiplexing, by encoding beside FFmpeg with the same settings. */
import { copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bigBuckBunny, isInstalled, msc, report, scratch, seconds, shown, spread } from './support.js';

const RUNS = 5;
const COPIES = 20;
if (!isInstalled('ffmpeg')) throw new Error('bench prepare needs ffmpeg (apt-get install ffmpeg)');
const folder = scratch();
const at = (name: string) => join(folder, name);
const store = at('store');

const prepare = (words: string[]) => {
  rmSync(store, { recursive: true, force: true });
  return seconds(process.execPath, [msc, 'prepare', ...words, '--store', store, '--quiet']);
};

// Ten minutes of film, for copying.
writeFileSync(at('list.txt'), `file '${bigBuckBunny}'\n`.repeat(COPIES));
const ffmpeg = ['-v', 'error', '-y'];
await seconds('ffmpeg', [...ffmpeg, '-f', 'concat', '-safe', '0', '-i', at('list.txt'), '-c', 'copy', at('long.mp4')]);
const megabytes = statSync(at('long.mp4')).size / 1e6;

const copying: Record<string, number[]> = { msc: [], 'ffmpeg -c copy, to .ts': [], 'cp and sync': [] };
const timed = [
  async () => copying.msc!.push(await prepare([at('long.mp4')])),
  async () =>
    copying['ffmpeg -c copy, to .ts']!.push(
      await seconds('ffmpeg', [...ffmpeg, '-i', at('long.mp4'), '-c', 'copy', at('long.ts')]),
    ),
  async () =>
    copying['cp and sync']!.push(
      await seconds('sh', ['-c', `cp ${at('long.mp4')} ${at('copy')} && sync ${at('copy')}`]),
    ),
];
for (const run of timed) await run();
for (const values of Object.values(copying)) values.length = 0; // Warmed up.
for (let run = 0; run < RUNS; run++) {
  for (const time of timed) {
    // What the one before has left to be written is not to be waited for by this one.
    await seconds('sync', []);
    await time();
  }
}
report(
  `Copying ${megabytes.toFixed(0)} MB of film: MB/s of source, median (least–most)`,
  Object.entries(copying).map(([who, values]) => ({
    who,
    'MB/s': shown(spread(values.map((took) => megabytes / took)), 0),
  })),
);

// Half a minute of 1080p, encoded because its random access points are more than a second apart.
copyFileSync(bigBuckBunny, at('film.mp4'));
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-maxrate', '8M', '-bufsize', '6M', '-bf', '2'];
const keys = ['-g', '24', '-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2', '-b:a', '160k'];
const encoding: Record<string, number[]> = { msc: [], ffmpeg: [] };
for (let run = 0; run < 3; run++) {
  encoding.msc!.push(await prepare([at('film.mp4'), '--max-gop', '1s']));
  encoding.ffmpeg!.push(await seconds('ffmpeg', [...ffmpeg, '-i', at('film.mp4'), ...x264, ...keys, at('film.ts')]));
}
report(
  'Encoding 720 frames of 1080p: frames/s, median (least–most)',
  Object.entries(encoding).map(([who, values]) => ({
    who,
    'frames/s': shown(spread(values.map((took) => 720 / took)), 1),
  })),
);
