/** A station that is received from the network, as the gateway reads it: joined while somebody does. */

import type { Timers } from '../base/timers.js';
import { type Millis, ticksToMillis } from '../base/units.js';
import type { FoundStation } from '../discovery/find.js';
import { StreamBuffer } from '../receiver/stream-buffer.js';
import type { Programme } from '../station/guide.js';
import type { StationInfo } from '../wire/station-info.js';
import { GatewayReceiver, type ReceiverTuner } from './gateway-receiver.js';
import { NetworkReader, type NetworkStation } from './network-reader.js';
import type { ReadStart, StationReader, StationSource } from './source.js';

export interface NetworkSourceOptions {
  found: FoundStation;
  timers: Timers;
  /** The clock here (Unix epoch): the station's server's, until that has told its own. */
  now: () => Millis;
  createTuner: () => ReceiverTuner;
}

/** How long a station is received after the last reader: whoever comes back finds it at once. */
const LINGER: Millis = 10_000;
/** What is held for those who read what is on the air, and a little later. */
const HELD: { maxTime: Millis; maxBytes: number } = { maxTime: 15_000, maxBytes: 64 * 2 ** 20 };
/** Held for a reader of the past, ahead of it. */
const AHEAD: { maxTime: Millis; maxBytes: number } = { maxTime: 5_000, maxBytes: 16 * 2 ** 20 };
/** Who wants to begin so short a time ago is given what is on the air. */
const SHORTLY: Millis = 3_000;

/**
 * It is in charge of:
 * - one reception for all who read what is on the air, while there are any and LINGER longer
 * - a reception of its own for whoever reads the past
 */
export class NetworkSource implements StationSource, NetworkStation {
  readonly #options: NetworkSourceOptions;
  #found: FoundStation;
  #info: StationInfo;
  #joined: Promise<GatewayReceiver> | null = null;
  #current: GatewayReceiver | null = null;
  readonly #alone = new Set<GatewayReceiver>();
  #readers = 0;
  #cancelLinger: (() => void) | null = null;
  #offset: Millis | null = null;
  #oldest: Millis = 0;
  #isClosed = false;

  /** `info` is how the gateway describes it: its id and number may be others than on its server. */
  constructor(options: NetworkSourceOptions, info: StationInfo) {
    this.#options = options;
    this.#found = options.found;
    this.#info = info;
  }

  get info(): StationInfo {
    return this.#info;
  }

  /** Takes what the last search found: other servers, another description. Readers go on. */
  update(found: FoundStation, info: StationInfo): void {
    this.#found = found;
    this.#info = info;
  }

  get name(): string {
    return this.#info.name;
  }

  get timers(): Timers {
    return this.#options.timers;
  }

  /** Whether it is being received, so that its server need not answer to be there. */
  get isReceiving(): boolean {
    return this.#current !== null;
  }

  now(): Millis {
    const { receiver } = this.#current ?? {};
    const here = this.#options.now();
    const there = receiver?.serverNow() ?? null;
    if (there !== null) this.#offset = there - here;
    if (receiver?.oldest != null) this.#oldest = receiver.oldest;
    return here + (this.#offset ?? 0);
  }

  get oldest(): Millis | null {
    return this.#oldest;
  }

  async read(start: ReadStart): Promise<StationReader> {
    const isLive = start.kind === 'live' || start.time >= this.now() - SHORTLY || this.#holds(start.time);
    if (!isLive) return NetworkReader.past(this, start.time);
    return NetworkReader.live(this, start.kind === 'live' ? null : start.time);
  }

  /** What is received for all; `release` gives it back. Rejects with a Problem where it cannot be received. */
  async join(): Promise<GatewayReceiver> {
    this.#readers++;
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    const joining = this.#joined ?? this.#open(new StreamBuffer(HELD));
    this.#joined = joining;
    try {
      this.#current = await joining;
      return this.#current;
    } catch (error) {
      if (this.#joined === joining) this.#joined = null;
      this.#readers--;
      throw error;
    }
  }

  release(): void {
    if (--this.#readers > 0) return;
    this.#cancelLinger = this.#options.timers.after(this.#isClosed ? 0 : LINGER, () => {
      this.#cancelLinger = null;
      void this.#leave();
    });
  }

  /** The station from that moment on, for one reader, who closes it. Rejects with a Problem where it cannot be had. */
  async openPast(time: Millis): Promise<GatewayReceiver> {
    const chunks = new StreamBuffer(AHEAD);
    chunks.keepsPlaces = true;
    const reception = await this.#open(chunks, time);
    this.#alone.add(reception);
    reception.onClosed = () => this.#alone.delete(reception);
    return reception;
  }

  /** Known only by receiving them. */
  randomAccessPoints(): null {
    return null;
  }

  programmes(from: Millis, to: Millis): Programme[] {
    const { nowPlaying, nowUntil = to, next } = this.#info;
    const playing = { from, to: Math.min(to, nowUntil), title: nowPlaying };
    const following = next === undefined ? [] : [{ from: nowUntil, to, title: next }];
    return [playing, ...following].filter((programme) => programme.from < programme.to);
  }

  /** Its server does not say. */
  get itemFrom(): null {
    return null;
  }

  /** Lies on its server. */
  async poster(): Promise<null> {
    return null;
  }

  /** The station is gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLinger?.();
    await Promise.all([this.#leave(), ...[...this.#alone].map((reception) => reception.close())]);
  }

  #holds(time: Millis): boolean {
    const chunks = this.#current?.chunks;
    const newest = chunks?.newest ?? null;
    return chunks !== undefined && newest !== null && time >= ticksToMillis(newest) - chunks.duration;
  }

  #open(chunks: StreamBuffer, time?: Millis): Promise<GatewayReceiver> {
    const { createTuner } = this.#options;
    const start = time === undefined ? undefined : { kind: 'time' as const, time, item: false };
    return GatewayReceiver.open({ tuner: createTuner(), found: this.#found, chunks, start });
  }

  async #leave(): Promise<void> {
    const joined = this.#joined;
    this.now(); // What the server's clock says is kept.
    this.#joined = null;
    this.#current = null;
    await (await joined?.catch(() => null))?.close();
  }
}
