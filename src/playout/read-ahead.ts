/**
 * Reading ahead: packets of the next second are brought into the system's memory, where playout finds them without
 * waiting. It evaluates the same function of time as playout, a second early. Reading may wait for the disk, so each
 * disk has a thread of its own.
 */
import { readSync } from 'node:fs';
import { Millis, millisToTicks, PacketNumber, ticksToMillis } from '../base/units.js';
import type { ItemRange, Station } from '../station/station.js';
import type { StationDelta } from '../station/timeline-data.js';
import { EndOfFileError, willNeed } from '../system/file.js';
import type { Libc } from '../system/libc.js';
import { type ReadError, ReadErrors } from '../threads/read-errors.js';
import type { StationCounters } from '../threads/station-counters.js';

export const AHEAD = Millis(1_000);

/** Brings a part of a file into memory. Throws when it cannot be read. */
export type BringIntoMemory = (descriptor: number, position: number, length: number) => void;

/** Reads the part and discards it. Works on every system. */
export function readThrough(): BringIntoMemory {
  const scratch = Buffer.alloc(128 * 1024);
  return (descriptor, position, length) => {
    for (let done = 0; done < length; ) {
      const read = readSync(descriptor, scratch, 0, Math.min(scratch.length, length - done), position + done);
      if (read === 0) throw new EndOfFileError({ end: position + done, wanted: position + length });
      done += read;
    }
  };
}

/** Has the kernel read the part without copying it; reading the last byte waits until that is done. */
export function adviseKernel(libc: Libc): BringIntoMemory {
  const last = Buffer.alloc(1);
  return (descriptor, position, length) => {
    willNeed(libc, descriptor, position, length);
    const end = position + length;
    if (readSync(descriptor, last, 0, 1, end - 1) === 0) throw new EndOfFileError({ wanted: end });
  };
}

interface Reading {
  readonly id: string;
  readonly station: Station;
  readonly progress: StationCounters;
  readonly errors: ReadErrors;
  /** Packets before this one have been read; they leave before this time. */
  readTo: PacketNumber;
  until: Millis;
}

/** Longest part read for one station before another station may be more urgent. */
const STEP = Millis(500);
/** A station is read for once it has this much less than AHEAD in memory. */
const RESERVE = Millis(250);
/** Longest turn of reading before messages are handled. */
const BUDGET = Millis(100);

/**
 * Responsible for:
 * - the packets of the next second of its stations, in memory
 * - the order when the disk is slow: the station that runs out first, and those on the air before those that begin
 * - errors of the disk; any other error is a fault of the program, and `read` throws it
 */
export class ReadAhead {
  readonly #bring: BringIntoMemory;
  readonly #readings = new Map<string, Reading>();
  readonly #onError: (id: string, error: ReadError) => void;

  /** `onError` is called with the first error of each code of a station, and again after the station has recovered. */
  constructor(bring: BringIntoMemory, onError: (id: string, error: ReadError) => void) {
    this.#bring = bring;
    this.#onError = onError;
  }

  add(options: { id: string; station: Station; progress: StationCounters; now: Millis }): void {
    const { id, station, progress, now } = options;
    const errors = new ReadErrors();
    this.#readings.set(id, { id, station, progress, errors, readTo: progress.readTo, until: Millis(now + RESERVE) });
  }

  /** Takes the station's change, from a time on that has not been read yet. */
  change(id: string, delta: StationDelta): void {
    this.#readings.get(id)?.station.update(delta);
  }

  remove(id: string): void {
    this.#readings.delete(id);
  }

  /**
   * Brings the packets that leave until AHEAD from now into memory. Returns whether there is more to read at once. `now`
   * is called repeatedly, because reading may take long.
   */
  read(now: () => Millis): boolean {
    const began = now();
    const readings = [...this.#readings.values()];
    for (const reading of readings) {
      const { station, progress } = reading;
      // Playout lowered it: packets that were in memory are not any more.
      if (progress.readTo < reading.readTo) reading.until = ticksToMillis(station.due(progress.readTo));
    }
    const wanting = readings.filter(({ until }) => until < began + AHEAD - RESERVE);
    wanting.sort((a, b) => a.until - b.until);
    for (const reading of wanting) {
      this.#readStep(reading, now());
      if (now() - began > BUDGET) return true;
    }
    return wanting.some(({ until }) => until < began + AHEAD - RESERVE);
  }

  #readStep(reading: Reading, now: Millis): void {
    const { id, station, progress, errors } = reading;
    const from = PacketNumber(Math.max(progress.readTo, station.at(millisToTicks(now))));
    const begin = Math.max(now, ticksToMillis(station.due(from)));
    const end = Millis(Math.min(now + AHEAD, begin + STEP));
    const to = PacketNumber(station.at(millisToTicks(end)) + 1);
    try {
      for (const range of station.ranges(from, to)) this.#bringRange(range);
    } catch (error) {
      // These packets are not tried again: playout meets the same error, and drops them when they are due.
      const news = errors.take(error, now);
      progress.readErrors++;
      if (news) this.#onError(id, news);
    }
    progress.readTo = PacketNumber(Math.max(from, to));
    reading.readTo = progress.readTo;
    reading.until = ticksToMillis(station.due(progress.readTo));
  }

  #bringRange({ reel, from, to }: ItemRange): void {
    const position = reel.position(from);
    this.#bring(reel.data.descriptor, position, reel.position(to) - position);
  }
}
