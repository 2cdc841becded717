/** Being tuned: the session with the station's server, and its group received. */
import { openSession, type Session, type Tuned } from '../control/client.js';
import { openGroupBatched } from '../multicast/receive-batched.js';
import { messageOf, Problem } from '../problem/problem.js';
import { receiveStation, type StationReceiver } from '../receiver/station-receiver.js';
import type { StreamBufferOptions } from '../receiver/stream-buffer.js';
import type { Millis } from '../wire/time.js';
import type { FoundChannel } from './channels.js';

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

/**
 * It is in charge of:
 * - one session, with the server whose station is received; leaving it for another server's
 * - receiving the group although the server does not answer: packets may come all the same
 */
export class Tuner {
  private session: Session | null = null;
  private server = '';
  private receiver: StationReceiver | null = null;

  constructor(
    private readonly events: TunerEvents,
    private readonly buffer: StreamBufferOptions = {},
    /** How long packets may wait to be taken together; undefined: as long as suits viewers. */
    private readonly latency?: Millis,
    private readonly using: TunerNetwork = network,
  ) {}

  get current(): StationReceiver | null {
    return this.receiver;
  }

  /**
   * Receives the station beside the one before, which goes on until `settle` so that its picture stays meanwhile.
   * Rejects with a Problem when the group cannot be joined.
   */
  async tune(channel: FoundChannel): Promise<StationReceiver> {
    const tuned = await this.ask(channel);
    const receiver = await receiveStation({
      station: tuned?.station ?? channel.info,
      localAddress: channel.found.localAddress,
      openGroup: this.using.openGroup,
      latency: this.latency,
      next: tuned?.next,
      serverTime: tuned?.serverTime,
      buffer: this.buffer,
      onError: (error) => this.trouble(error),
    });
    this.receiver = receiver;
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
    this.session = null;
    await Promise.all([receiver?.close(), session?.exit()]);
  }

  private async ask(channel: FoundChannel): Promise<Tuned | undefined> {
    const { address, controlPort, localAddress, info } = channel.found;
    const server = `${address}:${controlPort}`;
    try {
      if (this.session && this.server === server) return await this.session.change(info.id);
      const before = this.session;
      this.session = null;
      void before?.exit();
      const session = await this.using.openSession({
        address,
        controlPort,
        localAddress,
        onLost: () => this.events.onServer(true),
        onRecovered: () => this.events.onServer(false),
      });
      this.session = session;
      this.server = server;
      return await session.tune(info.id);
    } catch (error) {
      this.trouble(error);
      return undefined;
    }
  }

  private trouble(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    this.events.onTrouble(error);
  }
}

/** For what is said in one line. */
export const troubleLine = (problem: Problem): string => `${messageOf(problem)}. ${problem.next}`;
