/** A station of the network: its group is joined while it has readers. */

import type { Timers } from '../base/timers.js';
import { Millis, ticksToMillis } from '../base/units.js';
import type { FoundStation } from '../discovery/find.js';
import { StreamBuffer } from '../receiver/stream-buffer.js';
import type { Programme } from '../station/guide.js';
import { type StationInfo, stationInfoSchema } from '../wire/station-info.js';
import { GatewayReceiver, type ReceiverTuner } from './gateway-receiver.js';
import { NetworkReader, type NetworkStation } from './network-reader.js';
import type { ReceiverLimit } from './receiver-limit.js';
import type { ReadStart, StationReader, StationSource } from './source.js';

export interface NetworkSourceOptions {
  found: FoundStation;
  timers: Timers;
  /** This host's clock (Unix epoch), used until the clock of the station's server is known. */
  now: () => Millis;
  createTuner: () => ReceiverTuner;
  /** Undefined: any number of receivers. */
  limit?: ReceiverLimit;
}

/** How long a station is still received after its last reader has left, so that a reader that returns starts at once. */
const LINGER = Millis(10_000);
/** Buffer shared by all readers that follow the air, or are a little behind. */
const HELD: { maxTime: Millis; maxBytes: number } = { maxTime: Millis(15_000), maxBytes: 64 * 2 ** 20 };
/** Buffer of a reader of the past, ahead of its position. */
const AHEAD: { maxTime: Millis; maxBytes: number } = { maxTime: Millis(5_000), maxBytes: 16 * 2 ** 20 };
/** Readers that start at most this long ago share the live buffer. */
const SHORTLY = Millis(3_000);

const fields = Object.keys(stationInfoSchema.shape).filter((field) => field !== 'fec') as (keyof StationInfo)[];

const isSameInfo = (a: StationInfo, b: StationInfo): boolean =>
  fields.every((field) => a[field] === b[field]) && a.fec?.columns === b.fec?.columns && a.fec?.rows === b.fec?.rows;

/**
 * Responsible for:
 * - one receiver for all live readers, kept LINGER after the last of them
 * - a receiver of its own for each reader of the past
 */
export class NetworkSource implements StationSource, NetworkStation {
  readonly #options: NetworkSourceOptions;
  #found: FoundStation;
  #info: StationInfo;
  #joined: Promise<GatewayReceiver> | null = null;
  #current: GatewayReceiver | null = null;
  readonly #pastReceivers = new Set<GatewayReceiver>();
  #readers = 0;
  #cancelLinger: (() => void) | null = null;
  #offset: Millis | null = null;
  #oldest: Millis = Millis(0);
  #isClosed = false;

  /** The gateway's id and number may differ from those on its server. */
  constructor(options: NetworkSourceOptions, names: { id: string; number: number }) {
    this.#options = options;
    this.#found = options.found;
    this.#info = { ...options.found.info, ...names };
  }

  get info(): StationInfo {
    return this.#info;
  }

  /** Applies the result of a search: servers, description. Readers continue. Returns whether the description changed. */
  update(found: FoundStation): boolean {
    const { id, number } = this.#info;
    const info = { ...found.info, id, number };
    const isChanged = !isSameInfo(info, this.#info);
    this.#found = found;
    if (isChanged) this.#info = info;
    this.#current?.update(found);
    for (const receiver of this.#pastReceivers) receiver.update(found);
    return isChanged;
  }

  /** Address of the server that describes it. */
  get server(): string {
    return this.#found.servers[0].address;
  }

  /** Its server's clock minus this host's; null while unknown. */
  get offset(): Millis | null {
    this.now();
    return this.#offset;
  }

  get name(): string {
    return this.#info.name;
  }

  get timers(): Timers {
    return this.#options.timers;
  }

  /** Whether it is being received: proof that it is on the air even if no server answers a search. */
  get isReceiving(): boolean {
    return this.#current !== null;
  }

  now(): Millis {
    const { receiver } = this.#current ?? {};
    const here = this.#options.now();
    const there = receiver?.serverNow() ?? null;
    if (there !== null) this.#offset = Millis(there - here);
    if (receiver?.oldest != null) this.#oldest = receiver.oldest;
    return Millis(here + (this.#offset ?? 0));
  }

  get oldest(): Millis | null {
    return this.#oldest;
  }

  async read(start: ReadStart, client?: string): Promise<StationReader> {
    const isLive = start.kind === 'live' || start.time >= this.now() - SHORTLY || this.#holds(start.time);
    if (!isLive) return NetworkReader.past(this, start.time, client);
    return NetworkReader.live(this, start.kind === 'live' ? null : start.time, client);
  }

  /** The shared receiver, until `release`. Rejects with a Problem where the station cannot be received. */
  async join(client: string | undefined): Promise<GatewayReceiver> {
    this.#readers++;
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    const joining = this.#joined ?? this.#open({ chunks: new StreamBuffer(HELD), client });
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
    this.#cancelLinger = this.#options.timers.after(this.#isClosed ? Millis(0) : LINGER, () => {
      this.#cancelLinger = null;
      void this.#leave();
    });
  }

  /** A receiver for one reader, which closes it, from `time` on. Rejects with a Problem where `time` is not available. */
  async openPast(time: Millis, client: string | undefined): Promise<GatewayReceiver> {
    const chunks = new StreamBuffer(AHEAD);
    chunks.keepsUnread = true;
    const receiver = await this.#open({ chunks, time, client });
    this.#pastReceivers.add(receiver);
    return receiver;
  }

  /** Known only once they are received. */
  randomAccessPoints(): null {
    return null;
  }

  programmes(from: Millis, to: Millis): Programme[] {
    const { nowPlaying, nowUntil = to, next } = this.#info;
    const playing = { from, to: Millis(Math.min(to, nowUntil)), title: nowPlaying };
    const following = next === undefined ? [] : [{ from: Millis(Math.max(from, nowUntil)), to, title: next }];
    return [playing, ...following].filter((programme) => programme.from < programme.to);
  }

  /** Not announced. */
  get itemFrom(): null {
    return null;
  }

  /** Only its server has it. */
  async poster(): Promise<null> {
    return null;
  }

  /** The station has left the network. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#joined === null && this.#pastReceivers.size === 0) return; // Strangers can add and remove thousands.
    this.#cancelLinger?.();
    await Promise.all([this.#leave(), ...[...this.#pastReceivers].map((receiver) => receiver.close())]);
  }

  #holds(time: Millis): boolean {
    const chunks = this.#current?.chunks;
    const newest = chunks?.newest ?? null;
    return chunks !== undefined && newest !== null && time >= ticksToMillis(newest) - chunks.duration;
  }

  async #open(options: { chunks: StreamBuffer; time?: Millis; client?: string }): Promise<GatewayReceiver> {
    const { createTuner, limit } = this.#options;
    const { chunks, time, client } = options;
    const start = time === undefined ? undefined : { kind: 'time' as const, time, item: false };
    const release = limit?.take(client) ?? (() => undefined);
    try {
      const receiver = await GatewayReceiver.open({ tuner: createTuner(), found: this.#found, chunks, start });
      receiver.onClosed = () => {
        release();
        this.#pastReceivers.delete(receiver);
      };
      return receiver;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #leave(): Promise<void> {
    const joined = this.#joined;
    this.now(); // Keeps the offset of the server's clock.
    this.#joined = null;
    this.#current = null;
    await (await joined?.catch(() => null))?.close();
  }
}
