/** The last minutes of a received stream, for any number of readers at their own pace. */
import { Millis, TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';

/** Part of a stream that a player can be given as it is: payloads of RTP packets (h264), or a picture (jpeg). */
export interface StreamUnit {
  /** RTP time of its first packet, unwrapped. */
  time: Ticks90k;
  data: Buffer;
  /** Whether a player can begin here. */
  randomAccess: boolean;
}

export interface StreamBufferOptions {
  /** Bytes held at most. */
  maxBytes?: number;
  /** Time of the stream held at most. */
  maxTime?: Millis;
}

export interface Lag {
  bytes: number;
  time: Millis;
}

/** A reader's position. Opened by the buffer, moved by `read`, released when its reader is done. */
export interface Cursor {
  /** Number of the next unit, counted from the buffer's first. */
  position: number;
}

/** Two units further apart have a gap between them. */
const LONGEST_STEP = Ticks90k(2 * TICKS_PER_SECOND);

interface Waiting {
  cursor: Cursor | null;
  ready: () => void;
}

/** Bytes of memory that a unit takes besides its data, roughly. */
const UNIT_OVERHEAD = 200;
/** A full buffer has room again below this share of the bounds, so that its writer does not stop for each unit. */
const ROOM = 0.9;

/**
 * Responsible for:
 * - holding units, bounded in bytes and in time: the oldest are dropped
 * - keeping unread units instead where the writer can continue later: the buffer is then full
 * - knowing the units with which a player can begin
 * - notifying readers of new units, and of positions that are no longer held
 */
export class StreamBuffer {
  readonly #maxBytes: number;
  readonly #maxTime: Ticks90k;
  #units: StreamUnit[] = [];
  /** Position of units[skip]. Units before `skip` are dropped; the array is cut in batches. */
  #first = 0;
  #skip = 0;
  #held = 0;
  #accessPoints: number[] = [];
  #waiting: Waiting[] = [];
  #ended = false;
  /** Positions of readers. */
  readonly #pinned = new Set<Cursor>();
  #full = false;
  /** Whether unread units are kept when the bounds are reached. */
  keepsUnread = false;
  /** Called by `read` or `release` when a full buffer has room again. */
  onRoom: () => void = () => undefined;
  /** Called for each unit that is dropped, in order: its memory can be reused. */
  onDropped: (unit: StreamUnit) => void = () => undefined;

  constructor({ maxBytes = 256 * 1024 * 1024, maxTime = Millis(60 * 60 * 1000) }: StreamBufferOptions = {}) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes is ${maxBytes}, not above 0`);
    if (!(maxTime > 0)) throw new RangeError(`maxTime is ${maxTime}, not above 0 milliseconds`);
    this.#maxBytes = maxBytes;
    this.#maxTime = Ticks90k(maxTime * TICKS_PER_MILLI);
  }

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#held;
  }

  /** RTP time of the newest unit; null while there is none. */
  get newest(): Ticks90k | null {
    return this.#units.at(-1)?.time ?? null;
  }

  /** Time of the stream that is held. */
  get duration(): Millis {
    return this.lag({ position: this.#first }).time;
  }

  /** Whether the last unit has been pushed. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Whether the bounds are reached and no unit can be dropped. Units pushed all the same are held. */
  get isFull(): boolean {
    return this.#full;
  }

  push(unit: StreamUnit): void {
    if (this.#ended) return;
    const newest = this.#units.at(-1);
    // A player that begins before a gap would wait in it for as long as the gap is.
    if (newest && Math.abs(unit.time - newest.time) > LONGEST_STEP) this.#accessPoints = [];
    if (unit.randomAccess) this.#accessPoints.push(this.#end);
    this.#units.push(unit);
    this.#held += unit.data.length + UNIT_OVERHEAD;
    // A unit larger than the limit stays until the next one, for its readers.
    const last = this.#end - 1;
    const fits = this.#shrink(1, this.keepsUnread ? this.#leastPosition(last) : last);
    this.#full = this.keepsUnread && !fits;
    this.#wake();
  }

  /** The last unit has been pushed: readers that wait are notified. */
  finish(): void {
    this.#ended = true;
    this.#wake();
  }

  /** A cursor at the last unit with which a player can begin, held until `release`; null while there is none. */
  openAtLastRandomAccess(): Cursor | null {
    return this.#openAt(this.#accessPoints.at(-1));
  }

  /** The same at the first such unit: the beginning of a stream that was sought. */
  openAtFirstRandomAccess(): Cursor | null {
    return this.#openAt(this.#accessPoints[0]);
  }

  /** The same at the last such unit at or before `time`; null where that time is not held. */
  openAtRandomAccess(time: Ticks90k): Cursor | null {
    const newest = this.#units.at(-1);
    if (!newest || time > newest.time) return null;
    return this.#openAt(this.#accessPoints.findLast((point) => this.#unitAt(point)!.time <= time));
  }

  /** The reader of this cursor is done. */
  release(cursor: Cursor): void {
    this.#pinned.delete(cursor);
    this.#makeRoom();
  }

  /** Releases all cursors: their units are dropped when the bounds are reached. They can still be read from. */
  unpinAll(): void {
    this.#pinned.clear();
    this.#makeRoom();
  }

  /** Time of the stream that the foremost reader has not read yet; all that is held without a reader. */
  get ahead(): Millis {
    const newest = this.#units.at(-1);
    let position = -1;
    for (const cursor of this.#pinned) position = Math.max(position, cursor.position);
    const from = this.#unitAt(Math.max(position, this.#first));
    return newest && from ? timeBetween(from, newest) : Millis(0);
  }

  /**
   * The next units, at least one if there is one, otherwise at most `maxBytes` together; moves the cursor past them. null
   * when the cursor's position is no longer held. Their data is lent until the reader awaits anything.
   */
  read(cursor: Cursor, maxBytes: number): StreamUnit[] | null {
    if (this.hasLost(cursor)) return null;
    const units: StreamUnit[] = [];
    let bytes = 0;
    while (cursor.position < this.#end) {
      const unit = this.#unitAt(cursor.position)!;
      bytes += unit.data.length;
      if (units.length > 0 && bytes > maxBytes) break;
      units.push(unit);
      cursor.position++;
    }
    this.#makeRoom();
    return units;
  }

  /** Drops the units before the cursor. */
  dropBefore(cursor: Cursor): void {
    while (this.#first < Math.min(cursor.position, this.#end)) this.#dropOldest();
    this.#makeRoom();
  }

  /** Time of the next unit at a cursor; null where it is not held, or has not come yet. */
  timeAt(cursor: Cursor): Ticks90k | null {
    return this.hasLost(cursor) ? null : (this.#unitAt(cursor.position)?.time ?? null);
  }

  hasLost(cursor: Cursor): boolean {
    return cursor.position < this.#first;
  }

  /** How far a cursor is behind the newest unit. */
  lag(cursor: Cursor): Lag {
    const newest = this.#units.at(-1);
    const from = this.#unitAt(Math.max(cursor.position, this.#first));
    if (!newest || !from) return { bytes: 0, time: Millis(0) };
    let bytes = 0;
    for (let at = Math.max(cursor.position, this.#first); at < this.#end; at++) {
      bytes += this.#unitAt(at)!.data.length;
    }
    return { bytes, time: timeBetween(from, newest) };
  }

  /**
   * Calls `ready` once: when there are units at `cursor` or its position was lost; without a cursor, when a player can
   * begin; in any case when the buffer ends.
   */
  wait(cursor: Cursor | null, ready: () => void): void {
    const waiting: Waiting = { cursor, ready };
    if (this.#isSettled(waiting)) ready();
    else this.#waiting.push(waiting);
  }

  #isSettled({ cursor }: Waiting): boolean {
    return this.#ended || (cursor ? cursor.position < this.#end : this.#accessPoints.length > 0);
  }

  get #end(): number {
    return this.#first + this.#units.length - this.#skip;
  }

  get #oldest(): StreamUnit {
    return this.#units[this.#skip]!;
  }

  #unitAt(position: number): StreamUnit | undefined {
    return this.#units[this.#skip + position - this.#first];
  }

  #openAt(position: number | undefined): Cursor | null {
    if (position === undefined) return null;
    const cursor = { position };
    this.#pinned.add(cursor);
    return cursor;
  }

  /** The position of the reader furthest behind, at most `end`. */
  #leastPosition(end: number): number {
    let least = end;
    for (const { position } of this.#pinned) least = Math.min(least, position);
    return least;
  }

  /** Drops the oldest units, up to `end`, until this share of the bounds is held. Returns whether it is. */
  #shrink(share: number, end: number): boolean {
    const newest = this.#units.at(-1);
    while (newest && this.#first < this.#end) {
      const age = newest.time - this.#oldest.time;
      if (this.#held <= this.#maxBytes * share && age <= this.#maxTime * share) return true;
      if (this.#first >= end) return false;
      this.#dropOldest();
    }
    return true;
  }

  #makeRoom(): void {
    if (!this.#full || !this.#shrink(ROOM, this.#leastPosition(this.#end))) return;
    this.#full = false;
    this.onRoom();
  }

  #dropOldest(): void {
    this.#held -= this.#oldest.data.length + UNIT_OVERHEAD;
    if (this.#accessPoints[0] === this.#first) this.#accessPoints.shift();
    this.onDropped(this.#oldest);
    this.#first++;
    this.#skip++;
    if (this.#skip < 4096 && this.#skip * 2 < this.#units.length) return;
    this.#units = this.#units.slice(this.#skip);
    this.#skip = 0;
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (this.#isSettled(one)) one.ready();
      else this.#waiting.push(one);
    }
  }
}

/** 0 where the times go back, as they do where a stream continues at an earlier time. */
const timeBetween = (from: StreamUnit, to: StreamUnit): Millis =>
  Millis(Math.max(0, to.time - from.time) / TICKS_PER_MILLI);
