/** What a reel lacks of its source, or shows differently: said in the log, in the line-up and on the operator's page. */
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import type { Ratio } from './settings.js';

/** Shortest missing end that makes a file cut off. */
const MISSING = 2 * TICKS_PER_SECOND;

/** A note with a number would otherwise fill the log of a file that is damaged everywhere. */
const MOST_NOTES = 20;

/** Responsible for the notes of one attempt to prepare a source: each once, in the order in which they were found. */
export class Notes {
  readonly #texts = new Set<string>();

  /** One phrase, in lower case: what is left out or changed, and how much of it. */
  add(text: string): void {
    if (this.#texts.size < MOST_NOTES) this.#texts.add(text);
  }

  get texts(): string[] {
    return [...this.#texts];
  }
}

/** Notes pictures that are left out: they come faster than those of the station. */
export function noteDropped(
  notes: Notes,
  { dropped, pictures, frameRate }: { dropped: number; pictures: number; frameRate: Ratio },
): void {
  if (dropped === 0) return;
  const rate = Number((frameRate[0] / frameRate[1]).toFixed(2));
  notes.add(`${dropped} of ${pictures} pictures are left out: they come faster than ${rate} a second`);
}

interface Size {
  width: number;
  height: number;
}

/** Notes pictures that are made smaller by more than an odd edge. */
export function noteReduced(notes: Notes, from: Size, to: Size): void {
  if (from.width - to.width < 2 && from.height - to.height < 2) return;
  const size = ({ width, height }: Size) => `${width} × ${height}`;
  notes.add(`pictures of ${size(from)} are reduced to ${size(to)}, which most receivers decode`);
}

/**
 * Notes a file that is cut off. All times are on the clock of its packets: `declaredEnd` according to its header, null where
 * it has none; `origin` of the first picture; `end` of what was found. `endsDamaged`: the last picture is
 * not whole.
 */
export function noteMissingEnd(
  notes: Notes,
  given: { declaredEnd: Ticks90k | null; origin: Ticks90k; end: Ticks90k; endsDamaged?: boolean },
): void {
  const { declaredEnd, origin, end, endsDamaged = false } = given;
  const seconds = (time: Ticks90k) => ((time - origin) / TICKS_PER_SECOND).toFixed(1);
  if (declaredEnd !== null && declaredEnd - end >= MISSING) {
    notes.add(`the file is cut off: ${seconds(end)} s of ${seconds(declaredEnd)} s can be played`);
  } else if (endsDamaged) {
    notes.add(`the file is cut off after ${seconds(end)} s`);
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Notes pictures with errors, which are shown as far as they can be decoded. */
export function noteDamaged(notes: Notes, count: number): void {
  if (count > 0) notes.add(`${counted(count, 'damaged picture')}, shown as far as possible`);
}

/** Notes damaged pictures of a copied film; `encoded`: ticks of the pictures around them that are encoded. */
export function noteMended(notes: Notes, { damaged, encoded }: { damaged: number; encoded: Ticks90k }): void {
  const seconds = (encoded / TICKS_PER_SECOND).toFixed(1);
  notes.add(`${counted(damaged, 'damaged picture')}, shown as far as possible: ${seconds} s around them are encoded`);
}

/** Notes pictures at the beginning of a copied film, or of each of several that are joined, that cannot be decoded. */
export function noteLeftOut(notes: Notes, { count, isJoined }: { count: number; isJoined: boolean }): void {
  const where = isJoined ? 'where recordings begin' : 'at the beginning';
  if (count > 0) notes.add(`${counted(count, 'picture')} left out ${where}: what they depend on is missing`);
}
