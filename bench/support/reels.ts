/** Film for benchmarks: of one bit rate throughout, and as many different reels of it as wanted. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMediaSettings } from '../../src/media/settings.js';
import type { ReelManifest } from '../../src/reel/manifest.js';
import { ReelFile } from '../../src/reel/reel.js';
import type { Store } from '../../src/reel/store.js';
import { msc, seconds } from '../support.js';

/** Of the finished transport stream, bit/s. */
export const BIT_RATE = 5_000_000;

/**
 * Noise, which takes as many bits as it is given: random access every `gop` seconds, and AAC. The sum is BIT_RATE with
 * MPEG-TS around it.
 */
export async function makeFilm(path: string, duration: number, gop = 1): Promise<void> {
  const video = 4_638_000;
  const picture = 'testsrc2=s=640x360:r=25,noise=alls=40:allf=t';
  const frames = Math.round(25 * gop);
  const encoder = `-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g ${frames} -keyint_min ${frames} -sc_threshold 0`;
  const rate = `-b:v ${video} -minrate ${video} -maxrate ${video} -bufsize ${video / 2} -x264-params nal-hrd=cbr`;
  const sources = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=440:r=48000'];
  const words = `${encoder} ${rate} -c:a aac -b:a 128k -ac 2 -t ${duration}`.split(' ');
  await seconds('ffmpeg', ['-v', 'error', '-y', ...sources, ...words, path]);
}

/** A film in the store. */
export interface Prepared {
  source: string;
  folder: string;
  /** A transport stream. */
  packets: string;
  bitrate: number;
}

export async function prepare(store: Store, source: string, program = msc): Promise<Prepared> {
  await seconds(process.execPath, [program, 'prepare', source, '--store', store.folder, '--quiet']);
  const folder = store.reelFolder(await reelId(store, source));
  const manifest: ReelManifest = JSON.parse(readFileSync(join(folder, ReelFile.manifest), 'utf8'));
  return { source, folder, packets: join(folder, ReelFile.packets.h264), bitrate: manifest.bitrate };
}

/** The id under which `msc serve` looks for it, its options left as they are. */
const reelId = async (store: Store, source: string): Promise<string> =>
  store.reelId(await store.readContentHash(source), { ...defaultMediaSettings, target: null });

/**
 * `count` sources with a reel each in the store, all with the same packets but in files of their own. The sources are
 * no films, but the store knows reels of them. Returns null where the disk has no room.
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
  // Else the disk is still at it while the server is measured.
  await seconds('sync', ['--file-system', store.folder]);
  return sources;
}

/** Which share of the reels' packets is in memory, 0 to 1; null without fincore (util-linux 2.30). */
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
