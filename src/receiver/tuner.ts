/** Being tuned: the session with the station's server, and its group received. */

import { messageOf, Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import { openSession, type Session, type Tuned } from '../control/client.js';
import type { FoundStation } from '../discovery/find.js';
import { openGroupBatched } from '../net/receive-batched.js';
import type { StationInfo } from '../wire/station-info.js';
import { Receiver, type StationReceiver, type Target } from './station-receiver.js';
import type { StreamBufferOptions } from './stream-buffer.js';

/** What of sessions and groups is used; others stand in for them in tests. */
export interface TunerNetwork {
  openSession: typeof openSession;
  openGroup: typeof openGroupBatched;
}

const network: TunerNetwork = { openSession, openGroup: openGroupBatched };

export interface TunerEvents {
  /** The server of the station stopped answering, or is back. */
  onServer: (lost: boolean) => void;
  /** Something went wrong that does not end anything. */
  onTrouble: (problem: Problem) => void;
}

export interface TunerOptions {
  buffer?: StreamBufferOptions;
  /** How long packets may wait to be taken together; undefined: as long as suits viewers. */
  latency?: Millis;
  /** Addresses of further interfaces on which the group is received. */
  also?: readonly string[];
  /** Whether the server is asked for what a player begins with; default true. */
  burst?: boolean;
  /** How long a missing packet is waited for. */
  deadline?: Millis;
  /** How often the server is asked for its clock; undefined: as often as keeps the session. */
  keepAlive?: Millis;
  /** How much faster than the station replays may be. */
  speed?: number;
}

/** Whether a receiver of one is a receiver of the other. */
const isSameStream = (a: StationInfo, b: StationInfo): boolean =>
  a.group === b.group && a.port === b.port && a.ssrc === b.ssrc && a.format === b.format;

/**
 * It is in charge of:
 * - one session, with the server whose station is received; leaving it for another server's
 * - asking the server and joining the group at the same moment
 * - receiving the group although the server does not answer: packets may come all the same
 */
export class Tuner {
  private session: Session | null = null;
  private server = '';
  private receiver: Receiver | null = null;
  /** Who is sent what the server sends to us alone. */
  private asking: Receiver | null = null;

  constructor(
    private readonly events: TunerEvents,
    private readonly options: TunerOptions = {},
    private readonly using: TunerNetwork = network,
  ) {}

  get current(): StationReceiver | null {
    return this.receiver;
  }

  /**
   * Receives the station beside the one before, which goes on by its group until it is closed so that its picture stays
   * meanwhile. It begins at `start`, or with what is on the air. Rejects with a Problem when the group cannot be joined, or
   * the beginning that was asked for not be had.
   */
  async tune(found: FoundStation, start?: Target): Promise<StationReceiver> {
    const { localAddress, info } = found;
    let receiver = this.receiverOf(info, localAddress);
    this.asking = receiver;
    const joining = receiver.join();
    joining.catch(() => undefined); // waited for below
    const tuned = await this.ask(found, receiver, start === undefined);
    await joining;
    this.receiver?.release();
    if (tuned && !isSameStream(tuned.station, info)) {
      await receiver.close();
      receiver = this.receiverOf(tuned.station, localAddress);
      this.asking = receiver;
      await receiver.join();
    }
    this.receiver = receiver;
    try {
      await receiver.begin(tuned, tuned === null ? null : this.session, start);
    } catch (error) {
      await receiver.close();
      throw error;
    }
    return receiver;
  }

  /** Tells the server; what it does not hear does not matter. */
  pause(): void {
    this.session?.pause().catch((error: unknown) => this.trouble(error));
  }

  resume(): void {
    this.session?.resume().catch((error: unknown) => this.trouble(error));
  }

  /** Leaves the group and the server. */
  async close(): Promise<void> {
    const { receiver, session } = this;
    this.receiver = null;
    this.asking = null;
    this.session = null;
    await Promise.all([receiver?.close(), session?.exit()]);
  }

  private receiverOf(station: StationInfo, localAddress: string): Receiver {
    const { buffer, latency, also, deadline, speed } = this.options;
    const { openGroup } = this.using;
    const onError = (error: Error): void => this.trouble(error);
    return new Receiver({ station, localAddress, also, openGroup, latency, buffer, deadline, speed, onError });
  }

  private async ask(found: FoundStation, receiver: Receiver, isLive: boolean): Promise<Tuned | null> {
    const { address, controlPort, localAddress, info } = found;
    const server = `${address}:${controlPort}`;
    // A player begins with any JPEG picture: the next is as good.
    const wantsBurst = isLive && this.options.burst !== false && info.format === 'h264';
    const burst = wantsBurst ? receiver.burst() : undefined;
    try {
      if (this.session && this.server === server) return await this.session.change(info.id, burst);
      const before = this.session;
      this.session = null;
      void before?.exit();
      const session = await this.using.openSession({
        address,
        controlPort,
        localAddress,
        onMedia: (datagram) => this.asking?.media(datagram),
        onClock: (answer) => this.receiver?.heardClock(answer),
        keepAlive: this.options.keepAlive,
        onLost: () => {
          this.receiver?.serverLost();
          this.events.onServer(true);
        },
        onRecovered: (tuned) => {
          this.receiver?.serverBack(tuned ?? null);
          this.events.onServer(false);
        },
      });
      this.session = session;
      this.server = server;
      return await session.tune(info.id, burst);
    } catch (error) {
      this.trouble(error);
      return null;
    }
  }

  private trouble(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.events.onTrouble(error);
  }
}

/** For what is said in one line. */
export const troubleLine = (problem: Problem): string => `${messageOf(problem)}. ${problem.next}`;
