/** Being tuned: the session with the station's server, and its group received. */

import { messageOf, nullIfProblem, Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import { openSession, type Session, type Tuned } from '../control/client.js';
import type { FoundStation, StationServer } from '../discovery/find.js';
import { openGroupBatched } from '../net/receive-batched.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { Receiver, type StationReceiver, type Target } from './station-receiver.js';
import type { StreamBufferOptions } from './stream-buffer.js';

/** The functions of the network; tests pass others. */
export interface TunerNetwork {
  openSession: typeof openSession;
  openGroup: typeof openGroupBatched;
}

const network: TunerNetwork = { openSession, openGroup: openGroupBatched };

export interface TunerEvents {
  /** The server of the station stopped answering, or is back. */
  onServer: (lost: boolean) => void;
  /** A failure despite which reception goes on. */
  onTrouble: (problem: Problem) => void;
}

export interface TunerOptions {
  buffer?: StreamBufferOptions;
  /** How long datagrams can wait in a socket to be taken together; undefined: the default for viewers. */
  latency?: Millis;
  /** Addresses of further interfaces on which the group is received. */
  also?: readonly string[];
  /** Whether a burst is requested, which lets a player begin at once; default true. */
  burst?: boolean;
  /** How long a missing packet is waited for. */
  deadline?: Millis;
  /** Period of asking the server for its clock; undefined: that of keeping the session alive. */
  keepAlive?: Millis;
  /** Speed of replays, as a multiple of the station's rate. */
  speed?: number;
  /** Of messages to servers; without one, only servers without one answer. */
  key?: MessageKey;
}

/** Whether the same receiver receives both. */
const isSameStream = (a: StationInfo, b: StationInfo): boolean =>
  a.group === b.group && a.port === b.port && a.ssrc === b.ssrc && a.format === b.format;

/** A session, and the server that it is with. */
interface Link {
  readonly session: Session;
  readonly server: StationServer;
  isLost: boolean;
}

const isSameServer = (a: StationServer, b: StationServer): boolean => a.address === b.address && a.port === b.port;

/**
 * Responsible for:
 * - one session, with one of the servers that send the station; turning to the next of them when that one is lost
 * - asking the server and joining the group at the same moment
 * - receiving the group although no server answers: packets may come all the same
 */
export class Tuner {
  readonly #events: TunerEvents;
  readonly #options: TunerOptions;
  readonly #network: TunerNetwork;
  #link: Link | null = null;
  #receiver: Receiver | null = null;
  /** The receiver of the packets that the server sends to us alone. */
  #asking: Receiver | null = null;
  #found: FoundStation | null = null;
  #isPaused = false;
  /** Counts what ends a search for another server. */
  #turns = 0;
  #isTurning = false;
  #isTuning = false;

  constructor(events: TunerEvents, options: TunerOptions = {}, using: TunerNetwork = network) {
    this.#events = events;
    this.#options = options;
    this.#network = using;
  }

  get current(): StationReceiver | null {
    return this.#receiver;
  }

  /**
   * Receives the station beside the one before, which is received from its group until it is closed, so that its picture
   * stays. It begins at `start`, or with what is on the air. Rejects with a Problem when the group cannot be joined, or
   * that beginning is not available.
   */
  async tune(found: FoundStation, start?: Target): Promise<StationReceiver> {
    this.#isTuning = true;
    try {
      return await this.#tune(found, start);
    } finally {
      this.#isTuning = false;
      this.#turnIfLost();
    }
  }

  async #tune(found: FoundStation, start?: Target): Promise<StationReceiver> {
    const { info, servers } = found;
    const { localAddress } = servers[0];
    let receiver = this.#receiverOf(info, localAddress);
    this.#asking = receiver;
    const joining = receiver.join();
    joining.catch(() => undefined); // awaited below
    const tuned = await this.#ask(found, receiver, start === undefined);
    await joining;
    this.#receiver?.release();
    if (tuned && !isSameStream(tuned.station, info)) {
      await receiver.close();
      receiver = this.#receiverOf(tuned.station, localAddress);
      this.#asking = receiver;
      await receiver.join();
    }
    this.#receiver = receiver;
    this.#found = found;
    this.#isPaused = false;
    try {
      await receiver.begin(tuned, tuned === null ? null : (this.#link?.session ?? null), start);
    } catch (error) {
      await receiver.close();
      throw error;
    }
    return receiver;
  }

  /** Takes the servers that a later search found for the current station: a lost session turns to one of them. */
  update(found: FoundStation): void {
    if (this.#found?.key !== found.key) return;
    this.#found = found;
    if (!this.#isTurning) this.#turnIfLost();
  }

  /** Notifies the server; without an answer nothing changes. */
  pause(): void {
    this.#isPaused = true;
    this.#link?.session.pause().catch((error: unknown) => this.#report(error));
  }

  resume(): void {
    this.#isPaused = false;
    this.#link?.session.resume().catch((error: unknown) => this.#report(error));
  }

  /** Leaves the group and the server. */
  async close(): Promise<void> {
    const receiver = this.#receiver;
    const link = this.#link;
    this.#turns++;
    this.#receiver = null;
    this.#asking = null;
    this.#link = null;
    await Promise.all([receiver?.close(), link?.session.exit()]);
  }

  #receiverOf(station: StationInfo, localAddress: string): Receiver {
    const { buffer, latency, also, deadline, speed } = this.#options;
    const { openGroup } = this.#network;
    const onError = (error: Error): void => this.#report(error);
    return new Receiver({ station, localAddress, also, openGroup, latency, buffer, deadline, speed, onError });
  }

  /** Asks the servers one after another, until one has the station; null where none does. */
  async #ask({ info, servers }: FoundStation, receiver: Receiver, isLive: boolean): Promise<Tuned | null> {
    // A player begins with any JPEG picture: the next is as good.
    const wantsBurst = isLive && this.#options.burst !== false && info.format === 'h264';
    const burst = wantsBurst ? receiver.burst() : undefined;
    this.#turns++;
    const before = this.#link;
    const isKnown = (server: StationServer): boolean => before !== null && isSameServer(server, before.server);
    let problem: unknown;
    if (before !== null && servers.some(isKnown)) {
      try {
        return await before.session.change(info.id, burst);
      } catch (error) {
        problem = error;
      }
    }
    for (const server of servers) {
      if (isKnown(server)) continue;
      void this.#link?.session.exit();
      this.#link = null;
      try {
        this.#link = await this.#open(server);
        return await this.#link.session.tune(info.id, burst);
      } catch (error) {
        problem ??= error;
      }
    }
    this.#report(problem);
    return null;
  }

  async #open(server: StationServer): Promise<Link> {
    const { address, port, localAddress } = server;
    const session = await this.#network.openSession({
      address,
      port,
      localAddress,
      onMedia: (datagram) => this.#asking?.media(datagram),
      onClock: (answer) => {
        if (this.#link === link) this.#receiver?.addClock(answer);
      },
      keepAlive: this.#options.keepAlive,
      key: this.#options.key,
      onLost: () => {
        link.isLost = true;
        if (this.#link !== link) return;
        this.#receiver?.serverLost();
        this.#events.onServer(true);
        this.#turnIfLost();
      },
      onRecovered: (tuned) => {
        link.isLost = false;
        if (this.#link !== link) return;
        this.#receiver?.serverBack(tuned);
        this.#events.onServer(false);
      },
    });
    const link: Link = { session, server, isLost: false };
    return link;
  }

  /** Tuning asks the servers itself: two that ask at the same time would both open sessions. */
  #turnIfLost(): void {
    if (this.#link?.isLost && !this.#isTuning) void this.#turnFrom(this.#link);
  }

  /** Goes on with another server of the station, unless the lost one is back before. The group is received meanwhile. */
  async #turnFrom(lost: Link): Promise<void> {
    this.#isTurning = true;
    await this.#tryOthers(lost, ++this.#turns);
    this.#isTurning = false;
  }

  async #tryOthers(lost: Link, turn: number): Promise<void> {
    const { info, servers } = this.#found ?? { servers: [] };
    for (const server of servers) {
      if (info === undefined || isSameServer(server, lost.server)) continue;
      const link = await this.#open(server).catch(nullIfProblem);
      const tuned = (await link?.session.tune(info.id).catch(nullIfProblem)) ?? null;
      if (link !== null && tuned !== null && turn === this.#turns && lost.isLost) {
        this.#link = link;
        void lost.session.exit();
        if (this.#isPaused) this.pause();
        this.#receiver?.serverBack(tuned, link.session);
        this.#events.onServer(false);
        return;
      }
      void link?.session.exit();
      if (turn !== this.#turns || !lost.isLost) return;
    }
  }

  #report(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.#events.onTrouble(error);
  }
}

/** A problem in one line. */
export const troubleLine = (problem: Problem): string => `${messageOf(problem)}. ${problem.next}`;
