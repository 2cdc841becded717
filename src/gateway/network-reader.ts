/** A reader of a station of the network. */

import { Problem } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { Millis, millisToTicks, Ticks90k, ticksToMillis } from '../base/units.js';
import { MEDIA_DELAY } from '../contract/timing.js';
import type { Cursor } from '../receiver/stream-buffer.js';
import type { GatewayReceiver } from './gateway-receiver.js';
import type { Chunk, StationReader } from './source.js';

/** The part of a station that its readers use. */
export interface NetworkStation {
  readonly timers: Timers;
  readonly name: string;
  now(): Millis;
  /** The shared receiver, until `release`. */
  join(client: string | undefined): Promise<GatewayReceiver>;
  release(): void;
  /** A receiver for one reader, which closes it, from `time` on. It counts for the client's network. */
  openPast(time: Millis, client: string | undefined): Promise<GatewayReceiver>;
}

/** Longest wait for the first packets. */
const PATIENCE = Millis(3_000);

/**
 * Responsible for:
 * - a position in the shared receiver, or in a receiver of its own where the shared one no longer holds it
 * - the change from the one to the other without a missing or repeated chunk
 */
export class NetworkReader implements StationReader {
  readonly #station: NetworkStation;
  readonly #client: string | undefined;
  #receiver: GatewayReceiver;
  #isShared: boolean;
  #cursor: Cursor;
  /** When the last chunk that was read left. */
  #last: Ticks90k;
  /** Chunks up to `last` are skipped: they were read from the shared receiver. */
  #isCatchingUp = false;
  #isMoving = false;
  #ended: Error | null = null;
  #isClosed = false;
  #ready: (() => void) | null = null;

  private constructor(
    { station, client }: { station: NetworkStation; client: string | undefined },
    receiver: GatewayReceiver,
    isShared: boolean,
    cursor: Cursor,
  ) {
    this.#station = station;
    this.#client = client;
    this.#receiver = receiver;
    this.#isShared = isShared;
    this.#cursor = cursor;
    this.#last = Ticks90k((receiver.chunks.timeAt(cursor) ?? 0) - 1);
  }

  /** Reads the shared receiver from the last random access point at or before `from`; null: live. */
  static async live(station: NetworkStation, from: Millis | null, client?: string): Promise<NetworkReader> {
    const receiver = await station.join(client);
    try {
      await firstChunk(station, receiver);
      const cursor = positionIn(receiver, from ?? Millis(station.now() - MEDIA_DELAY));
      if (cursor) return new NetworkReader({ station, client }, receiver, true, cursor);
      throw silent(station);
    } catch (error) {
      station.release();
      throw error;
    }
  }

  /** Reads a receiver of its own from the last random access point at or before `from`. */
  static async past(station: NetworkStation, from: Millis, client?: string): Promise<NetworkReader> {
    const receiver = await station.openPast(from, client);
    try {
      await firstChunk(station, receiver);
      const cursor = receiver.chunks.openAtFirstRandomAccess();
      if (cursor) return new NetworkReader({ station, client }, receiver, false, cursor);
      throw silent(station);
    } catch (error) {
      await receiver.close();
      throw error;
    }
  }

  get position(): Millis {
    return ticksToMillis(this.#receiver.chunks.timeAt(this.#cursor) ?? Ticks90k(this.#last + 1));
  }

  get ended(): Error | null {
    return this.#ended;
  }

  read(maxBytes: number): readonly Chunk[] {
    if (this.#isClosed || this.#isMoving) return [];
    const { chunks } = this.#receiver;
    const read = chunks.read(this.#cursor, maxBytes);
    if (read === null) {
      void this.#leaveShared();
      return [];
    }
    if (read.length === 0 && chunks.isEnded) this.#ended ??= wentOff(this.#station);
    const next = this.#isCatchingUp ? read.filter(({ time }) => time > this.#last) : read;
    const last = next.at(-1);
    if (last) {
      this.#last = last.time;
      this.#isCatchingUp = false;
    }
    // All of these were skipped; there may be more to read.
    return next.length === 0 && read.length > 0 ? this.read(maxBytes) : next;
  }

  wait(ready: () => void): void {
    this.#ready = ready;
    if (!this.#isMoving) this.#receiver.chunks.wait(this.#cursor, () => setImmediate(() => this.#notify()));
  }

  skipToLive(): boolean {
    if (!this.#isShared || this.#isMoving) return false;
    const { chunks } = this.#receiver;
    const live = positionIn(this.#receiver, Millis(this.#station.now() - MEDIA_DELAY));
    const time = live && chunks.timeAt(live);
    if (!live || time === null || ticksToMillis(time) <= this.position) {
      if (live) chunks.release(live);
      return false;
    }
    chunks.release(this.#cursor);
    this.#cursor = live;
    this.#last = Ticks90k(time - 1);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ready = null;
    this.#release();
  }

  /** The shared receiver no longer holds the position: the server has it. */
  async #leaveShared(): Promise<void> {
    this.#isMoving = true;
    this.#release();
    try {
      const receiver = await this.#station.openPast(ticksToMillis(Ticks90k(this.#last + 1)), this.#client);
      this.#receiver = receiver;
      this.#isShared = false;
      await firstChunk(this.#station, receiver);
      const cursor = receiver.chunks.openAtFirstRandomAccess();
      if (!cursor) throw silent(this.#station);
      this.#cursor = cursor;
      this.#isCatchingUp = true;
      if (this.#isClosed) this.#release();
    } catch (error) {
      this.#ended = error instanceof Error ? error : new Error(String(error));
    }
    this.#isMoving = false;
    this.#notify();
  }

  #release(): void {
    this.#receiver.chunks.release(this.#cursor);
    if (this.#isShared) this.#station.release();
    else void this.#receiver.close();
  }

  #notify(): void {
    const ready = this.#ready;
    this.#ready = null;
    ready?.();
  }
}

/** Resolves with the first chunk, or after PATIENCE. */
function firstChunk({ timers }: NetworkStation, { chunks }: GatewayReceiver): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(PATIENCE, resolve);
    chunks.wait(null, () => {
      cancel();
      resolve();
    });
  });
}

/** The last random access point at or before `time`, else the newest, else the first. */
function positionIn({ chunks }: GatewayReceiver, time: Millis): Cursor | null {
  return (
    chunks.openAtRandomAccess(millisToTicks(time)) ??
    (millisToTicks(time) > (chunks.newest ?? 0) ? chunks.openAtLastRandomAccess() : chunks.openAtFirstRandomAccess())
  );
}

const silent = ({ name }: NetworkStation): Problem =>
  new Problem('network', `no packets arrive from ${name}`, 'Check the network between its server and this gateway.');

const wentOff = ({ name }: NetworkStation): Problem =>
  new Problem('station', `${name} went off the air`, 'Choose another station.');
