/** A viewer's session with a server: the socket, timers and promises around client-state.ts. */
import { randomInt } from 'node:crypto';
import { Problem } from '../base/problem.js';
import type { SocketAddress } from '../base/socket-address.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { CONTROL_PORT } from '../contract/addresses.js';
import { type Endpoint, openEndpoint } from '../net/endpoint.js';
import { RECEIVE_BUFFER } from '../net/receive.js';
import { followInterface } from '../net/reopening.js';
import { encodeFeedback, type Feedback, isRtcp } from '../wire/feedback.js';
import { hasCookie, REQUEST_ID_MODULUS } from '../wire/message.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import {
  ClientState,
  type ClockAnswer,
  type Command,
  type Outcomes,
  type Replaying,
  type Step,
  type Tuned,
  type TuneRequest,
} from './client-state.js';
import type { FlowRequest } from './flows.js';

export type { ClockAnswer, Replaying, Tuned } from './client-state.js';

export interface SessionOptions {
  /** IPv4 address and control port of the server. */
  address: string;
  port?: number;
  /** With it, only replies that are sealed with the same key are believed. */
  key?: MessageKey;
  /** IPv4 address of the local interface; by default the system chooses. */
  localAddress?: string;
  /** Called when the server has not answered for three seconds, or no longer has our station. Requests continue. */
  onLost?: (problem: Problem) => void;
  /** Called when the server is back and the session as before; `tuned` is the latest answer to tuning. */
  onRecovered?: (tuned: Tuned) => void;
  /** Called with the server's time, which each answer to a keep-alive carries. */
  onClock?: (answer: ClockAnswer) => void;
  /** Interval of keep-alives without other requests; default KEEP_ALIVE_PERIOD. */
  keepAlive?: Millis;
  /** Called with each packet that the server sent to us alone: a retransmission. Its memory is the callee's to keep. */
  onMedia?: (datagram: Buffer) => void;
  timers?: Timers;
  /** The first request's id; default random. */
  firstId?: number;
}

/** Every method rejects with a Problem: `server` for silence or a full server, `station` for one it does not have. */
export interface Session {
  /** The server's list, fetched again. */
  stations(): Promise<StationInfo[]>;
  /**
   * Makes the session, or changes its station. Plays. With a burst, the packets that a player begins with arrive as a
   * flow.
   */
  tune(id: string, burst?: TuneRequest['burst']): Promise<Tuned>;
  /** Changes the station of an existing session. Plays. */
  change(id: string, burst?: TuneRequest['burst']): Promise<Tuned>;
  /** Starts a flow of the session's station; rejects with a Refusal where the server refuses. */
  replay(request: FlowRequest): Promise<Replaying>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Sends feedback, which is not acknowledged. Does nothing before the server has given a cookie. */
  feedback(feedback: Omit<Feedback, 'cookie'>): void;
  /** Checks whether the server is there and still has the session; the answer comes by `onLost` and `onRecovered`. */
  check(): void;
  /** Leaves the server, waits briefly for its answer, and closes. Never rejects; further calls do nothing. */
  exit(): Promise<void>;
}

/** RTP's first two bits are 10; control messages begin with an M. */
const isRtp = (datagram: Buffer): boolean =>
  datagram.length > 0 && datagram[0]! >> 6 === 2 && !isRtcp(datagram, 0, datagram.length);

type Waiting = { resolve: (value: never) => void; reject: (problem: Problem) => void };

class UdpSession implements Session {
  readonly #options: SessionOptions;
  readonly #state: ClientState;
  readonly #timers: Timers;
  readonly #server: SocketAddress;
  #endpoint: Endpoint | undefined;
  #cancel: () => void = () => undefined;
  #stopFollowing: () => void = () => undefined;
  #tickets = 0;
  readonly #waiting = new Map<number, Waiting>();
  #exiting: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    const { address, port = CONTROL_PORT, timers = systemTimers } = options;
    this.#options = options;
    this.#server = { address, port };
    this.#timers = timers;
    const firstId = options.firstId ?? randomInt(REQUEST_ID_MODULUS);
    const { keepAlive, key } = options;
    this.#state = new ClientState({ server: this.#server, firstId, keepAlive, key });
  }

  async open(): Promise<void> {
    this.#endpoint = await openEndpoint({
      address: this.#options.localAddress ?? '0.0.0.0',
      // A datagram that cannot be sent counts as lost on the way: retries handle it, then the Problem of silence.
      onError: () => undefined,
      onDatagram: (datagram, from) => {
        if (from.address !== this.#server.address || from.port !== this.#server.port) return;
        if (isRtp(datagram)) this.#options.onMedia?.(datagram);
        else this.#do(this.#state.receive(datagram, this.#timers.now()));
      },
      receiveBuffer: RECEIVE_BUFFER, // a burst arrives faster than anything else
    });
    const { localAddress } = this.#options;
    if (localAddress === undefined) return;
    const endpoint = this.#endpoint;
    this.#stopFollowing = followInterface(localAddress, {
      reopen: (address) => endpoint.reopen(address),
      // The server knows the session by our address and port: asking makes it again.
      onReopened: () => this.#do(this.#state.moved(this.#timers.now())),
      onError: () => undefined, // It counts as silence of the server.
    });
  }

  stations(): Promise<StationInfo[]> {
    return this.#command({ kind: 'stations' });
  }

  tune(id: string, burst?: TuneRequest['burst']): Promise<Tuned> {
    return this.#command({ kind: 'tune', station: id, burst });
  }

  change(id: string, burst?: TuneRequest['burst']): Promise<Tuned> {
    return this.#command({ kind: 'change', station: id, burst });
  }

  replay(request: FlowRequest): Promise<Replaying> {
    return this.#command({ kind: 'replay', request });
  }

  pause(): Promise<void> {
    return this.#command({ kind: 'pause' });
  }

  resume(): Promise<void> {
    return this.#command({ kind: 'resume' });
  }

  feedback(feedback: Omit<Feedback, 'cookie'>): void {
    const { cookie } = this.#state;
    if (!hasCookie(cookie) || this.#exiting !== undefined) return;
    for (const datagram of encodeFeedback({ ...feedback, cookie })) this.#endpoint?.send(datagram, this.#server);
  }

  check(): void {
    if (this.#exiting === undefined) this.#do(this.#state.check(this.#timers.now()));
  }

  exit(): Promise<void> {
    this.#exiting ??= this.#command({ kind: 'exit' }).then(() => {
      this.#cancel();
      this.#stopFollowing();
      return this.#endpoint?.close();
    });
    return this.#exiting;
  }

  #command<W extends Command>(command: W): Promise<Outcomes[W['kind']]> {
    if (this.#exiting !== undefined) {
      return Promise.reject(new Problem('server', 'The session has ended', 'Tune in again.'));
    }
    const ticket = this.#tickets++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      this.#do(this.#state.command(command, ticket, this.#timers.now()));
    });
  }

  #do({ send, outcomes, events }: Step): void {
    for (const datagram of send) this.#endpoint?.send(datagram, this.#server);
    this.#cancel();
    const wakeAt = this.#state.wakeAt;
    if (wakeAt !== undefined) {
      const delay = Millis(Math.max(0, wakeAt - this.#timers.now()));
      this.#cancel = this.#timers.after(delay, () => this.#do(this.#state.advance(this.#timers.now())));
    }
    for (const outcome of outcomes) {
      const waiting = this.#waiting.get(outcome.ticket);
      this.#waiting.delete(outcome.ticket);
      if (outcome.ok)
        waiting?.resolve(outcome.value as never); // the ticket's command chose the type
      else waiting?.reject(outcome.problem);
    }
    for (const event of events) {
      if (event.kind === 'lost') this.#options.onLost?.(event.problem);
      else if (event.kind === 'clock') this.#options.onClock?.(event);
      else this.#options.onRecovered?.(event.tuned);
    }
  }
}

/**
 * Opens a socket towards the server. Nothing is sent before the first request, so an absent server shows there. Rejects
 * with a Problem where the local address does not exist.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const session = new UdpSession(options);
  await session.open();
  return session;
}
