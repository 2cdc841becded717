/** Reels of h264 that the multiplexer makes of invented bytes: whole, except that no decoder shows a picture. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Ratio } from '../../src/media/settings.js';
import { multiplex } from '../../src/reel/multiplex.js';
import { readIndex } from '../../src/reel/read-reel.js';
import type { Reel } from '../../src/reel/reel.js';
import { TsReel, writeTsIndex } from '../../src/reel/ts-reel.js';
import { TS_GROUP_LENGTH } from '../../src/wire/ts.js';
import { fakeReel } from './fake-reel.js';
import { type MadeUp, makeSpool, scratchFolder } from './spool.js';

/** A film of 24 pictures a second with a random access point every `gop` pictures. */
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
  const spool = makeSpool(folder, made);
  const result = multiplex({ ...spool, write: (packets) => chunks.push(Buffer.from(packets)) });
  writeTsIndex(folder, result);
  const path = join(folder, 'packets.ts');
  writeFileSync(path, Buffer.concat(chunks));
  const tag = ++reels;
  const { data } = fakeReel({ times: [0], duration: result.duration, tag });
  const further = spool.further?.map(({ stream }) => stream);
  const manifest = {
    ...data.manifest,
    layout: { ...data.manifest.layout, ...(further && { further }) },
    properties: { ...data.manifest.properties, frameRate: [90_000, made.frame] as Ratio },
    packets: result.groups,
    bytes: result.groups * TS_GROUP_LENGTH,
  };
  const descriptor = openSync(path, 'r');
  context.after(() => closeSync(descriptor));
  return new TsReel({ manifest, descriptor, index: await readIndex(folder, manifest) });
}
