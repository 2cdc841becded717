/** A station received: the sockets, timers and promises around a StreamController. */
import { isDeepStrictEqual } from 'node:util';

import { closeTogether } from '../base/closing.js';
import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { FEC_PORT_OFFSETS, REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import type { ClockAnswer, Replaying, Tuned } from '../control/client-state.js';
import type { FlowRequest } from '../control/flows.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import type { Feedback } from '../wire/feedback.js';
import type { StationInfo } from '../wire/station-info.js';
import type { ReceiverStats } from './receiver-stats.js';
import type { Sources } from './source-choice.js';
import { type SourceServer, sourcesAt } from './source-filter.js';
import { StreamBuffer, type StreamBufferOptions } from './stream-buffer.js';
import { StreamController } from './stream-controller.js';
import type { Order, Target } from './stream-orders.js';

export type { Target } from './stream-orders.js';

/** `openGroupBatched` of src/net; passed in, so that tests need no network. */
export type OpenGroup = (options: {
  group: string;
  port: number;
  localAddress: string;
  latency?: Millis;
  /** Addresses whose datagrams are wanted; null: any. */
  sources: readonly string[] | null;
  onDatagrams: (batch: ReceivedBatch) => void;
  onError: (error: Error) => void;
}) => Promise<OpenedGroup>;

export interface OpenedGroup {
  /** Leaves the group until `setSources` joins it again. */
  leave(): void;
  setSources(sources: readonly string[] | null): void;
  close(): Promise<void>;
}

/** The part of a session with the station's server that a receiver uses. */
export interface ServerLink {
  feedback(feedback: Omit<Feedback, 'cookie'>): void;
  replay(request: FlowRequest): Promise<Replaying>;
  check(): void;
}

export interface StationReceiverOptions {
  station: StationInfo;
  /** Address of the interface on which the group is joined. */
  localAddress: string;
  /** Addresses of further interfaces on which it is joined. */
  also?: readonly string[];
  /** The servers of the station: only their packets count, on the interfaces where one is known. */
  servers?: readonly SourceServer[];
  openGroup: OpenGroup;
  /** How long datagrams can wait in a socket to be taken together. */
  latency?: Millis;
  buffer?: StreamBufferOptions;
  /** How long a missing packet is waited for; longer by a reader that has unread packets before it. */
  deadline?: Millis;
  /** How long a recorder waits for what the server can still send; undefined for viewers. */
  patience?: Millis;
  /** Speed of replays, as a multiple of the station's rate. */
  speed?: number;
  timers?: Timers;
  /** Runs its argument once the datagrams at hand have been taken. */
  soon?: (run: () => void) => void;
  random?: () => number;
  /** A socket failed after it was opened, or the server did not send a flow: reception goes on without. */
  onError: (error: Error) => void;
  /** Called when the server has sent nothing for a while of what it was asked for: lost packets, or a flow. */
  onUnanswered?: () => void;
}

export interface StationReceiver {
  readonly station: StationInfo;
  /** The stream; a seek replaces it. */
  readonly buffer: StreamBuffer;
  /** Whether the group feeds the stream, or else the server alone. */
  readonly isLive: boolean;
  /** How far back the station reaches (Unix epoch); null while unknown. */
  readonly oldest: Millis | null;
  /** The server's clock (Unix epoch); null while it has not answered. */
  serverNow(): Millis | null;
  report(): ReceiverStats;
  /**
   * Goes on elsewhere. Resolves with the buffer from then on, whose first unit is the target; the buffer before gets
   * nothing more. Rejects with a Problem where the server refuses or does not answer: the stream then goes on as it was.
   */
  seek(target: Target): Promise<StreamBuffer>;
  /** Packets that are missing and can still come, about. */
  readonly missing: number;
  /**
   * Takes nothing more from the group, waits at most `limit` for what is missing, and closes: the buffer then holds all
   * that came.
   */
  finish(limit: Millis): Promise<void>;
  /** Leaves the group and ends the buffer, which keeps its units. Further calls do nothing. */
  close(): Promise<void>;
}

const VIEWER_LATENCY = Millis(20);
const SPEED = 10;
/** How often a receiver that finishes looks whether anything is missing. */
const FINISH_PERIOD = Millis(50);

/** A receiver with a session that its owner keeps. */
export class Receiver implements StationReceiver {
  readonly #options: StationReceiverOptions;
  readonly #controller: StreamController;
  readonly #timers: Timers;
  readonly #soon: (run: () => void) => void;
  readonly #sockets: { localAddress: string; socket: OpenedGroup }[] = [];
  #servers: readonly SourceServer[];
  /** Whose packets are taken, and whose the sockets are joined for. */
  #believed: Sources = 'servers';
  #joined: Sources = 'servers';
  #link: ServerLink | null = null;
  #timer: { at: Millis; cancel: () => void } | null = null;
  #isAdvancing = false;
  #closed: Promise<void> | null = null;

  constructor(options: StationReceiverOptions) {
    const { station, latency = VIEWER_LATENCY, also = [], deadline, patience } = options;
    const { speed = SPEED, random = Math.random } = options;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#soon = options.soon ?? setImmediate;
    const createBuffer = (): StreamBuffer => {
      const buffer = new StreamBuffer(options.buffer);
      buffer.onRoom = () => this.#advanceSoon();
      return buffer;
    };
    const paths = 1 + also.length;
    this.#controller = new StreamController({
      station,
      createBuffer,
      deadline,
      patience,
      paths,
      latency,
      speed,
      random,
    });
    this.#servers = options.servers ?? [];
    this.#setSources();
  }

  get station(): StationInfo {
    return this.#controller.station;
  }

  get buffer(): StreamBuffer {
    return this.#controller.buffer;
  }

  get isLive(): boolean {
    return this.#controller.isLive;
  }

  get oldest(): Millis | null {
    return this.#controller.oldest;
  }

  serverNow(): Millis | null {
    return this.#controller.serverNow(this.#timers.now());
  }

  report(): ReceiverStats {
    return this.#controller.report();
  }

  /** The servers of the station, as a later search found them. */
  setServers(servers: readonly SourceServer[]): void {
    const { localAddress, also = [] } = this.#options;
    const known = this.#servers;
    this.#servers = servers;
    const at = [localAddress, ...also];
    if (at.every((each) => isDeepStrictEqual(sourcesAt(each, known), sourcesAt(each, servers)))) return;
    this.#controller.forgetSources();
    this.#believed = 'servers';
    this.#joined = 'servers';
    this.#setSources();
  }

  /** A number for the burst to request when tuning. */
  burst(): { flow: number } {
    return { flow: this.#controller.nextFlow() };
  }

  /** Joins the group; its packets are kept until `begin`. Rejects with the error of `openGroup`. */
  async join(): Promise<void> {
    const { station, localAddress, also = [] } = this.#options;
    const controller = this.#controller;
    const paths = [localAddress, ...also].map((address, path) =>
      this.#open(address, station.port, (batch, now) => controller.takeGroup(batch, now, path)),
    );
    const parity = (station.fec === undefined ? [] : Object.values(FEC_PORT_OFFSETS)).map((offset) =>
      this.#open(localAddress, station.port + offset, (batch, now) => controller.takeParity(batch, now)),
    );
    const opened = await Promise.allSettled([...paths, ...parity]);
    const failed = opened.find(({ status }) => status === 'rejected');
    if (failed?.status !== 'rejected') return;
    await this.close();
    throw failed.reason;
  }

  /**
   * Begins with the server's answer to TUNE, or without if there is none. With a target that is not live the server is
   * asked for it first; rejects with a Problem if it refuses.
   */
  async begin(tuned: Tuned | null, link: ServerLink | null, start: Target = { kind: 'live' }): Promise<void> {
    this.#link = link;
    if (link !== null) await this.#joinRepairs();
    const awaitsSeek = start.kind !== 'live';
    this.#perform(this.#controller.tuned(tuned, this.#timers.now(), { awaitsSeek }));
    if (awaitsSeek) await this.seek(start);
  }

  /** Takes a retransmission to us alone, and its memory. */
  media(datagram: Buffer): void {
    if (this.#closed !== null) return;
    this.#controller.takeOwn(datagram, this.#timers.now());
    this.#advanceSoon();
  }

  /** Takes the server's clock. */
  addClock(answer: ClockAnswer): void {
    this.#controller.addClock(answer, this.#timers.now());
  }

  /** The server does not answer any more. */
  serverLost(): void {
    this.#controller.serverLost(this.#timers.now());
  }

  /** It does again, or another server of the station is used from now on; `tuned` is its last answer to TUNE. */
  serverBack(tuned: Tuned | null, link = this.#link): void {
    this.#link = link;
    this.#perform(this.#controller.serverBack(tuned, this.#timers.now()));
  }

  /** The session belongs to another station from now on: this one goes on by its group alone. */
  release(): void {
    this.#link = null;
    this.serverLost();
  }

  async seek(target: Target): Promise<StreamBuffer> {
    const link = this.#link;
    if (link === null) {
      if (target.kind !== 'live') throw this.#noServer();
      this.#perform(this.#controller.goLive(this.#timers.now()));
      return this.buffer;
    }
    const request = this.#controller.seek(target);
    try {
      const answer = await link.replay(request);
      this.#perform(this.#controller.begun(answer, this.#timers.now()));
    } catch (error) {
      this.#controller.failed();
      if (target.kind !== 'live') throw error;
      this.#perform(this.#controller.goLive(this.#timers.now()));
      this.#report(error);
    }
    return this.buffer;
  }

  get missing(): number {
    return this.#controller.sequence.missing;
  }

  async finish(limit: Millis): Promise<void> {
    const timers = this.#timers;
    const end = timers.now() + limit;
    this.#controller.sequence.finish();
    while (!this.#controller.sequence.isComplete && timers.now() < end && this.#closed === null) {
      await new Promise<void>((resolve) => timers.after(FINISH_PERIOD, resolve));
      this.#advance();
    }
    this.#controller.sequence.flush(timers.now());
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await closeTogether(
        this.#sockets.map(
          ({ socket }) =>
            () =>
              socket.close(),
        ),
      );
    } finally {
      this.release();
      this.#timer?.cancel();
      this.#timer = null;
      this.buffer.finish();
    }
  }

  /** Repairs carry packet numbers, which only the server's answer makes useful. Without their group reception goes on. */
  async #joinRepairs(): Promise<void> {
    const { station, localAddress } = this.#options;
    const opening = this.#open(localAddress, station.port + REPAIR_PORT_OFFSET, (batch, now) =>
      this.#controller.takeShared(batch, now),
    );
    await opening.catch((error) => this.#report(error));
  }

  async #open(
    localAddress: string,
    port: number,
    take: (batch: ReceivedBatch, now: Millis) => readonly Order[],
  ): Promise<void> {
    const { openGroup, latency, onError, station } = this.#options;
    const { group } = station;
    const onDatagrams = (batch: ReceivedBatch): void => this.#perform(take(batch, this.#timers.now()));
    const sources = this.#sourcesFor(this.#joined, localAddress);
    const socket = await openGroup({ group, port, localAddress, latency, sources, onDatagrams, onError });
    if (this.#closed === null) this.#sockets.push({ localAddress, socket });
    else await socket.close();
  }

  #sourcesFor(sources: Sources, localAddress: string): readonly string[] | null {
    return sources === 'any' ? null : sourcesAt(localAddress, this.#servers);
  }

  #setSources(): void {
    const { localAddress, also = [] } = this.#options;
    [localAddress, ...also].forEach((address, path) => {
      this.#controller.setSources(path, this.#sourcesFor(this.#believed, address));
    });
    for (const { socket, localAddress: at } of this.#sockets) socket.setSources(this.#sourcesFor(this.#joined, at));
  }

  /** Follows what the stream makes of its sources. */
  #followSources(): void {
    const { believes, joins } = this.#controller.sources(this.#timers.now(), this.#joined);
    if (believes === this.#believed && joins === this.#joined) return;
    this.#believed = believes;
    this.#joined = joins;
    this.#setSources();
  }

  #perform(orders: readonly Order[]): void {
    for (const order of orders) {
      if (order.type === 'feedback') this.#link?.feedback(order.feedback);
      else if (order.type === 'check') this.#link?.check();
      else if (order.type === 'replay') this.#replay(order.request);
      else if (order.type === 'unanswered') this.#options.onUnanswered?.();
      else if (order.type === 'rejoin') this.#rejoin();
      else this.#report(order.error);
    }
    this.#followSources();
    this.#setTimer();
  }

  /** Only when all sockets have left is the group left, and joining it is a report to the network. */
  #rejoin(): void {
    for (const { socket } of this.#sockets) socket.leave();
    this.#setSources();
  }

  #replay(request: FlowRequest): void {
    this.#link?.replay(request).then(
      (answer) => this.#perform(this.#controller.replaying(answer, this.#timers.now())),
      (error: unknown) => this.#perform(this.#controller.refused(request.flow, error, this.#timers.now())),
    );
  }

  #advanceSoon(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    this.#soon(() => {
      this.#isAdvancing = false;
      if (this.#closed === null) this.#advance();
    });
  }

  #advance(): void {
    this.#perform(this.#controller.advance(this.#timers.now()));
  }

  /** For requests that are due before the next datagrams come. */
  #setTimer(): void {
    const at = this.#controller.wakeAt;
    if (at === Number.POSITIVE_INFINITY || this.#closed !== null) return;
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const run = (): void => {
      this.#timer = null;
      this.#advance();
    };
    this.#timer = { at, cancel: this.#timers.after(Millis(Math.max(0, at - this.#timers.now())), run) };
  }

  #report(error: unknown): void {
    this.#options.onError(error instanceof Error ? error : new Error(String(error)));
  }

  #noServer(): Problem {
    const { name, server } = this.station;
    return new Problem('server', `${server} does not answer, and only it has the past of ${name}`, 'Try again later.');
  }
}

/** Joins the station's group, and receives it without its server. Rejects with the error of `openGroup`. */
export async function receiveStation(options: StationReceiverOptions): Promise<StationReceiver> {
  const receiver = new Receiver(options);
  await receiver.join();
  await receiver.begin(null, null);
  return receiver;
}
