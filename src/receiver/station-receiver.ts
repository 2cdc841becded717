/** A station received: the sockets, timers and promises around controller.ts. */

import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import { FEC_PORT_OFFSETS, REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import type { ClockAnswer, Replaying, Tuned } from '../control/client-state.js';
import type { FlowRequest } from '../control/flows.js';
import { Refusal } from '../control/refusal.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import type { Feedback } from '../wire/feedback.js';
import type { StationInfo } from '../wire/station-info.js';
import type { ReceiverStats } from './receiver-stats.js';
import type { StreamBuffer, StreamBufferOptions } from './stream-buffer.js';
import { StreamController, type Target } from './stream-controller.js';

export type { Target } from './stream-controller.js';

/** What `openGroupBatched` of src/multicast does; handed in, so that tests need no network. */
export type OpenGroup = (options: {
  group: string;
  port: number;
  localAddress: string;
  latency?: Millis;
  onDatagrams: (batch: ReceivedBatch) => void;
  onError: (error: Error) => void;
}) => Promise<{ close(): Promise<void> }>;

/** What of a session with the station's server is used. */
export interface ServerLink {
  feedback(feedback: Omit<Feedback, 'cookie'>): void;
  replay(request: FlowRequest): Promise<Replaying>;
  check(): void;
}

export interface StationReceiverOptions {
  station: StationInfo;
  /** Address of the interface on which the group is joined. */
  localAddress: string;
  /** Addresses of further interfaces that it is joined on. */
  also?: readonly string[];
  openGroup: OpenGroup;
  /** How long packets may wait to be taken together. */
  latency?: Millis;
  buffer?: StreamBufferOptions;
  /** How long a missing packet is waited for; longer by whoever has unread packets before it. */
  deadline?: Millis;
  /** How much faster than the station replays may be. */
  speed?: number;
  timers?: Timers;
  /** Runs what it is given once the datagrams at hand have been handed over. */
  soon?: (run: () => void) => void;
  random?: () => number;
  /** A socket failed after it was opened, or the server did not send what it was asked for: reception goes on without. */
  onError: (error: Error) => void;
}

export interface StationReceiver {
  readonly station: StationInfo;
  /** What was received; a seek replaces it by another. */
  readonly buffer: StreamBuffer;
  /** Whether the group feeds the stream, or else the server alone. */
  readonly isLive: boolean;
  /** How far back the station reaches (Unix epoch); null while the server has not said. */
  readonly oldest: Millis | null;
  /** The server's clock (Unix epoch), as far as is known; null while it has not answered. */
  serverNow(): Millis | null;
  report(): ReceiverStats;
  /**
   * Goes on elsewhere. Resolves with the buffer from then on, whose first unit is what was asked for; the one before gets
   * nothing more. Rejects with a Problem where the server will not or cannot: then the stream goes on as it was.
   */
  seek(target: Target): Promise<StreamBuffer>;
  /** Leaves the group and ends the buffer, which then has what came until now. Further calls do nothing. */
  close(): Promise<void>;
}

const DEADLINE: Millis = 200;
/** What packets wait at most to be taken together where nothing else is said. */
const VIEWERS_LATENCY: Millis = 20;
/** Who lets packets wait has more time: so much after what came was looked at. */
const DEADLINE_AFTER_LOOK: Millis = 1_000;
const SPEED = 10;

/** A receiver whose session is somebody else's to hold. */
export class Receiver implements StationReceiver {
  readonly #options: StationReceiverOptions;
  readonly #controller: StreamController;
  readonly #timers: Timers;
  readonly #soon: (run: () => void) => void;
  readonly #sockets: { close(): Promise<void> }[] = [];
  #link: ServerLink | null = null;
  #timer: { at: Millis; cancel: () => void } | null = null;
  #isAdvancing = false;
  #closed: Promise<void> | null = null;

  constructor(options: StationReceiverOptions) {
    const { station, buffer, latency = VIEWERS_LATENCY, also = [] } = options;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#soon = options.soon ?? setImmediate;
    const late = 2 * latency + DEADLINE_AFTER_LOOK;
    const deadline = options.deadline ?? (latency > DEADLINE ? late : DEADLINE);
    this.#controller = new StreamController({
      station,
      buffer,
      deadline,
      paths: 1 + also.length,
      latency,
      speed: options.speed ?? SPEED,
      random: options.random ?? Math.random,
      orders: {
        feedback: (feedback) => this.#link?.feedback(feedback),
        check: () => this.#link?.check(),
        replay: (request) => this.#replay(request),
        hasRoom: () => this.#advanceSoon(),
      },
    });
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

  /** A number for the burst to ask for when tuning. */
  burst(): { flow: number } {
    return { flow: this.#controller.nextFlow() };
  }

  /** Joins the group; what comes is kept until `begin`. Rejects with what `openGroup` rejects with. */
  async join(): Promise<void> {
    const { station, localAddress, also = [] } = this.#options;
    const paths = [localAddress, ...also].map((address, path) =>
      this.#open(address, station.port, (batch) => this.#controller.takeGroup(batch, this.#timers.now(), path)),
    );
    const parity = (station.fec === undefined ? [] : Object.values(FEC_PORT_OFFSETS)).map((offset) =>
      this.#open(localAddress, station.port + offset, (batch) =>
        this.#controller.takeParity(batch, this.#timers.now()),
      ),
    );
    const opened = await Promise.allSettled([...paths, ...parity]);
    const failed = opened.find(({ status }) => status === 'rejected');
    if (failed?.status !== 'rejected') return;
    await this.close();
    throw failed.reason;
  }

  /**
   * Begins with what the server said on being asked to tune, or without it where it said nothing. With a target other
   * than the present the server is asked for that first; rejects with a Problem where it will not.
   */
  async begin(tuned: Tuned | null, link: ServerLink | null, start: Target = { kind: 'live' }): Promise<void> {
    this.#link = link;
    if (link !== null) await this.#joinRepairs();
    const isElsewhere = start.kind !== 'live';
    this.#controller.tuned(tuned, this.#timers.now(), isElsewhere);
    this.#arm();
    if (isElsewhere) await this.seek(start);
  }

  /** A retransmission came from the server to us alone. Its memory is ours. */
  media(datagram: Buffer): void {
    if (this.#closed !== null) return;
    this.#controller.takeOwn(datagram, this.#timers.now());
    this.#advanceSoon();
  }

  /** The server said what time it is. */
  heardClock({ serverTime, roundTrip }: ClockAnswer): void {
    this.#controller.heardClock(serverTime, roundTrip, this.#timers.now());
  }

  /** The server does not answer any more. */
  serverLost(): void {
    this.#controller.serverLost(this.#timers.now());
  }

  /** It does again, or another that sends the station is asked from now on; `tuned` is its last answer to tuning. */
  serverBack(tuned: Tuned | null, link = this.#link): void {
    this.#link = link;
    this.#controller.serverBack(tuned, this.#timers.now());
    this.#advance();
  }

  /** The session is another station's from now on: this one goes on by its group alone. */
  release(): void {
    this.#link = null;
    this.serverLost();
  }

  async seek(target: Target): Promise<StreamBuffer> {
    const link = this.#link;
    if (link === null) {
      if (target.kind !== 'live') throw this.#noServer();
      this.#controller.goLive(this.#timers.now());
      return this.buffer;
    }
    const request = this.#controller.seek(target);
    try {
      const answer = await link.replay(request);
      this.#controller.begun(answer, this.#timers.now());
    } catch (error) {
      this.#controller.failed();
      if (target.kind !== 'live') throw error;
      this.#controller.goLive(this.#timers.now());
      this.#tell(error);
    }
    this.#arm();
    return this.buffer;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
    this.release();
    this.#timer?.cancel();
    this.#timer = null;
    this.buffer.finish();
  }

  /** Only who has numbers from a server knows what they repair. Without them reception goes on. */
  async #joinRepairs(): Promise<void> {
    const { station, localAddress } = this.#options;
    const take = (batch: ReceivedBatch): void => this.#controller.takeShared(batch, this.#timers.now());
    await this.#open(localAddress, station.port + REPAIR_PORT_OFFSET, take).catch((error) => this.#tell(error));
  }

  async #open(localAddress: string, port: number, take: (batch: ReceivedBatch) => void): Promise<void> {
    const { openGroup, latency, onError, station } = this.#options;
    const onDatagrams = (batch: ReceivedBatch): void => {
      take(batch);
      this.#arm();
    };
    const socket = await openGroup({ group: station.group, port, localAddress, latency, onDatagrams, onError });
    if (this.#closed === null) this.#sockets.push(socket);
    else await socket.close();
  }

  #replay(request: FlowRequest): void {
    const link = this.#link;
    if (link === null) return;
    link.replay(request).then(
      (answer) => {
        this.#controller.replaying(answer, this.#timers.now());
        this.#arm();
      },
      (error: unknown) => {
        const isRefusal = error instanceof Refusal;
        if (this.#controller.refused(request.flow, isRefusal, this.#timers.now())) this.#tell(error);
      },
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
    this.#controller.advance(this.#timers.now());
    this.#arm();
  }

  /** Sets the timer for what cannot wait for the next datagrams. */
  #arm(): void {
    const at = this.#controller.wakeAt;
    if (at === Number.POSITIVE_INFINITY || this.#closed !== null) return;
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const run = (): void => {
      this.#timer = null;
      this.#advance();
    };
    this.#timer = { at, cancel: this.#timers.after(Math.max(0, at - this.#timers.now()), run) };
  }

  #tell(error: unknown): void {
    this.#options.onError(error instanceof Error ? error : new Error(String(error)));
  }

  #noServer(): Problem {
    const { name, server } = this.station;
    return new Problem('server', `${server} does not answer, and only it has the past of ${name}`, 'Try again later.');
  }
}

/** Joins the station's group, to receive it without asking its server. Rejects with what `openGroup` rejects with. */
export async function receiveStation(options: StationReceiverOptions): Promise<StationReceiver> {
  const receiver = new Receiver(options);
  await receiver.join();
  await receiver.begin(null, null);
  return receiver;
}
