/** Being tuned: the session with the station's server, and its group received. */

import { messageOf, nullIfProblem, Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { openSession, type Session, type Tuned } from '../control/client.js';
import type { FoundStation, StationServer } from '../discovery/find.js';
import { openGroupBatched } from '../net/receive-batched.js';
import type { MessageKey } from '../wire/seal.js';
import { isTransport } from '../wire/station-format.js';
import type { StationInfo } from '../wire/station-info.js';
import { race } from './race.js';
import { SilentServers } from './silent-servers.js';
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
  /** How long a recorder waits for what a server can still send; undefined for viewers. */
  patience?: Millis;
  /**
   * Finds the station again, where its server does not answer or nothing of it arrives: it may have moved. null: not found.
   */
  search?: (key: string) => Promise<FoundStation | null>;
  /** Period of asking the server for its clock; undefined: that of keeping the session alive. */
  keepAlive?: Millis;
  /** Speed of replays, as a multiple of the station's rate. */
  speed?: number;
  /** Of messages to servers; without one, only servers without one answer. */
  key?: MessageKey;
  /** Servers that were silent; those of a process share it. */
  silent?: SilentServers;
  timers?: Timers;
  /** Random numbers from 0 to 1. */
  random?: () => number;
}

/** How often a tuner looks whether its station still arrives, and without a packet for how long it is searched for. */
const WATCH_PERIOD = Millis(500);
const SILENCE = Millis(700);
/** Time without an answer after which a server counts as silent: longer than a busy server takes. */
const UNANSWERED = Millis(200);

/** Whether the same receiver receives both. */
const isSameStream = (a: StationInfo, b: StationInfo): boolean =>
  a.group === b.group && a.port === b.port && a.ssrc === b.ssrc && a.format === b.format;

/** A session, and the server that it is with. */
interface Link {
  readonly session: Session;
  readonly server: StationServer;
  isLost: boolean;
  /** Packets to us alone that came before the session was chosen. */
  readonly early: Buffer[];
}

/** A server that has answered. */
interface Answer {
  readonly link: Link;
  readonly tuned: Tuned;
}

/** Packets of a session that are kept until it is chosen: a server's answer comes before all but a few of them. */
const MOST_EARLY = 256;

const isSameServer = (a: StationServer, b: StationServer): boolean => a.address === b.address && a.port === b.port;

/**
 * Responsible for:
 * - one session, with one of the servers that send the station: any of them, asked in random order, and the next soon if it is
 *   silent; turning to another when the server is lost, or sends nothing that it is asked for
 * - asking the server and joining the group at the same moment
 * - receiving the group although no server answers: packets may come all the same
 */
export class Tuner {
  readonly #events: TunerEvents;
  readonly #options: TunerOptions;
  readonly #network: TunerNetwork;
  readonly #silent: SilentServers;
  readonly #timers: Timers;
  #link: Link | null = null;
  #receiver: Receiver | null = null;
  /** The receiver of the packets that the server sends to us alone. */
  #asking: Receiver | null = null;
  #found: FoundStation | null = null;
  #isPaused = false;
  #tunedAt = Millis(0);
  #watches = 0;
  #cancelWatch: () => void = () => undefined;
  /** Counts what ends a search for another server. */
  #turns = 0;
  #isTurning = false;
  #isTuning = false;

  constructor(events: TunerEvents, options: TunerOptions = {}, using: TunerNetwork = network) {
    this.#events = events;
    this.#options = options;
    this.#network = using;
    this.#silent = options.silent ?? new SilentServers();
    this.#timers = options.timers ?? systemTimers;
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
    const { info } = found;
    const servers = this.#inOrder(found.servers);
    const { localAddress } = servers[0]!;
    let receiver = this.#receiverOf(info, localAddress, servers);
    this.#asking = receiver;
    const joining = receiver.join();
    joining.catch(() => undefined); // awaited below
    const answer = await this.#ask(info, servers, receiver, start === undefined);
    const answeredAt = this.#timers.now();
    await joining;
    // Joining takes long on a busy machine, and the answer's time has gone on.
    const waited = this.#timers.now() - answeredAt;
    const tuned = answer && { ...answer, roundTrip: Millis(answer.roundTrip + waited) };
    this.#receiver?.release();
    const by = this.#pathTo(this.#link?.server.localAddress ?? localAddress, localAddress);
    if (tuned && (by !== localAddress || !isSameStream(tuned.station, info))) {
      await receiver.close();
      receiver = this.#receiverOf(tuned.station, by, servers);
      this.#asking = receiver;
      await receiver.join();
    }
    this.#receiver = receiver;
    this.#found = found;
    this.#isPaused = false;
    this.#tunedAt = this.#timers.now();
    this.#watch();
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
    this.#receiver?.setServers(found.servers);
    if (!this.#isTurning) this.#turnIfLost();
  }

  /** Looks from time to time whether the station has to be searched for again. */
  #watch(): void {
    const { search } = this.#options;
    const timers = this.#timers;
    const watch = ++this.#watches;
    this.#cancelWatch();
    if (search === undefined) return;
    this.#cancelWatch = timers.after(WATCH_PERIOD, async () => {
      const key = this.#found?.key;
      if (key !== undefined && this.#isInTrouble(timers.now())) {
        const found = await search(key).catch(nullIfProblem);
        if (found !== null) this.update(found);
      }
      if (watch === this.#watches) this.#watch();
    });
  }

  #isInTrouble(now: Millis): boolean {
    const { latency = Millis(0) } = this.#options;
    const quietSince = Math.max(this.#receiver?.report().lastArrival ?? 0, this.#tunedAt);
    return (this.#link?.isLost ?? true) || now - quietSince > SILENCE + latency;
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
    this.#watches++;
    this.#cancelWatch();
    this.#receiver = null;
    this.#asking = null;
    this.#link = null;
    await Promise.all([receiver?.close(), link?.session.exit()]);
  }

  #receiverOf(station: StationInfo, localAddress: string, servers: readonly StationServer[]): Receiver {
    const { buffer, latency, also, deadline, patience, speed } = this.#options;
    const { openGroup } = this.#network;
    const receiver: Receiver = new Receiver({
      ...{ station, localAddress, also, servers, openGroup, latency, buffer, deadline, patience, speed },
      timers: this.#timers,
      onError: (error) => this.#report(error),
      onUnanswered: () => this.#turnIfUnanswered(receiver),
    });
    return receiver;
  }

  #inOrder(servers: readonly StationServer[]): StationServer[] {
    const ordered = this.#silent.inOrder(servers, this.#options.random ?? Math.random, this.#timers.now());
    // The group is received on the interface of the first; on further ones it is received in any case.
    const { also = [] } = this.#options;
    const isFurther = (server: StationServer): boolean => also.includes(server.localAddress);
    return [...ordered.filter((server) => !isFurther(server)), ...ordered.filter(isFurther)];
  }

  /** The interface for the group where the server is reached at `by`: not one on which it is received in any case. */
  #pathTo(by: string, localAddress: string): string {
    return this.#options.also?.includes(by) ? localAddress : by;
  }

  /** Asks the servers until one has the station, the one of the session first; null where none does. */
  async #ask(
    info: StationInfo,
    servers: readonly StationServer[],
    receiver: Receiver,
    isLive: boolean,
  ): Promise<Tuned | null> {
    // A player begins with any JPEG picture: the next is as good.
    const wantsBurst = isLive && this.#options.burst !== false && isTransport(info.format);
    const burst = wantsBurst ? receiver.burst() : undefined;
    const turn = ++this.#turns;
    const before = this.#link;
    const isBefore = (server: StationServer): boolean => before !== null && isSameServer(server, before.server);
    const isGood = ({ tuned }: Answer): boolean =>
      isSameStream(tuned.station, info) && (burst === undefined || tuned.burst !== null);
    const others = servers
      .filter((server) => !isBefore(server))
      .map((server) => () => this.#tuneTo(server, info, burst));
    let tries = others;
    if (before !== null && servers.some(isBefore)) {
      tries = [() => this.#answer(before, () => before.session.change(info.id, burst)), ...others];
    } else {
      void before?.session.exit();
      this.#link = null;
    }
    try {
      const { link, tuned } = await this.#firstOf(tries, isGood);
      if (turn !== this.#turns) {
        void link.session.exit();
        return null;
      }
      if (link !== before) void before?.session.exit();
      this.#choose(link);
      return tuned;
    } catch (error) {
      this.#report(error);
      return null;
    }
  }

  #firstOf(tries: readonly (() => Promise<Answer>)[], isGood: (answer: Answer) => boolean): Promise<Answer> {
    const drop = ({ link }: Answer): void => {
      if (this.#link !== link) void link.session.exit();
    };
    return race(tries, { timers: this.#timers, isGood, drop });
  }

  /** Opens a session with a server and tunes it. */
  async #tuneTo(server: StationServer, info: StationInfo, burst?: { flow: number }): Promise<Answer> {
    const link = await this.#open(server);
    try {
      return await this.#answer(link, () => link.session.tune(info.id, burst));
    } catch (error) {
      void link.session.exit();
      throw error;
    }
  }

  /** A server that has not answered within UNANSWERED counts as silent. */
  async #answer(link: Link, ask: () => Promise<Tuned>): Promise<Answer> {
    const cancel = this.#timers.after(UNANSWERED, () => this.#silent.note(link.server, this.#timers.now()));
    try {
      return { link, tuned: await ask() };
    } finally {
      cancel();
    }
  }

  /** The session is the one that is used from now on. */
  #choose(link: Link): void {
    this.#link = link;
    for (const datagram of link.early.splice(0)) this.#asking?.media(datagram);
  }

  async #open(server: StationServer): Promise<Link> {
    const { address, port, localAddress } = server;
    const session = await this.#network.openSession({
      address,
      port,
      localAddress,
      onMedia: (datagram) => {
        if (this.#link === link) this.#asking?.media(datagram);
        else if (link.early.length < MOST_EARLY) link.early.push(datagram);
      },
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
    const link: Link = { session, server, isLost: false, early: [] };
    return link;
  }

  /** Tuning asks the servers itself: two that ask at the same time would both open sessions. */
  #turnIfLost(): void {
    const link = this.#link;
    if (link?.isLost && !this.#isTuning) void this.#turnFrom(link, this.#others(link), () => link.isLost);
  }

  /** The server sends nothing that it was asked for; another may. */
  #turnIfUnanswered(receiver: Receiver): void {
    const link = this.#link;
    if (receiver !== this.#receiver || link === null || link.isLost || this.#isTuning || this.#isTurning) return;
    const now = this.#timers.now();
    this.#silent.note(link.server, now);
    const others = this.#others(link).filter((server) => !this.#silent.isSilent(server, now));
    if (others.length > 0) void this.#turnFrom(link, others, () => true);
  }

  #others({ server }: Link): StationServer[] {
    const servers = this.#found?.servers ?? [];
    return this.#inOrder(servers).filter((other) => !isSameServer(other, server));
  }

  /** Goes on with one of `others`, unless the server is wanted again before. The group is received meanwhile. */
  async #turnFrom(left: Link, others: readonly StationServer[], isUnwanted: () => boolean): Promise<void> {
    const info = this.#found?.info;
    if (info === undefined || others.length === 0) return;
    const turn = ++this.#turns;
    this.#isTurning = true;
    const isGood = ({ tuned }: Answer): boolean => isSameStream(tuned.station, info);
    const tries = others.map((server) => () => this.#tuneTo(server, info));
    const answer = await this.#firstOf(tries, isGood).catch(nullIfProblem);
    this.#isTurning = false;
    if (answer === null) return;
    const { link, tuned } = answer;
    if (turn !== this.#turns || !isUnwanted() || !isGood(answer)) {
      void link.session.exit();
      return;
    }
    this.#choose(link);
    void left.session.exit();
    if (this.#isPaused) this.pause();
    this.#receiver?.serverBack(tuned, link.session);
    if (left.isLost) this.#events.onServer(false);
    else this.#report(unanswered(left.server, link.server));
  }

  #report(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.#events.onTrouble(error);
  }
}

const unanswered = (left: StationServer, next: StationServer): Problem =>
  new Problem(
    'server',
    `The server ${left.name} (${left.address}:${left.port}) sends no packets that it is asked for`,
    `Reception goes on with ${next.name} (${next.address}:${next.port}), which sends the same station.`,
  );

/** A problem in one line. */
export const troubleLine = (problem: Problem): string => `${messageOf(problem)}. ${problem.next}`;
