/** The page's end of the worker that holds the connection. */

import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { Millis } from '../../../../src/base/units.js';
import type { ClientMessage, LiveProblem, LiveStation, ServerMessage } from '../../../../src/contract/live.js';
import { type FrameHeader, FrameKind, LIVE_HEADER_LENGTH, readFrameHeader } from '../../../../src/wire/live-frame.js';
import type { Connection } from '../player.js';
import { ThumbnailPictures } from './thumbnail-pictures.js';
import { pageTimers } from './timers.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/** The part of Worker that is used. */
export interface GatewayWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  postMessage(message: ToWorker): void;
  terminate(): void;
}

/** The owner of a channel. */
export interface ChannelUser {
  onMedia(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void;
  onMoved(): void;
  onEnded(problem: LiveProblem): void;
  /** A connection was opened, without any of the previous channels; or the list of stations has changed. */
  onStations(): void;
}

const CHANNELS = 0x1_0000;

/**
 * Responsible for:
 * - channels, and the delivery of their media and messages
 * - the state of the connection, the list of stations and the thumbnails, as signals
 */
export class Gateway {
  readonly #worker: GatewayWorker;
  readonly #connection = signal<Connection>('connecting');
  readonly #stations = signal<readonly LiveStation[]>([]);
  readonly #thumbnails = new ThumbnailPictures();
  readonly #channels = new Map<number, ChannelUser>();
  readonly #users = new Set<ChannelUser>();
  #lastChannel = 0;
  #offset: Millis | null = null;
  #wanted: readonly string[] = [];
  #delay = Millis(0);
  /** Languages of the subtitles, the preferred one first. */
  subtitles: readonly string[] = [];
  /** Languages of the sound, the preferred one first. */
  languages: readonly string[] = [];

  constructor(worker: GatewayWorker, url: string) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#onWorkerMessage(data);
    worker.postMessage({ type: 'connect', url });
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#connection;
  }

  get stations(): ReadonlySignal<readonly LiveStation[]> {
    return this.#stations;
  }

  get thumbnails(): ReadonlySignal<ReadonlyMap<string, string>> {
    return this.#thumbnails.urls;
  }

  /** How long after its own time stamp each picture is shown, milliseconds. */
  get delay(): Millis {
    return this.#delay;
  }

  get isOpen(): boolean {
    return this.#connection.peek() === 'open';
  }

  station(id: string): LiveStation | undefined {
    return this.#stations.peek().find((each) => each.id === id);
  }

  /** The server's clock (Unix epoch); null until it is known. */
  now(): Millis | null {
    return this.#offset === null ? null : Millis(pageTimers.now() + this.#offset);
  }

  /** The server's clock at a moment of `performance.now()`. */
  serverTime(pageTime: Millis): Millis | null {
    return this.#offset === null ? null : Millis(performance.timeOrigin + pageTime + this.#offset);
  }

  /** Registers a user of channels: it is notified of connections and stations. */
  join(user: ChannelUser): void {
    this.#users.add(user);
  }

  leave(user: ChannelUser): void {
    this.#users.delete(user);
    for (const [channel, each] of this.#channels) if (each === user) this.stop(channel);
  }

  /** Opens a channel. Numbers are not reused soon, so that frames under way for an old channel are not misdelivered. */
  tune(user: ChannelUser, request: { station: string; at?: Millis; until: Millis | null }): number {
    do this.#lastChannel = (this.#lastChannel + 1) % CHANNELS;
    while (this.#channels.has(this.#lastChannel));
    const channel = this.#lastChannel;
    this.#channels.set(channel, user);
    const audio = this.languages.length === 0 ? {} : { audio: [...this.languages] };
    this.send({ type: 'tune', channel, ...request, ...audio });
    return channel;
  }

  /** Whether the channel is open. */
  has(channel: number): boolean {
    return this.#channels.has(channel);
  }

  stop(channel: number): void {
    if (this.#channels.delete(channel)) this.send({ type: 'stop', channel });
  }

  send(message: ClientMessage): void {
    this.#worker.postMessage({ type: 'send', message });
  }

  wantThumbnails(stations: readonly string[]): void {
    this.#wanted = [...new Set(stations)];
    this.send({ type: 'thumbnails', stations: [...this.#wanted] });
  }

  /** The network may have changed. */
  wake(): void {
    this.#worker.postMessage({ type: 'wake' });
  }

  close(): void {
    this.#worker.terminate();
    this.#users.clear();
    this.#channels.clear();
    this.#thumbnails.close();
  }

  #onWorkerMessage(data: FromWorker): void {
    switch (data.type) {
      case 'clock':
        this.#offset = data.offset;
        break;
      case 'connection':
        this.#onConnection(data.connection);
        break;
      case 'message':
        this.#onMessage(data.message);
        break;
      case 'media':
        this.#deliver(data.frame);
        break;
    }
  }

  #onConnection(connection: Connection): void {
    this.#connection.value = connection;
    this.#channels.clear();
    if (connection !== 'open') return;
    if (this.#wanted.length > 0) this.send({ type: 'thumbnails', stations: [...this.#wanted] });
    for (const user of [...this.#users]) user.onStations();
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#delay = Millis(message.delay);
        break;
      case 'stations':
        batch(() => {
          this.#stations.value = message.stations;
          if (this.isOpen) for (const user of [...this.#users]) user.onStations();
        });
        break;
      case 'moved':
        this.#channels.get(message.channel)?.onMoved();
        break;
      case 'ended':
        this.#end(message.channel, message.problem);
        break;
      case 'problem':
        if (message.channel !== undefined) this.#end(message.channel, message.problem);
        break;
    }
  }

  #end(channel: number, problem: LiveProblem): void {
    const user = this.#channels.get(channel);
    this.#channels.delete(channel);
    user?.onEnded(problem);
  }

  #deliver(frame: ArrayBuffer): void {
    const header = readFrameHeader(new DataView(frame));
    if (header === null) return;
    const data = new Uint8Array(frame, LIVE_HEADER_LENGTH);
    if (header.kind !== FrameKind.thumbnail) {
      this.#channels.get(header.channel)?.onMedia(header, data);
      return;
    }
    const station = this.#stations.peek().find(({ number }) => number === header.channel);
    if (station) this.#thumbnails.put(station.id, data);
  }
}
