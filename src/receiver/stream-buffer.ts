/** The last minutes of a station as they were received, read by any number of readers at their own pace. */
import { type Millis, TICKS_PER_MILLI, TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';

/** What a player can be given as it is: the payloads of some RTP packets (h264), or one picture (jpeg). */
export interface StreamUnit {
  /** RTP time of its first packet, unwrapped. */
  time: Ticks90k;
  data: Buffer;
  /** Whether a player can begin here. */
  randomAccess: boolean;
}

export interface StreamBufferOptions {
  /** Most bytes held. */
  maxBytes?: number;
  /** Most of the stream's time held. */
  maxTime?: Millis;
}

export interface Lag {
  bytes: number;
  time: Millis;
}

/** A reader's place. Made by the buffer, moved by `read`, released when it is no longer read from. */
export interface Cursor {
  /** Number of the next unit, counted from the buffer's first. */
  position: number;
}

/** Between two units of a stream without a gap in it, by far. */
const LONGEST_STEP: Ticks90k = 2 * TICKS_PER_SECOND;

interface Waiting {
  cursor: Cursor | null;
  ready: () => void;
}

/** What Node adds to a unit, roughly: its buffer's own record, and this module's. */
const UNIT_OVERHEAD = 200;
/** There is room again below this share of the bounds: whoever fills the buffer is not stopped for each unit. */
const ROOM = 0.9;

/**
 * It is in charge of:
 * - holding units, bounded in bytes and in time: the oldest go
 * - keeping what readers have not read yet, where more can be had later: then it is full instead
 * - remembering where a player can begin
 * - telling readers what there is to read, and when their place is no longer held
 */
export class StreamBuffer {
  private readonly maxBytes: number;
  private readonly maxTime: Ticks90k;
  private units: StreamUnit[] = [];
  /** Position of units[skip]; units before `skip` are gone and their places are freed in batches. */
  private first = 0;
  private skip = 0;
  private held = 0;
  private accessPoints: number[] = [];
  private waiting: Waiting[] = [];
  private ended = false;
  /** Places of readers, whose units are kept. */
  private readonly pinned = new Set<Cursor>();
  private full = false;
  /** Whether what a reader has not read stays when the bounds are reached. */
  keepsPlaces = false;
  /** Told when a buffer that was full has room again, while it is being read. */
  onRoom: () => void = () => undefined;
  /** Told of each unit that is no longer held, in order: its memory may be used again. */
  onDropped: (unit: StreamUnit) => void = () => undefined;

  constructor({ maxBytes = 256 * 1024 * 1024, maxTime = 60 * 60 * 1000 }: StreamBufferOptions = {}) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes is ${maxBytes}, not above 0`);
    if (!(maxTime > 0)) throw new RangeError(`maxTime is ${maxTime}, not above 0 milliseconds`);
    this.maxBytes = maxBytes;
    this.maxTime = maxTime * TICKS_PER_MILLI;
  }

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.held;
  }

  /** RTP time of the newest unit; null while there is none. */
  get newest(): Ticks90k | null {
    return this.units.at(-1)?.time ?? null;
  }

  /** The stream's time held. */
  get duration(): Millis {
    return this.lag({ position: this.first }).time;
  }

  /** Whether nothing more will come. */
  get isEnded(): boolean {
    return this.ended;
  }

  /** Whether the bounds are reached and nothing can go: what is pushed all the same is held, but better comes later. */
  get isFull(): boolean {
    return this.full;
  }

  push(unit: StreamUnit): void {
    if (this.ended) return;
    const newest = this.units.at(-1);
    // A player that begins before a gap would play up to it and then wait as long as the gap is.
    if (newest && Math.abs(unit.time - newest.time) > LONGEST_STEP) this.accessPoints = [];
    if (unit.randomAccess) this.accessPoints.push(this.end);
    this.units.push(unit);
    this.held += unit.data.length + UNIT_OVERHEAD;
    // The unit that was just added stays whatever its size, so that a reader can be told of it.
    const last = this.end - 1;
    const fits = this.shrink(1, this.keepsPlaces ? this.leastPlace(last) : last);
    this.full = this.keepsPlaces && !fits;
    this.wake();
  }

  /** Nothing more will come: readers that wait go on and find the end. */
  finish(): void {
    this.ended = true;
    this.wake();
  }

  /** A cursor at the last unit with which a player can begin, its place kept until `release`; null while there is none. */
  openAtLastRandomAccess(): Cursor | null {
    return this.openAt(this.accessPoints.at(-1));
  }

  /** The same at the first such unit: where a stream that was asked for begins. */
  openAtFirstRandomAccess(): Cursor | null {
    return this.openAt(this.accessPoints[0]);
  }

  /** The same at the last such unit at or before `time`; null where what was sent at that time is not held. */
  openAtRandomAccess(time: Ticks90k): Cursor | null {
    const newest = this.units.at(-1);
    if (!newest || time > newest.time) return null;
    return this.openAt(this.accessPoints.findLast((point) => this.units[this.skip + point - this.first].time <= time));
  }

  /** Nobody reads from this cursor any more. */
  release(cursor: Cursor): void {
    this.pinned.delete(cursor);
    this.makeRoom();
  }

  /** What readers have not read goes after all when the bounds are reached, until they open another cursor. */
  letGo(): void {
    this.pinned.clear();
    this.makeRoom();
  }

  /** The stream's time that the foremost reader has not read yet; all that is held where nobody reads. */
  get ahead(): Millis {
    const newest = this.units.at(-1);
    let position = -1;
    for (const cursor of this.pinned) position = Math.max(position, cursor.position);
    const from = this.units[this.skip + Math.max(position, this.first) - this.first];
    return newest && from ? (newest.time - from.time) / TICKS_PER_MILLI : 0;
  }

  /**
   * The next units, at least one where there is one, together at most `maxBytes` otherwise; moves the cursor behind
   * them. Returns null when the cursor's place is no longer held. Their data is lent: whoever needs it after waiting for
   * anything copies it.
   */
  read(cursor: Cursor, maxBytes: number): StreamUnit[] | null {
    if (this.hasLost(cursor)) return null;
    const units: StreamUnit[] = [];
    let bytes = 0;
    while (cursor.position < this.end) {
      const unit = this.units[this.skip + cursor.position - this.first];
      bytes += unit.data.length;
      if (units.length > 0 && bytes > maxBytes) break;
      units.push(unit);
      cursor.position++;
    }
    this.makeRoom();
    return units;
  }

  /** Nobody reads what lies before the cursor any more: its memory is not needed. */
  forget(cursor: Cursor): void {
    while (this.first < Math.min(cursor.position, this.end)) this.dropOldest();
    this.makeRoom();
  }

  /** When the next unit at a cursor was sent; null where it is not held, or not there yet. */
  timeAt(cursor: Cursor): Ticks90k | null {
    return this.hasLost(cursor) ? null : (this.units[this.skip + cursor.position - this.first]?.time ?? null);
  }

  hasLost(cursor: Cursor): boolean {
    return cursor.position < this.first;
  }

  /** How far a cursor is behind the newest unit. */
  lag(cursor: Cursor): Lag {
    const newest = this.units.at(-1);
    const from = this.units[this.skip + Math.max(cursor.position, this.first) - this.first];
    if (!newest || !from) return { bytes: 0, time: 0 };
    let bytes = 0;
    for (let at = Math.max(cursor.position, this.first); at < this.end; at++) {
      bytes += this.units[this.skip + at - this.first].data.length;
    }
    return { bytes, time: (newest.time - from.time) / TICKS_PER_MILLI };
  }

  /**
   * Calls `ready` once: when there is something to read at `cursor` or it was lost, without a cursor when there is a
   * place to begin; in any case when the buffer ends.
   */
  wait(cursor: Cursor | null, ready: () => void): void {
    const waiting: Waiting = { cursor, ready };
    if (this.isSettled(waiting)) ready();
    else this.waiting.push(waiting);
  }

  private isSettled({ cursor }: Waiting): boolean {
    return this.ended || (cursor ? cursor.position < this.end : this.accessPoints.length > 0);
  }

  private get end(): number {
    return this.first + this.units.length - this.skip;
  }

  private get oldest(): StreamUnit {
    return this.units[this.skip];
  }

  private openAt(position: number | undefined): Cursor | null {
    if (position === undefined) return null;
    const cursor = { position };
    this.pinned.add(cursor);
    return cursor;
  }

  /** The place of the reader that is furthest behind, `end` where that is before it. */
  private leastPlace(end: number): number {
    let least = end;
    for (const { position } of this.pinned) least = Math.min(least, position);
    return least;
  }

  /** Drops the oldest, from before `end`, until no more than this share of the bounds is held. Whether that is so. */
  private shrink(share: number, end: number): boolean {
    const newest = this.units.at(-1);
    while (newest && this.first < this.end) {
      const age = newest.time - this.oldest.time;
      if (this.held <= this.maxBytes * share && age <= this.maxTime * share) return true;
      if (this.first >= end) return false;
      this.dropOldest();
    }
    return true;
  }

  private makeRoom(): void {
    if (!this.full || !this.shrink(ROOM, this.leastPlace(this.end))) return;
    this.full = false;
    this.onRoom();
  }

  private dropOldest(): void {
    this.held -= this.oldest.data.length + UNIT_OVERHEAD;
    if (this.accessPoints[0] === this.first) this.accessPoints.shift();
    this.onDropped(this.oldest);
    this.first++;
    this.skip++;
    if (this.skip < 4096 && this.skip * 2 < this.units.length) return;
    this.units = this.units.slice(this.skip);
    this.skip = 0;
  }

  private wake(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const one of waiting) {
      if (this.isSettled(one)) one.ready();
      else this.waiting.push(one);
    }
  }
}
