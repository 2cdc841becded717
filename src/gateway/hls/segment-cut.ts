/** Selects the chunks of a segment from those of its station. */
import type { Ticks90k } from '../../base/units.js';
import type { Chunk } from '../source.js';

export interface SegmentBounds {
  /**
   * It starts at the first random access point in [`from`, `from` + `within`), or at the first chunk from `from` on where
   * there is none. The next segment starts in the same way, from `to` on.
   */
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** Zero where `from` and `to` are its exact bounds. */
  readonly within: Ticks90k;
}

/**
 * Responsible for: which chunks of a station belong to a segment. It is given the chunks in order, from before the segment
 * on.
 */
export class SegmentCut {
  readonly #bounds: SegmentBounds;
  #isBegun = false;
  /** At the start, part of the segment if no random access point follows within `within`; at the end, if one does. */
  #held: Chunk[] = [];
  /** Later chunks do not belong to it. */
  isWhole = false;

  constructor(bounds: SegmentBounds) {
    this.#bounds = bounds;
  }

  /** The chunks that are known, with this one, to belong to the segment. */
  push(chunk: Chunk): readonly Chunk[] {
    const { from, to, within } = this.#bounds;
    if (this.isWhole || chunk.time < from) return [];
    if (this.#isBegun) return this.#pushAfter(chunk);
    const isSoon = chunk.time < from + within;
    if (isSoon && !chunk.randomAccess) {
      this.#held.push(chunk);
      return [];
    }
    const first = isSoon ? [] : this.#release();
    this.#held = [];
    this.#isBegun = true;
    return chunk.time < to ? [...first, chunk] : [...first, ...this.#pushAfter(chunk)];
  }

  #pushAfter(chunk: Chunk): readonly Chunk[] {
    const { to, within } = this.#bounds;
    if (chunk.time < to) return [chunk];
    const isSoon = chunk.time < to + within;
    if (isSoon && !chunk.randomAccess) {
      this.#held.push(chunk);
      return [];
    }
    this.isWhole = true;
    return isSoon ? this.#release() : [];
  }

  #release(): readonly Chunk[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
