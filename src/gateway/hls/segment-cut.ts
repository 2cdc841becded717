/** A segment out of the chunks of its station. */
import type { Ticks90k } from '../../base/units.js';
import type { Chunk } from '../source.js';

export interface SegmentBounds {
  /**
   * It begins with the first random access point from `from` to before `from` + `within`, and where there is none with the
   * first chunk from `from` on; what follows it begins in the same way from `to` on.
   */
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** Zero where `from` and `to` are known to be its beginning and end. */
  readonly within: Ticks90k;
}

/**
 * It is in charge of: which of the chunks of a station are those of a segment. They are given to it one after another, from
 * before the segment on.
 */
export class SegmentCut {
  readonly #bounds: SegmentBounds;
  #isBegun = false;
  /** They are the segment's if no random access point follows soon (at its beginning), or if one does (at its end). */
  #held: Chunk[] = [];
  /** Nothing that follows belongs to it. */
  isWhole = false;

  constructor(bounds: SegmentBounds) {
    this.#bounds = bounds;
  }

  /** The chunks of which it turns out with this one that they are the segment's. */
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
