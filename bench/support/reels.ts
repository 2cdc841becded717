/** Films of constant bit rate for benchmarks, and copies of their reels. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMediaSettings } from '../../src/media/settings.js';
import type { ReelManifest } from '../../src/reel/manifest.js';
import { ReelFile } from '../../src/reel/reel.js';
import type { Store } from '../../src/reel/store.js';
import { log } from './benchmark.js';
import { msc } from './options.js';
import { timeCommand } from './processes.js';

/** Of the finished transport stream, bit/s. */
export const BIT_RATE = 5_000_000;

/**
 * Noise, which fills its bit rate, and AAC: together BIT_RATE as MPEG-TS. `duration`, and `gop` from one random access
 * point to the next, in seconds.
 */
async function makeFilm(path: string, duration: number, gop: number): Promise<void> {
  const video = 4_638_000;
  const picture = 'testsrc2=s=640x360:r=25,noise=alls=40:allf=t';
  const frames = Math.round(25 * gop);
  const encoder = `-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g ${frames} -keyint_min ${frames} -sc_threshold 0`;
  const rate = `-b:v ${video} -minrate ${video} -maxrate ${video} -bufsize ${video / 2} -x264-params nal-hrd=cbr`;
  const sources = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=440:r=48000'];
  const words = `${encoder} ${rate} -c:a aac -b:a 128k -ac 2 -t ${duration}`.split(' ');
  await timeCommand('ffmpeg', ['-v', 'error', '-y', ...sources, ...words, path]);
}

/** A film in the store. */
export interface Prepared {
  source: string;
  folder: string;
  /** A transport stream. */
  packets: string;
  bitrate: number;
}

/** Prepares a film as `msc serve` would; `program`: a build's bin/msc.js. */
export async function prepare(store: Store, source: string, program: string): Promise<Prepared> {
  await timeCommand(process.execPath, [program, 'prepare', source, '--store', store.folder, '--quiet']);
  const folder = store.reelFolder(await reelId(store, source));
  const manifest: ReelManifest = JSON.parse(readFileSync(join(folder, ReelFile.manifest), 'utf8'));
  return { source, folder, packets: join(folder, ReelFile.packets.h264), bitrate: manifest.bitrate };
}

/** Makes a film beside the store, and prepares it. `duration` and `gop` in seconds. */
export async function makeReel(
  store: Store,
  {
    name = 'film',
    duration,
    gop = 1,
    program = msc,
  }: { name?: string; duration: number; gop?: number; program?: string },
): Promise<Prepared> {
  log(`Making ${name} and its reel`);
  const path = join(store.folder, '..', `${name}.mp4`);
  await makeFilm(path, duration, gop);
  return prepare(store, path, program);
}

/** The id of a source's reel with the default options of `msc serve`. */
export const reelId = async (store: Store, source: string): Promise<string> =>
  store.reelId(await store.readContentHash(source, defaultMediaSettings), defaultMediaSettings);

/**
 * Puts `count` sources with a reel each into the store: files of their own with the same packets. The sources are no
 * films; the store knows only their reels. Returns null when the disk is too small.
 */
export async function differentReels(store: Store, reel: Prepared, count: number): Promise<string[] | null> {
  const files = readdirSync(reel.folder);
  const bytes = files.reduce((sum, file) => sum + statSync(join(reel.folder, file)).size, 0);
  const { bavail, bsize } = statfsSync(store.folder);
  const spare = 2e9;
  if (bavail * bsize < count * bytes + spare) return null;
  const sources: string[] = [];
  for (let number = 1; number <= count; number++) {
    const source = join(store.folder, `source-${number}.mp4`);
    writeFileSync(source, `reel ${number}`);
    const folder = store.reelFolder(await reelId(store, source));
    mkdirSync(folder);
    for (const file of files) copyFileSync(join(reel.folder, file), join(folder, file));
    sources.push(source);
  }
  // The disk must not be writing while the server is measured.
  await timeCommand('sync', ['--file-system', store.folder]);
  return sources;
}

/** Share of the reels' packets that is in memory, 0 to 1; null without fincore (util-linux 2.30). */
export async function inPageCache(store: Store, sources: readonly string[]): Promise<number | null> {
  const ids = await Promise.all([...new Set(sources)].map((source) => reelId(store, source)));
  const paths = ids.map((id) => join(store.reelFolder(id), ReelFile.packets.h264));
  const words = ['--bytes', '--raw', '--noheadings', '--output', 'RES,SIZE', ...paths];
  const { status, stdout } = spawnSync('fincore', words, { encoding: 'utf8' });
  if (status !== 0) return null;
  let [resident, all] = [0, 0];
  for (const line of stdout.trim().split('\n')) {
    const [res, size] = line.split(' ').map(Number);
    resident += res!;
    all += size!;
  }
  return Math.min(1, resident / all);
}
