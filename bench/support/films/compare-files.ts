/** The same comparison for files whose pictures have no numbers and whose sound has no clicks: by their looks and loudness. */
import type { SoundBlocks } from '../../../test/support/films/clicks.js';
import { compare, type Difference, durationDifference, shapeDifference } from '../../../test/support/films/compare.js';
import type { Shown, ShownPicture } from '../../../test/support/films/look.js';
import type { OnAir } from '../../../test/support/films/on-air.js';

/** Least correlation of two pictures that are the same. */
const LEAST_LIKENESS = 0.9;
/** Mean difference of two pictures that are the same where they have little contrast, of 255. */
const MOST_DIFFERENCE = 8;
/** Share of the pictures that may look different: at a cut, half a picture off is another one. */
const MOST_UNLIKE = 0.03;
/** Seconds. */
const SOUND_TOLERANCE = 0.02;
/** Points of a sound's envelope in a second. */
const ENVELOPE_RATE = 200;
/** Seconds of sound that are compared at a time, and the farthest that one is looked for. */
const WINDOW = 5;
const FARTHEST = 0.5;
/** Least correlation of a sound's envelope at its place. */
const LEAST_CORRELATION = 0.7;

interface Bounds {
  /** No more than these seconds were looked at. */
  longest: number;
  /** How long a player shows the source, where the file itself does not say it. */
  seconds?: number;
}

/** By numbers and clicks where the source has them. */
export function compareFiles(source: Shown, air: OnAir, { longest, seconds }: Bounds): Difference[] {
  const numbered = source.pictures.filter(({ turn }) => turn !== null).length;
  const isLong = source.picturesEnd > longest - 1;
  if (numbered > source.pictures.length / 2 && !isLong) return compare(source, air, seconds);
  const found: Difference[] = [];
  const add = (kind: Difference['kind'], text: string | null) => {
    if (text !== null) found.push({ kind, text });
  };
  const until = isLong ? longest - 1 : Number.POSITIVE_INFINITY;
  const [wanted, shown] = [source.pictures, air.shown.pictures].map((all) =>
    all.filter(({ time }) => time < until),
  ) as [ShownPicture[], ShownPicture[]];
  if (shown.length < wanted.length) add('pictures', `${shown.length} pictures instead of ${wanted.length}`);
  else add('pictures', unlikePictures(wanted, shown));
  if (!isLong) add('duration', durationDifference(source, air, seconds));
  add('sound', soundDifference(source, air.shown, Math.min(until, air.duration)));
  if (found.every(({ kind }) => kind !== 'pictures'))
    add('shape', shapeDifference(wanted.slice(0, 1), shown.slice(0, 1)));
  for (const fault of air.loopFaults) add('loops', fault);
  return found;
}

/** In the middle of each picture's time, the air shows one that looks like it. */
function unlikePictures(source: readonly ShownPicture[], air: readonly ShownPicture[]): string | null {
  let unlike = 0;
  let first: number | null = null;
  let at = 0;
  for (const [i, picture] of source.entries()) {
    const next = source[i + 1]?.time ?? picture.time;
    const middle = (picture.time + next) / 2;
    while (at + 1 < air.length && air[at + 1]!.time <= middle) at++;
    const neighbours = air.slice(Math.max(0, at - 1), at + 2);
    if (neighbours.some(({ grey }) => looksLike(grey, picture.grey))) continue;
    unlike++;
    first ??= picture.time;
  }
  if (unlike <= source.length * MOST_UNLIKE) return null;
  return `${unlike} of ${source.length} pictures look different, the first at ${first?.toFixed(2)} s`;
}

function looksLike(a: Buffer, b: Buffer): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference += Math.abs(a[i]! - b[i]!);
  return difference / a.length < MOST_DIFFERENCE || correlation(a, b) > LEAST_LIKENESS;
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const length = Math.min(a.length, b.length);
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
    sumAA += a[i]! ** 2;
    sumBB += b[i]! ** 2;
    sumAB += a[i]! * b[i]!;
  }
  const [varianceA, varianceB] = [sumAA - sumA ** 2 / length, sumBB - sumB ** 2 / length];
  return varianceA <= 0 || varianceB <= 0 ? 0 : (sumAB - (sumA * sumB) / length) / Math.sqrt(varianceA * varianceB);
}

function soundDifference(source: Shown, air: Shown, until: number): string | null {
  if (!source.sound) return null;
  const wanted = envelopeOf(source.sound, until);
  // Less than a step of 16 bits.
  if (wanted.every((level) => level < 1e-4)) return null;
  if (!air.sound) return 'no sound';
  const heard = envelopeOf(air.sound, until);
  const size = Math.min(WINDOW * ENVELOPE_RATE, wanted.length);
  for (let from = 0; from + size <= wanted.length; from += size) {
    const { best, offset } = placeOf(wanted.subarray(from, from + size), heard, from);
    // Even sound is alike at any place.
    if (best === null) continue;
    if (best < LEAST_CORRELATION) return `other sound at ${(from / ENVELOPE_RATE).toFixed(1)} s`;
    if (Math.abs(offset) > SOUND_TOLERANCE) {
      return `sound at ${(from / ENVELOPE_RATE).toFixed(1)} s is ${(offset * 1000).toFixed(0)} ms off`;
    }
  }
  return null;
}

/** Where the window is found; null where it has no shape of its own. */
function placeOf(window: Float64Array, heard: Float64Array, from: number): { best: number | null; offset: number } {
  const farthest = FARTHEST * ENVELOPE_RATE;
  let best = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let lag = -farthest; lag <= farthest; lag++) {
    const start = from + lag;
    if (start < 0 || start + window.length > heard.length + farthest) continue;
    const likeness = correlation(window, heard.subarray(start, start + window.length));
    least = Math.min(least, likeness);
    if (likeness <= best) continue;
    best = likeness;
    offset = lag / ENVELOPE_RATE;
  }
  return { best: best - least < 0.3 ? null : best, offset };
}

/** Mean absolute level, `ENVELOPE_RATE` times a second from the first picture on. */
function envelopeOf({ rate, blocks }: SoundBlocks, until: number): Float64Array {
  const last = blocks.at(-1);
  const end = last ? Math.min(until, last.time + last.samples.length / rate) : 0;
  const levels = new Float64Array(Math.max(0, Math.floor(end * ENVELOPE_RATE)));
  const each = rate / ENVELOPE_RATE;
  for (const { time, samples } of blocks) {
    for (let i = 0; i < samples.length; i++) {
      const at = Math.floor((time + i / rate) * ENVELOPE_RATE);
      if (at >= 0 && at < levels.length) levels[at]! += Math.abs(samples[i]!) / 32_768 / each;
    }
  }
  return levels;
}
