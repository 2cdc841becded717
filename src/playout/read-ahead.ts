/**
 * Reading ahead: what leaves within the next second is brought into the system's memory, where playout finds it without
 * waiting. It is the same function of time as playout, asked a second early. May wait for the disk: it has a thread
 * of its own, one for each disk.
 */
import { readSync } from 'node:fs';
import { messageOf } from '../base/problem.js';
import { type Millis, millisToTicks, type PacketNumber, ticksToMillis } from '../base/units.js';
import type { ItemRange, Station, StationData } from '../station/station.js';
import { willNeed } from '../system/file.js';
import type { Libc } from '../system/libc.js';
import type { StationCounters } from '../threads/station-counters.js';

export const AHEAD: Millis = 1_000;

/** Brings a part of a file into memory. Throws when it cannot be read. */
export type BringIntoMemory = (descriptor: number, position: number, length: number) => void;

/** Reads it and throws it away: works everywhere. */
export function readThrough(): BringIntoMemory {
  const scratch = Buffer.alloc(128 * 1024);
  return (descriptor, position, length) => {
    for (let done = 0; done < length; ) {
      const read = readSync(descriptor, scratch, 0, Math.min(scratch.length, length - done), position + done);
      if (read === 0) throw new Error(`the reel ends at ${position + done}, before ${position + length}`);
      done += read;
    }
  };
}

/** Has the kernel read it, without a copy of it for us; reading the last byte waits until it has. */
export function adviseKernel(libc: Libc): BringIntoMemory {
  const last = Buffer.alloc(1);
  return (descriptor, position, length) => {
    willNeed(libc, descriptor, position, length);
    const end = position + length;
    if (readSync(descriptor, last, 0, 1, end - 1) === 0) throw new Error(`the reel ends before ${end}`);
  };
}

interface Reading {
  readonly id: string;
  readonly station: Station;
  readonly progress: StationCounters;
  /** Packets before this one have been read, which leave before this time. */
  readTo: PacketNumber;
  until: Millis;
}

/** Read at once for one station: then it is looked at whether another needs it more. */
const STEP: Millis = 500;
/** A station is read for when it has this much less than AHEAD. */
const RESERVE: Millis = 250;
/** After this long, messages come first. */
const BUDGET: Millis = 100;

/**
 * It is in charge of:
 * - what the next second of its stations needs, in memory
 * - who comes first when the disk is slow: whoever runs out first, and those on the air before those that come
 * - errors of the disk
 */
export class ReadAhead {
  readonly #bring: BringIntoMemory;
  readonly #readings = new Map<string, Reading>();
  readonly #onError: (id: string, message: string) => void;

  /** `onError` is told when a station's reel cannot be read. */
  constructor(bring: BringIntoMemory, onError: (id: string, message: string) => void) {
    this.#bring = bring;
    this.#onError = onError;
  }

  add(options: { id: string; station: Station; progress: StationCounters; now: Millis }): void {
    const { id, station, progress, now } = options;
    this.#readings.set(id, { id, station, progress, readTo: progress.readTo, until: now + RESERVE });
  }

  /** What it has become, from a time on that has not been read yet. */
  change(id: string, station: StationData): void {
    this.#readings.get(id)?.station.take(station);
  }

  remove(id: string): void {
    this.#readings.delete(id);
  }

  /**
   * Brings what the stations send until `AHEAD` later into memory. Returns whether it has more to do at once. `now` is
   * asked again and again, for it may take long.
   */
  read(now: () => Millis): boolean {
    const began = now();
    const readings = [...this.#readings.values()];
    for (const reading of readings) {
      const { station, progress } = reading;
      // What was in memory is not any more, says playout.
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
    const { id, station, progress } = reading;
    const from = Math.max(progress.readTo, station.at(millisToTicks(now)));
    const begin = Math.max(now, ticksToMillis(station.due(from)));
    const to = station.at(millisToTicks(Math.min(now + AHEAD, begin + STEP))) + 1;
    try {
      for (const range of station.ranges(from, to)) this.#bringRange(range);
    } catch (error) {
      // Not read is not tried again: playout finds out by itself, and drops it in its time.
      progress.readErrors++;
      this.#onError(id, messageOf(error));
    }
    progress.readTo = Math.max(from, to);
    reading.readTo = progress.readTo;
    reading.until = ticksToMillis(station.due(progress.readTo));
  }

  #bringRange({ reel, from, to }: ItemRange): void {
    const position = reel.position(from);
    this.#bring(reel.data.descriptor, position, reel.position(to) - position);
  }
}
