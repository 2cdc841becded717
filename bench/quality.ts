import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, bigBuckBunny, finish, log, requirePrograms, scratch } from './support/benchmark.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { timeCommand } from './support/processes.js';
import { quantile } from './support/stats.js';

const options = readOptions(
  'SSIM, PSNR and bit rate of what is put on the air for six kinds of film, beside x264 by FFmpeg with the same cap.',
  {
    only: ['', 'films whose names begin with film, sport, grain, flat, text, dark'],
    seconds: [8, 'of each film'],
    height: [720, 'lines of the pictures'],
    ours: ['auto,veryfast,medium', 'presets of msc, with commas'],
    presets: ['veryfast,faster,medium', 'presets of x264 by FFmpeg, with commas'],
    groups: [[1, 2], 'seconds of a group of pictures'],
    crf: [21, 'quality of x264 in FFmpeg'],
    runs: [1, 'encodings by each, alternating'],
    ...outOption,
    ...mscOption,
  },
);
requirePrograms(['ffmpeg', 'ffprobe']);
const folder = scratch();
const at = (name: string) => join(folder, name);
const { seconds, height } = options;
const width = 2 * Math.round((height * 8) / 9);
const size = `${width}x${height}`;

// Long enough that it scrolls through all of the film.
const lines = Array.from(
  { length: 400 },
  (_, i) => `${i + 1}  The quick brown fox jumps over the lazy dog, ${i * 7919}`,
);
writeFileSync(at('lines.txt'), lines.join('\n'));

/** Films by their inputs and filters in FFmpeg's notation. Big Buck Bunny lasts 30 s and begins with a fade. */
const bunny = ['-ss', '4', '-i', bigBuckBunny];
const source = (graph: string) => ['-f', 'lavfi', '-i', graph];
const fast = `fps=50,scale=${2 * width}:${2 * height},crop=${width}:${height}:x='(iw-ow)*(0.5+0.5*sin(2.5*t))':y='(ih-oh)*(0.5+0.4*cos(3.7*t))'`;
const films = {
  film: { input: bunny, filter: `scale=${size}`, rate: 24 },
  sport: { input: bunny, filter: fast, rate: 50 },
  grain: { input: bunny, filter: `scale=${size},noise=alls=8:allf=t`, rate: 24 },
  flat: { input: source(`testsrc2=s=${size}:r=25`), filter: 'null', rate: 25 },
  text: {
    input: source(`color=c=white:s=${size}:r=30`),
    filter: `drawtext=textfile=${at('lines.txt')}:fontsize=${Math.round(height / 40)}:x=20:y=h/2-90*t`,
    rate: 30,
  },
  dark: {
    input: source(`gradients=s=${size}:r=25:c0=0x040408:c1=0x20202c:c2=0x101820:n=3:speed=0.02:seed=7`),
    filter: 'noise=alls=3:allf=t',
    rate: 25,
  },
} as const;

/** The cap of 1080p at 30 frames a second, in proportion to the pixels a second to the power of 0.75; see encode-video.ts. */
const cap = (rate: number) => Math.max(0.8e6, 8e6 * ((width * height * rate) / (1_920 * 1_080 * 30)) ** 0.75);

const ffmpeg = (words: readonly string[]) => timeCommand('ffmpeg', ['-v', 'error', '-y', ...words]);

function output(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr.slice(-500)}`);
  return `${stdout}${stderr}`;
}

/** bit/s of the pictures alone. */
function videoRate(path: string): number {
  const words = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=size', '-of', 'csv=p=0', path];
  const sizes = output('ffprobe', words)
    .split('\n')
    .map((line) => Number.parseInt(line, 10) || 0);
  return (sizes.reduce((sum, bytes) => sum + bytes, 0) * 8) / seconds;
}

/** How near the pictures are to those of the film, picture by picture, in dB: SSIM of all planes, PSNR of the luma. */
function likeness(path: string, film: string, rate: number): { ssim: number; psnr: number } {
  const times = `settb=AVTB,setpts=N/${rate}/TB,format=yuv420p`;
  const graph = `[0:v]${times},split[a][b];[1:v]${times},split[c][d];[a][c]ssim[s];[b][d]psnr[p]`;
  const text = output('ffmpeg', [
    '-i',
    path,
    '-i',
    film,
    '-lavfi',
    graph,
    '-map',
    '[s]',
    '-map',
    '[p]',
    '-f',
    'null',
    '-',
  ]);
  const [, ssim] = / SSIM .*All:[\d.]+ \(([\d.]+|inf)\)/.exec(text) ?? [];
  const [, psnr] = / PSNR y:([\d.]+|inf)/.exec(text) ?? [];
  if (ssim === undefined || psnr === undefined) throw new Error(`no measurement of ${path}: ${text.slice(-300)}`);
  return { ssim: Number(ssim), psnr: Number(psnr) };
}

interface Way {
  name: string;
  /** Encodes `film`; resolves with the seconds it took. */
  run(film: string, made: string, rate: number): Promise<number>;
}

const ours = options.ours.split(',').map(
  (preset): Way => ({
    name: `msc ${preset}`,
    async run(film, made) {
      const store = at('store');
      rmSync(store, { recursive: true, force: true });
      const flags = preset === 'auto' ? [] : ['--preset', preset];
      const words = [options.msc, 'prepare', film, '--store', store, '--quiet', ...flags];
      const took = await timeCommand(process.execPath, words);
      const [reel] = readdirSync(join(store, 'reels'));
      copyFileSync(join(store, 'reels', reel!, 'packets.ts'), made);
      return took;
    },
  }),
);

const theirs = options.presets.split(',').flatMap((preset) =>
  options.groups.map(
    (group): Way => ({
      name: `x264 ${preset}, ${group} s`,
      run(film, made, rate) {
        const most = cap(rate);
        const keys = `-g ${Math.round(rate * group)} -sc_threshold 0 -flags +cgop -pix_fmt yuv420p`;
        const x264 = `-c:v libx264 -preset ${preset} -crf ${options.crf} -maxrate ${most} -bufsize ${0.75 * most}`;
        return ffmpeg(['-i', film, ...`${x264} ${keys} -c:a aac`.split(' '), made]);
      },
    }),
  ),
);

const ways = [...ours, ...theirs];
const isWanted = nameFilter(options.only);
const rows: Record<string, string | number>[] = [];
const data: Record<string, unknown>[] = [];
for (const [name, { input, filter, rate }] of Object.entries(films)) {
  if (!isWanted(name)) continue;
  log(`Making ${name}`);
  const film = at(`${name}.mkv`);
  const colour = '-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -pix_fmt yuv420p';
  const frames = Math.round(seconds * rate);
  const lossless = `-an ${colour} -c:v ffv1 -level 3 -slices 4 -r ${rate} -frames:v ${frames}`.split(' ');
  await ffmpeg([...input, '-vf', filter, ...lossless, film]);
  const found = new Map<string, { times: number[]; rate: number; ssim: number; psnr: number }>();
  for (let run = 0; run < options.runs; run++) {
    for (const way of ways) {
      await attempt(`${way.name}, ${name}`, async () => {
        log(`${name}: ${way.name}`);
        const made = at('made.ts');
        const took = await way.run(film, made, rate);
        const known = found.get(way.name);
        if (known) known.times.push(took);
        else found.set(way.name, { times: [took], rate: videoRate(made), ...likeness(made, film, rate) });
      });
    }
  }
  for (const [way, { times, rate: bits, ssim, psnr }] of found) {
    const speed = frames / quantile(times, 0.5);
    data.push({ film: name, way, bitrate: bits, ssim, psnr, framesPerSecond: speed });
    rows.push({
      ...{ film: name, encoder: way, 'Mbit/s': (bits / 1e6).toFixed(2) },
      ...{ 'SSIM, dB': ssim.toFixed(2), 'PSNR, dB': psnr.toFixed(2), 'frames/s': speed.toFixed(1) },
    });
  }
  rmSync(film);
}
finish({
  tables: [[`${seconds} s of each film, ${width} × ${height}`, rows]],
  data: { seconds, width, height, results: data },
  out: options.out,
});
