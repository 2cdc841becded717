/** Reels of h264 that our multiplexer makes of made-up pictures: whole, but for what a decoder would see. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { multiplex } from '../../src/reel/multiplex.js';
import type { Reel } from '../../src/reel/reel.js';
import { readTsIndex, TsReel, writeTsIndex } from '../../src/reel/ts-reel.js';
import { fakeReel } from './fake-reel.js';
import { type MadeUp, makeSpool, scratchFolder } from './spool.js';

/** A film of so many pictures, 24 a second, that can be begun at every `gop`th. */
export const madeFilm = (pictures: number, gop: number, seed = 1): MadeUp => ({
  sizes: Array.from({ length: pictures }, (_, i) => (i % gop === 0 ? 30_000 : 1_000 + ((i * seed * 7_919) % 5_000))),
  frame: 3_750,
  randomAccess: Array.from({ length: Math.ceil(pictures / gop) - 1 }, (_, i) => (i + 1) * gop),
  bFrames: 2,
  audioFrame: 300,
  closed: true,
});

let reels = 0;

/** Its file is open until the test ends. */
export async function madeReel(context: TestContext, made: MadeUp): Promise<Reel> {
  const folder = scratchFolder(context);
  const chunks: Buffer[] = [];
  const result = multiplex({ ...makeSpool(folder, made), write: (packets) => chunks.push(Buffer.from(packets)) });
  writeTsIndex(folder, result);
  const path = join(folder, 'packets.ts');
  writeFileSync(path, Buffer.concat(chunks));
  const tag = ++reels;
  const { manifest } = fakeReel({ times: [0], duration: result.duration, tag }).data;
  const descriptor = openSync(path, 'r');
  context.after(() => closeSync(descriptor));
  return new TsReel({
    manifest: {
      ...manifest,
      properties: { ...manifest.properties, frameRate: [90_000, made.frame] },
      packets: result.groups,
      bytes: result.groups * 1_316,
    },
    descriptor,
    index: await readTsIndex(folder),
  });
}
