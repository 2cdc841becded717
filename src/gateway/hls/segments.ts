/**
 * HLS segments: a function of station and time. With segments of W seconds, segment k starts at the first random access point
 * that leaves in [k · W, (k + 1) · W) since the Unix epoch, or at k · W where there is none, and ends where k + 1 starts. So
 * it has the same bytes on every gateway, at any time.
 *
 * The best W may change with a station's programme. A player keeps the W that it started with: another W would give its
 * segment numbers other times.
 */

import { Millis, TICKS_PER_SECOND, Ticks90k, ticksToMillis } from '../../base/units.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { StationSource } from '../source.js';
import type { SegmentBounds } from './segment-cut.js';

/** Shortest W, seconds: shorter segments mean more requests for the same media. */
export const SHORTEST = 2;
/** Longest W, seconds: longer segments take too much memory. */
export const LONGEST = 60;
/** Seconds that random access points may be further apart than their pictures: packets leave 1.0 to 0.3 s before those. */
const EARLY = 0.7;

/** Longest time between two random access points, seconds. */
const betweenPoints = ({ randomAccessInterval }: StationInfo): number => randomAccessInterval + EARLY;

/** W for a player that starts now: longer than the distance of random access points, so that each segment has one. */
export const segmentSeconds = (info: StationInfo): number =>
  Math.min(LONGEST, Math.max(SHORTEST, Math.floor(betweenPoints(info)) + 1));

/** A segment of a playlist. */
export interface Segment extends SegmentBounds {
  readonly k: number;
  /** Whether a player can start with it. */
  readonly isIndependent: boolean;
}

interface Beginning {
  time: Ticks90k;
  isRandomAccess: boolean;
}

/** Most starts kept for a station: an hour of its past for several viewers. */
const MOST_KEPT = 8_192;

/** Responsible for: where the segments of one station start, for one W, and which are available. */
export class Segments {
  /** What is read for them. */
  readonly source: StationSource;
  /** W. */
  readonly seconds: number;
  readonly #length: Ticks90k;
  readonly #selection: string;
  /** Starts in the past, which never change. */
  readonly #beginnings = new Map<number, Beginning>();

  /** `selection`: what of the station the source has; empty: all. */
  constructor(source: StationSource, seconds: number, selection = '') {
    this.source = source;
    this.#selection = selection;
    this.seconds = seconds;
    this.#length = Ticks90k(seconds * TICKS_PER_SECOND);
  }

  /** Longest segment, seconds: it starts within its W, and ends within the next one. */
  get longest(): number {
    return 2 * this.seconds;
  }

  #numberAt(time: Millis): number {
    return Math.floor(time / 1000 / this.seconds);
  }

  /** Number of the newest complete segment. */
  get newest(): number {
    const last = this.#numberAt(this.source.now());
    return this.#beginning(last) ? last - 1 : last - 2;
  }

  /** Number of the oldest segment that is available completely. */
  get oldest(): number {
    return Math.ceil((this.source.oldest ?? 0) / 1000 / this.seconds);
  }

  /** Number of the segment that contains `time`. */
  containing(time: Millis): number {
    const k = this.#numberAt(time);
    const begins = this.#beginning(k);
    return begins && ticksToMillis(begins.time) <= time ? k : k - 1;
  }

  /** The segments `first` to `last`, which must be complete. */
  list(first: number, last: number): Segment[] {
    this.#learn(first, last + 1);
    const isExpected = this.seconds > betweenPoints(this.source.info);
    return Array.from({ length: Math.max(0, last + 1 - first) }, (_, i) => {
      const k = first + i;
      const [begins, ends] = [this.#beginnings.get(k), this.#beginnings.get(k + 1)];
      if (begins && ends)
        return { k, from: begins.time, to: ends.time, within: Ticks90k(0), isIndependent: begins.isRandomAccess };
      const from = Ticks90k(k * this.#length);
      return { k, from, to: Ticks90k(from + this.#length), within: this.#length, isIndependent: isExpected };
    });
  }

  /** Unique among the segments of all stations: equal keys mean equal bytes. */
  key(k: number): string {
    const { id, ssrc, schedule } = this.source.info;
    return `${id}-${ssrc}-${schedule}-${this.seconds}${this.#selection}-${k}`;
  }

  /** The start of a segment; undefined: unknown, or in the future. */
  #beginning(k: number): Beginning | undefined {
    this.#learn(k, k);
    return this.#beginnings.get(k);
  }

  #learn(first: number, last: number): void {
    let from = first;
    while (from <= last && this.#beginnings.has(from)) from++;
    if (from > last) return;
    const length = this.#length;
    const now = this.source.now();
    const beginOf = (k: number) => Ticks90k(k * length);
    const until = Millis(Math.min(ticksToMillis(beginOf(last + 1)), now));
    const points = this.source.randomAccessPoints(ticksToMillis(beginOf(from)), until);
    if (points === null) return;
    let next = 0;
    for (let k = from; k <= last; k++) {
      while (next < points.length && points[next]! < beginOf(k)) next++;
      const point = points[next];
      const isRandomAccess = point !== undefined && point < beginOf(k + 1);
      // One may still follow.
      if (!isRandomAccess && ticksToMillis(beginOf(k + 1)) > now) break;
      this.#beginnings.set(k, { time: isRandomAccess ? point : beginOf(k), isRandomAccess });
    }
    for (const oldest of this.#beginnings.keys()) {
      if (this.#beginnings.size <= MOST_KEPT) break;
      this.#beginnings.delete(oldest);
    }
  }
}
