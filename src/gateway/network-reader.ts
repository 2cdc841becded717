/** A place in a station that is received from the network. */

import { Problem } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import { MEDIA_DELAY } from '../contract/timing.js';
import type { Cursor } from '../receiver/stream-buffer.js';
import type { GatewayReceiver } from './gateway-receiver.js';
import type { Chunk, StationReader } from './source.js';

/** What a reader needs of its station. */
export interface NetworkStation {
  readonly timers: Timers;
  readonly name: string;
  now(): Millis;
  /** What is received for all; `release` gives it back. */
  join(): Promise<GatewayReceiver>;
  release(): void;
  /** The station from that moment on, for one reader, who closes it. */
  openPast(time: Millis): Promise<GatewayReceiver>;
}

/** How long the first packets are waited for. */
const PATIENCE: Millis = 3_000;

/**
 * It is in charge of:
 * - a place in what all read, or where that is no longer held in a reception of its own
 * - going from the one to the other without a chunk missing or coming twice
 */
export class NetworkReader implements StationReader {
  readonly #station: NetworkStation;
  #reception: GatewayReceiver;
  #isShared: boolean;
  #cursor: Cursor;
  /** The last chunk that was read left at that time. */
  #last: Ticks90k;
  /** Chunks up to the last one are passed over: they were read elsewhere. */
  #isCatchingUp = false;
  #isMoving = false;
  #ended: Error | null = null;
  #isClosed = false;
  #ready: (() => void) | null = null;

  private constructor(station: NetworkStation, reception: GatewayReceiver, isShared: boolean, cursor: Cursor) {
    this.#station = station;
    this.#reception = reception;
    this.#isShared = isShared;
    this.#cursor = cursor;
    this.#last = (reception.chunks.timeAt(cursor) ?? 0) - 1;
  }

  /** In what all read: at the last random access point at or before `from`, or where what is on the air begins. */
  static async live(station: NetworkStation, from: Millis | null): Promise<NetworkReader> {
    const reception = await station.join();
    try {
      await firstChunk(station, reception);
      const cursor = positionIn(reception, from ?? station.now() - MEDIA_DELAY);
      if (cursor) return new NetworkReader(station, reception, true, cursor);
      throw silent(station);
    } catch (error) {
      station.release();
      throw error;
    }
  }

  /** In a reception of its own, from the last random access point at or before `from` on. */
  static async past(station: NetworkStation, from: Millis): Promise<NetworkReader> {
    const reception = await station.openPast(from);
    try {
      await firstChunk(station, reception);
      const cursor = reception.chunks.openAtFirstRandomAccess();
      if (cursor) return new NetworkReader(station, reception, false, cursor);
      throw silent(station);
    } catch (error) {
      await reception.close();
      throw error;
    }
  }

  get position(): Millis {
    return ticksToMillis(this.#reception.chunks.timeAt(this.#cursor) ?? this.#last + 1);
  }

  get ended(): Error | null {
    return this.#ended;
  }

  read(maxBytes: number): readonly Chunk[] {
    if (this.#isClosed || this.#isMoving) return [];
    const { chunks } = this.#reception;
    const read = chunks.read(this.#cursor, maxBytes);
    if (read === null) {
      void this.#goOnAlone();
      return [];
    }
    if (read.length === 0 && chunks.isEnded) this.#ended ??= wentOff(this.#station);
    const next = this.#isCatchingUp ? read.filter(({ time }) => time > this.#last) : read;
    const last = next.at(-1);
    if (last) {
      this.#last = last.time;
      this.#isCatchingUp = false;
    }
    // What was passed over is not the end: there may be more at once.
    return next.length === 0 && read.length > 0 ? this.read(maxBytes) : next;
  }

  wait(ready: () => void): void {
    this.#ready = ready;
    if (!this.#isMoving) this.#reception.chunks.wait(this.#cursor, () => setImmediate(() => this.#tell()));
  }

  skipToLive(): boolean {
    if (!this.#isShared || this.#isMoving) return false;
    const { chunks } = this.#reception;
    const live = positionIn(this.#reception, this.#station.now() - MEDIA_DELAY);
    const time = live && chunks.timeAt(live);
    if (!live || time === null || ticksToMillis(time) <= this.position) {
      if (live) chunks.release(live);
      return false;
    }
    chunks.release(this.#cursor);
    this.#cursor = live;
    this.#last = time - 1;
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ready = null;
    this.#giveBack();
  }

  /** What comes next is no longer held for all: it is had from the server. */
  async #goOnAlone(): Promise<void> {
    this.#isMoving = true;
    this.#giveBack();
    try {
      const reception = await this.#station.openPast(ticksToMillis(this.#last + 1));
      this.#reception = reception;
      this.#isShared = false;
      await firstChunk(this.#station, reception);
      const cursor = reception.chunks.openAtFirstRandomAccess();
      if (!cursor) throw silent(this.#station);
      this.#cursor = cursor;
      this.#isCatchingUp = true;
      if (this.#isClosed) this.#giveBack();
    } catch (error) {
      this.#ended = error instanceof Error ? error : new Error(String(error));
    }
    this.#isMoving = false;
    this.#tell();
  }

  #giveBack(): void {
    this.#reception.chunks.release(this.#cursor);
    if (this.#isShared) this.#station.release();
    else void this.#reception.close();
  }

  #tell(): void {
    const ready = this.#ready;
    this.#ready = null;
    ready?.();
  }
}

/** Resolves when there is one to begin with, or it has been waited for long enough. */
function firstChunk({ timers }: NetworkStation, { chunks }: GatewayReceiver): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(PATIENCE, resolve);
    chunks.wait(null, () => {
      cancel();
      resolve();
    });
  });
}

/** At the last random access point at or before a time, else at the newest, else at the first. */
function positionIn({ chunks }: GatewayReceiver, time: Millis): Cursor | null {
  return (
    chunks.openAtRandomAccess(millisToTicks(time)) ??
    (millisToTicks(time) > (chunks.newest ?? 0) ? chunks.openAtLastRandomAccess() : chunks.openAtFirstRandomAccess())
  );
}

const silent = ({ name }: NetworkStation): Problem =>
  new Problem('network', `nothing comes from ${name}`, 'Check the network between its server and this gateway.');

const wentOff = ({ name }: NetworkStation): Problem =>
  new Problem('station', `${name} went off the air`, 'Choose another station.');
