/** Spools of invented bytes, for tests of the multiplexer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Ticks90k } from '../../src/base/units.js';
import type { SpooledAudio, SpooledFurther, SpooledVideo } from '../../src/media/spool.js';
import { SpoolReader } from '../../src/media/spool-reader.js';

/** A folder that is removed after the test. */
export function scratchFolder(context: TestContext | { after(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'msc-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that is removed when the process ends, for files that its tests share. */
export const sharedFolder = (): string =>
  scratchFolder({ after: (remove: () => void) => process.once('exit', remove) });

export interface MadeUp {
  /** Bytes of each access unit, in decoding order. */
  sizes: number[];
  /** Ticks of a frame. */
  frame: number;
  /** Indices of random access points; 0 is always one. */
  randomAccess: number[];
  /** B-frames between two others. */
  bFrames: number;
  audioFrame: number;
  /** Whether groups are closed: no picture behind a random access point is shown before it. */
  closed?: boolean;
  /** Tracks of sound beside the main one. */
  further?: number;
}

/** Decoding order of the presentation positions: I/P first, then the B-frames before it. */
function presentationOrder(count: number, bFrames: number): number[] {
  const order: number[] = [0];
  for (let next = 1; next < count; ) {
    const anchor = Math.min(next + bFrames, count - 1);
    order.push(anchor);
    for (let b = next; b < anchor; b++) order.push(b);
    next = anchor + 1;
  }
  return order;
}

interface MadeSpool {
  video: SpooledVideo;
  audio: SpooledAudio;
  further?: SpooledFurther[];
}

export function makeSpool(folder: string, made: MadeUp): MadeSpool {
  const { sizes, frame, randomAccess, bFrames, audioFrame, closed } = made;
  const begins = closed ? [0, ...randomAccess] : [0];
  const order = begins.flatMap((begin, i) =>
    presentationOrder((begins[i + 1] ?? sizes.length) - begin, bFrames).map((position) => begin + position),
  );
  const flags = new Uint8Array(sizes.length);
  for (const index of [0, ...randomAccess]) flags[index] = 1;
  const videoPath = join(folder, 'video.es');
  const audioPath = join(folder, 'audio.es');
  const fill = (length: number, seed: number) => Buffer.alloc(length, (seed % 250) + 2);
  writeFileSync(videoPath, Buffer.concat(sizes.map(fill)));
  const audioCount = Math.round((sizes.length * frame) / 1_920);
  const audioSizes = new Uint32Array(audioCount).fill(audioFrame);
  writeFileSync(audioPath, Buffer.concat(Array.from(audioSizes, fill)));
  const audio = { path: audioPath, sizes: audioSizes, start: Ticks90k(0), silence: Buffer.alloc(9, 1) };
  const languages = ['de', 'fr', 'pl'].slice(0, made.further ?? 0);
  const further = languages.map((language) => ({ stream: { kind: 'sound' as const, language, channels: 2 }, audio }));
  return {
    video: {
      open: () => new SpoolReader(videoPath),
      sizes: Uint32Array.from(sizes),
      pts: Float64Array.from(order, (position) => position * frame),
      randomAccess: flags,
      duration: Ticks90k(sizes.length * frame),
      reorderDelay: Ticks90k(bFrames > 0 ? frame : 0),
    },
    audio,
    ...(further.length > 0 && { further }),
  };
}
