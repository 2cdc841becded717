/**
 * Reading ahead: what leaves within the next second is brought into the system's memory, where playout finds it without
 * waiting. It is the same function of time as playout, asked a second early. May wait for the disk: it has a thread
 * of its own, one for each disk.
 */
import { readSync } from 'node:fs';
import { willNeed } from '../linux/file.js';
import type { Libc } from '../linux/libc.js';
import { messageOf } from '../problem/problem.js';
import type { ItemRange, Station } from '../station/station.js';
import { type Millis, millisToTicks } from '../wire/time.js';
import type { Progress } from './progress.js';

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

/** It is in charge of: what the next second of its stations needs, in memory; errors of the disk. */
export class ReadAhead {
  readonly #bring: BringIntoMemory;
  readonly #stations = new Map<string, { station: Station; progress: Progress }>();
  readonly #onError: (id: string, message: string) => void;

  /** `onError` is told when a station's reel cannot be read. */
  constructor(bring: BringIntoMemory, onError: (id: string, message: string) => void) {
    this.#bring = bring;
    this.#onError = onError;
  }

  add(id: string, station: Station, progress: Progress): void {
    this.#stations.set(id, { station, progress });
  }

  remove(id: string): void {
    this.#stations.delete(id);
  }

  /** Brings what the stations send until `AHEAD` later into memory. `now` is asked for each, for it may take long. */
  read(now: () => Millis): void {
    for (const id of this.#stations.keys()) this.readOne(id, now());
  }

  /** The same for one station. */
  readOne(id: string, now: Millis): void {
    const { station, progress } = this.#stations.get(id)!;
    const to = station.at(millisToTicks(now + AHEAD)) + 1;
    const from = Math.max(progress.readTo, station.at(millisToTicks(now)));
    if (from >= to) return;
    try {
      for (const range of station.ranges(from, to)) this.#bringRange(range);
    } catch (error) {
      // Not read is not tried again: playout finds out by itself, and drops it in its time.
      progress.readErrors++;
      this.#onError(id, messageOf(error));
    }
    progress.readTo = to;
  }

  #bringRange({ reel, from, to }: ItemRange): void {
    const position = reel.position(from);
    this.#bring(reel.data.descriptor, position, reel.position(to) - position);
  }
}
