/** A station that plays in this process: its chunks are read from its reels, not from the network. */

import { Problem } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { Millis, millisToTicks, PacketNumber, TICKS_PER_MILLI, Ticks90k, ticksToMillis } from '../base/units.js';
import { mediaDelayOf } from '../contract/timing.js';
import { type Programme, programmesOf } from '../station/guide.js';
import type { Station } from '../station/station.js';
import type { StationInfo } from '../wire/station-info.js';
import type { ChunkMemory } from './chunk-memory.js';
import { LocalReader, type LocalStation } from './local-reader.js';
import type { ReadStart, StationReader, StationSource } from './source.js';
import { StationChunks } from './station-chunks.js';

export interface LocalSourceOptions {
  station: Station;
  /** Its description now. */
  info: () => StationInfo;
  /** The server's clock (Unix epoch). */
  now: () => Millis;
  timers: Timers;
  memory: ChunkMemory;
  /** How far back it may be read; undefined: to the station's epoch. */
  history?: Millis;
  poster: () => Promise<Buffer | null>;
}

interface Waiting {
  window: number;
  ready: () => void;
}

/**
 * Responsible for:
 * - one timer for all readers that wait for packets to leave, and none without readers
 * - the times that can be read
 */
export class LocalSource implements StationSource, LocalStation {
  readonly chunks: StationChunks;
  readonly #options: LocalSourceOptions;
  readonly #readers = new Set<LocalReader>();
  #info: StationInfo | null = null;
  #waiting: Waiting[] = [];
  #cancelTimer: (() => void) | null = null;

  constructor(options: LocalSourceOptions) {
    this.#options = options;
    this.chunks = new StationChunks(options.station, options.memory);
  }

  /** Computed once until something of it changes. */
  get info(): StationInfo {
    if (this.#info === null || this.now() >= (this.#info.nowUntil ?? Number.POSITIVE_INFINITY)) {
      this.#info = this.#options.info();
    }
    return this.#info;
  }

  /** The station is described differently, or its timeline changed. */
  describeAgain(): void {
    this.#info = null;
  }

  now(): Millis {
    return this.#options.now();
  }

  get oldest(): Millis {
    const { history, station } = this.#options;
    const begins = ticksToMillis(station.begins);
    return history === undefined ? begins : Millis(Math.max(begins, this.now() - history));
  }

  async read(start: ReadStart): Promise<StationReader> {
    const time = start.kind === 'live' ? this.liveStart() : this.#startAt(start.time);
    const reader: LocalReader = new LocalReader({
      station: this,
      from: time,
      timers: this.#options.timers,
      onClosed: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  randomAccessPoints(from: Millis, to: Millis): Ticks90k[] {
    const { station } = this.#options;
    const first = millisToTicks(from);
    const points: Ticks90k[] = [];
    let n = station.randomAccessBefore(station.at(Ticks90k(Math.ceil(to * TICKS_PER_MILLI) - 1)));
    for (; n >= 0 && station.due(n) >= first; n = station.randomAccessBefore(PacketNumber(n - 1)))
      points.push(station.due(n));
    return points.reverse();
  }

  programmes(from: Millis, to: Millis): Programme[] {
    return programmesOf(this.#options.station, from, to);
  }

  get itemFrom(): Millis {
    return ticksToMillis(this.#options.station.itemOnAirAt(millisToTicks(this.now())).from);
  }

  poster(): Promise<Buffer | null> {
    return this.#options.poster();
  }

  /** When the newest random access point left whose picture is due. */
  liveStart(): Ticks90k {
    const { station } = this.#options;
    const due = Ticks90k(millisToTicks(this.now()) - mediaDelayOf(station.format));
    return station.due(station.randomAccessBefore(station.at(due)));
  }

  /** Calls `ready` when all packets of the window have left. */
  whenComplete(window: number, ready: () => void): void {
    this.#waiting.push({ window, ready });
    this.#arm();
  }

  /** The station goes off the air: its readers end. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const { name } = this.info;
    const problem = new Problem('station', `${name} went off the air`, 'Choose another station.');
    for (const reader of [...this.#readers]) reader.end(problem);
    this.#waiting = [];
  }

  #startAt(time: Millis): Ticks90k {
    const { station } = this.#options;
    if (time < this.oldest) {
      const reaches = new Date(this.oldest).toISOString();
      throw new Problem('usage', `${this.info.name} does not reach back that far`, `Its past begins at ${reaches}.`);
    }
    const at = millisToTicks(Millis(Math.min(time, this.now())));
    return station.due(station.randomAccessBefore(station.at(at)));
  }

  #arm(): void {
    if (this.#cancelTimer !== null || this.#waiting.length === 0) return;
    const next = this.#waiting.reduce((least, { window }) => Math.min(least, window), Number.POSITIVE_INFINITY);
    // A timer may fire up to a millisecond early.
    const delay = Millis(Math.max(0, ticksToMillis(this.chunks.completeAt(next)) - this.now()) + 1);
    this.#cancelTimer = this.#options.timers.after(delay, () => {
      this.#cancelTimer = null;
      this.#wake();
    });
  }

  #wake(): void {
    const now = millisToTicks(this.now());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      if (this.chunks.completeAt(each.window) <= now) each.ready();
      else this.#waiting.push(each);
    }
    this.#arm();
  }
}
