/**
 * HLS segments: a function of station and time, as everything of a station. With W seconds a segment, number k begins with
 * the first random access point that leaves within W seconds from k · W on (Unix epoch), or where there is none at k · W,
 * and ends where k + 1 begins: so it has the same bytes on every gateway, whenever it is asked for.
 *
 * What a station plays may change, and with it which W suits it. Whoever began with one goes on with that: numbers by
 * another would be those of other times.
 */

import { type Millis, TICKS_PER_SECOND, type Ticks90k, ticksToMillis } from '../../base/units.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { StationSource } from '../source.js';
import type { SegmentBounds } from './segment-cut.js';

/** Seconds; shorter ones are more requests for the same. */
export const SHORTEST = 2;
/** Seconds; longer ones are too much to be kept for somebody. */
export const LONGEST = 60;
/** Seconds: packets leave 1.0 to 0.3 s before their pictures' time stamps, so random access points are so much further apart. */
const EARLY = 0.7;

/** Seconds that may lie between two random access points. */
const betweenPoints = ({ randomAccessInterval }: StationInfo): number => randomAccessInterval + EARLY;

/** W for whoever begins now: longer than what lies between two random access points, so that each segment has one. */
export const segmentSeconds = (info: StationInfo): number =>
  Math.min(LONGEST, Math.max(SHORTEST, Math.floor(betweenPoints(info)) + 1));

/** A segment of a list. */
export interface Segment extends SegmentBounds {
  readonly k: number;
  /** Whether a player can begin with it. */
  readonly isIndependent: boolean;
}

interface Beginning {
  time: Ticks90k;
  isRandomAccess: boolean;
}

/** Beginnings that are kept of a station: an hour of its past for some viewers. */
const MOST_KEPT = 8_192;

/** It is in charge of: where the segments of one station lie, for one W, and which can be had. */
export class Segments {
  readonly #source: StationSource;
  /** W. */
  readonly seconds: number;
  readonly #length: Ticks90k;
  /** Those of the past, which stays as it is. */
  readonly #beginnings = new Map<number, Beginning>();

  constructor(source: StationSource, seconds: number) {
    this.#source = source;
    this.seconds = seconds;
    this.#length = seconds * TICKS_PER_SECOND;
  }

  /** Seconds that no segment is longer than: it begins within W, and ends within the next. */
  get longest(): number {
    return 2 * this.seconds;
  }

  #numberAt(time: Millis): number {
    return Math.floor(time / 1000 / this.seconds);
  }

  /** The last whole segment's number. */
  get newest(): number {
    const last = this.#numberAt(this.#source.now());
    return this.#beginning(last) ? last - 1 : last - 2;
  }

  /** The first segment's number of which there is all. */
  get oldest(): number {
    return Math.ceil((this.#source.oldest ?? 0) / 1000 / this.seconds);
  }

  /** The segment that a time lies in. */
  containing(time: Millis): number {
    const k = this.#numberAt(time);
    const begins = this.#beginning(k);
    return begins && ticksToMillis(begins.time) <= time ? k : k - 1;
  }

  /** Those with numbers `first` to `last`, all of them whole. */
  list(first: number, last: number): Segment[] {
    this.#learn(first, last + 1);
    const isExpected = this.seconds > betweenPoints(this.#source.info);
    return Array.from({ length: Math.max(0, last + 1 - first) }, (_, i) => {
      const k = first + i;
      const [begins, ends] = [this.#beginnings.get(k), this.#beginnings.get(k + 1)];
      if (begins && ends)
        return { k, from: begins.time, to: ends.time, within: 0, isIndependent: begins.isRandomAccess };
      const from = k * this.#length;
      return { k, from, to: from + this.#length, within: this.#length, isIndependent: isExpected };
    });
  }

  /** What tells its bytes from those of all other segments. */
  key(k: number): string {
    const { id, ssrc, schedule } = this.#source.info;
    return `${id}-${ssrc}-${schedule}-${this.seconds}-${k}`;
  }

  /** Where a segment begins; undefined where that is not known, or still to come. */
  #beginning(k: number): Beginning | undefined {
    this.#learn(k, k);
    return this.#beginnings.get(k);
  }

  #learn(first: number, last: number): void {
    let from = first;
    while (from <= last && this.#beginnings.has(from)) from++;
    if (from > last) return;
    const length = this.#length;
    const now = this.#source.now();
    const until = Math.min(ticksToMillis((last + 1) * length), now);
    const points = this.#source.randomAccessPoints(ticksToMillis(from * length), until);
    if (points === null) return;
    let next = 0;
    for (let k = from; k <= last; k++) {
      while (next < points.length && points[next] < k * length) next++;
      const isRandomAccess = next < points.length && points[next] < (k + 1) * length;
      // There may still be one.
      if (!isRandomAccess && ticksToMillis((k + 1) * length) > now) break;
      this.#beginnings.set(k, { time: isRandomAccess ? points[next] : k * length, isRandomAccess });
    }
    for (const oldest of this.#beginnings.keys()) {
      if (this.#beginnings.size <= MOST_KEPT) break;
      this.#beginnings.delete(oldest);
    }
  }
}
