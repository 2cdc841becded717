/** What is on the air compared with what a player shows: the differences in words. */
import type { Colour } from './chart.js';
import { energyOf, findClicks } from './clicks.js';
import type { Shown, ShownPicture } from './look.js';
import type { OnAir } from './on-air.js';

export type Kind = 'pictures' | 'times' | 'duration' | 'sound' | 'loudness' | 'colours' | 'shape' | 'loops';
export interface Difference {
  kind: Kind;
  text: string;
}

/** Seconds. */
const SOUND_TOLERANCE = 0.02;
/** Of 255. */
const COLOUR_TOLERANCE = 3;
/** dB. */
const LOUDNESS_TOLERANCE = 1;
/** Share of the aspect ratio; of the picture's side. */
const SHAPE_TOLERANCE = 0.02;
/** Seconds: containers that count in milliseconds, and the rounding to ticks. */
const TIME_TOLERANCE = 0.0015;
/** Seconds: what is replaced sooner is not seen. */
const LEAST_TIME = 0.004;
/** Seconds by which sound and pictures of one film end apart. */
const END_TOLERANCE = 0.1;

/** `seconds`: how long a player shows the source, where the file itself does not say it. */
export function compare(source: Shown, air: OnAir, seconds?: number): Difference[] {
  const found: Difference[] = [];
  const add = (kind: Kind, text: string | null) => {
    if (text !== null) found.push({ kind, text });
  };
  const seen = source.pictures.filter(({ time }, i) => (source.pictures[i + 1]?.time ?? Infinity) - time > LEAST_TIME);
  add('pictures', pictureDifference(seen, air.shown.pictures));
  add('times', timeDifference(seen, air.shown.pictures));
  add('duration', durationDifference(source, air, seconds));
  add('sound', soundDifference(source, air));
  add('loudness', loudnessDifference(source, air));
  add('colours', colourDifference(source.pictures, air.shown.pictures));
  add('shape', shapeDifference(source.pictures, air.shown.pictures));
  for (const fault of air.loopFaults) add('loops', fault);
  return found;
}

/** Numbers in the order shown, each once where it stays. */
function sequenceOf(pictures: readonly ShownPicture[]): ShownPicture[] {
  return pictures.filter(({ number }, i) => i === 0 || number !== pictures[i - 1]!.number);
}

const named = (number: number | null) => (number === null ? 'blended' : String(number));
const listed = (numbers: readonly (number | null)[]) =>
  `${numbers.slice(0, 8).map(named).join(', ')}${numbers.length > 8 ? ', …' : ''}`;

function pictureDifference(source: readonly ShownPicture[], air: readonly ShownPicture[]): string | null {
  const numbers = (pictures: readonly ShownPicture[]) => sequenceOf(pictures).map(({ number }) => number);
  const [wanted, shown] = [numbers(source), numbers(air)];
  if (wanted.length === shown.length && wanted.every((number, i) => number === shown[i])) return null;
  const missing = wanted.filter((number) => !shown.includes(number));
  const added = shown.filter((number) => !wanted.includes(number));
  if (missing.length + added.length === 0) return `another order: ${listed(shown)} instead of ${listed(wanted)}`;
  const parts = [
    ...(missing.length > 0 ? [`${missing.length} of ${wanted.length} pictures are missing: ${listed(missing)}`] : []),
    ...(added.length > 0 ? [`${added.length} pictures are not the source's: ${listed(added)}`] : []),
  ];
  return parts.join('; ');
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const intervals = (pictures: readonly ShownPicture[]) =>
  pictures.slice(1).map(({ time }, i) => time - pictures[i]!.time);

/** Half a picture where the air has a constant rate and the source does not, else what rounding explains. */
function timeTolerance(source: readonly ShownPicture[], air: readonly ShownPicture[]): number {
  const steps = intervals(source);
  const isEven = Math.max(...steps) - Math.min(...steps) < TIME_TOLERANCE;
  const isSame = source.length === air.length && isEven;
  return isSame ? TIME_TOLERANCE : median(intervals(air)) / 2 + TIME_TOLERANCE;
}

function timeDifference(source: readonly ShownPicture[], air: readonly ShownPicture[]): string | null {
  const shown = sequenceOf(air);
  const tolerance = timeTolerance(source, air);
  let worst = 0;
  let text: string | null = null;
  let next = 0;
  for (const { number, time } of sequenceOf(source)) {
    const found = shown.findIndex((picture, i) => i >= next && picture.number === number);
    if (found < 0) continue;
    next = found + 1;
    const off = shown[found]!.time - time;
    if (Math.abs(off) <= Math.max(tolerance, worst)) continue;
    worst = Math.abs(off);
    text = `picture ${named(number)} is shown at ${shown[found]!.time.toFixed(3)} s instead of ${time.toFixed(3)} s`;
  }
  return text;
}

export function durationDifference(source: Shown, { duration, shown }: OnAir, seconds?: number): string | null {
  const tolerance = TIME_TOLERANCE + median(intervals(shown.pictures)) / 2;
  const ends = [source.picturesEnd, source.sound?.end ?? source.picturesEnd];
  // Sound is padded to whole frames: within that, the pictures' end counts.
  const isSame = Math.abs(ends[0]! - ends[1]!) < END_TOLERANCE;
  const wanted = seconds ?? (isSame ? ends[0]! : Math.max(...ends));
  const least = wanted - tolerance;
  const most = (seconds === undefined && isSame ? Math.max(...ends) : wanted) + tolerance;
  if (duration >= least && duration <= most) return null;
  return `${duration.toFixed(3)} s instead of ${wanted.toFixed(3)} s`;
}

function soundDifference(source: Shown, { shown, duration }: OnAir): string | null {
  if (!source.sound) return null;
  const clicks = findClicks(source.sound);
  if (clicks.length === 0) return null;
  if (!shown.sound) return 'no sound';
  const heard = findClicks(shown.sound).filter((time) => time < duration - SOUND_TOLERANCE);
  const wanted = clicks.filter((time) => time > SOUND_TOLERANCE && time < duration - SOUND_TOLERANCE);
  const far = wanted.map((time) => {
    const nearest = Math.min(...heard.map((other) => Math.abs(other - time)));
    return { time, nearest };
  });
  const lost = far.filter(({ nearest }) => nearest > 0.15);
  if (lost.length > 0)
    return `${lost.length} of ${wanted.length} clicks are missing, the first at ${lost[0]!.time.toFixed(2)} s`;
  // Clicks on an edge may be heard or not.
  const most = clicks.filter((time) => time > -SOUND_TOLERANCE && time < duration + SOUND_TOLERANCE).length;
  if (heard.length < wanted.length || heard.length > most) {
    return `${heard.length} clicks instead of ${wanted.length}`;
  }
  const [worst] = far.toSorted((a, b) => b.nearest - a.nearest);
  if (!worst || worst.nearest <= SOUND_TOLERANCE) return null;
  return `the click at ${worst.time.toFixed(3)} s is ${(worst.nearest * 1000).toFixed(0)} ms off`;
}

function loudnessDifference(source: Shown, { shown, duration }: OnAir): string | null {
  if (!source.sound || !shown.sound || findClicks(source.sound).length === 0) return null;
  const energies = [source.sound, shown.sound].map((sound) => energyOf(sound, 0, duration)) as [number, number];
  // Nothing of the sound may be left to compare.
  if (energies[0] === 0 && energies[1] === 0) return null;
  const difference = 10 * Math.log10(energies[1] / energies[0]);
  return Math.abs(difference) <= LOUDNESS_TOLERANCE ? null : `${difference.toFixed(1)} dB`;
}

function colourDifference(source: readonly ShownPicture[], air: readonly ShownPicture[]): string | null {
  const mean = (pictures: readonly ShownPicture[]) => {
    const charts = pictures.filter(({ colours, number }) => colours.length > 0 && number !== null);
    return charts[0]?.colours.map((_, i): Colour => {
      const of = (channel: 0 | 1 | 2) =>
        charts.reduce((sum, { colours }) => sum + colours[i]![channel], 0) / charts.length;
      return [of(0), of(1), of(2)];
    });
  };
  const [wanted, shown] = [mean(source), mean(air)];
  if (!wanted) return null;
  if (!shown) return 'no chart';
  const off = wanted.map((colour, i) =>
    Math.max(...colour.map((level, channel) => Math.abs(level - shown[i]![channel]!))),
  );
  const worst = off.indexOf(Math.max(...off));
  if (off[worst]! <= COLOUR_TOLERANCE) return null;
  const text = (colour: Colour) => colour.map((level) => level.toFixed(0)).join(' ');
  return `colour ${worst} is ${text(shown[worst]!)} instead of ${text(wanted[worst]!)}`;
}

export function shapeDifference(source: readonly ShownPicture[], air: readonly ShownPicture[]): string | null {
  for (const [i, picture] of source.entries()) {
    if (picture.number === null) continue;
    const other = air.find(({ number }) => number === picture.number);
    if (!other) continue;
    if (other.turn !== picture.turn) return `picture ${i} is ${other.turn} instead of ${picture.turn}`;
    const [wanted, shown] = [contentAspect(picture), contentAspect(other)];
    if (Math.abs(shown / wanted - 1) > SHAPE_TOLERANCE) {
      return `picture ${i} has an aspect ratio of ${shown.toFixed(3)} instead of ${wanted.toFixed(3)}`;
    }
  }
  return null;
}

/** Of the picture without its bars. */
function contentAspect({ box, aspect }: ShownPicture): number {
  return (aspect * (box.right - box.left)) / (box.bottom - box.top);
}
