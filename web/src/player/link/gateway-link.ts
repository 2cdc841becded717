/** The page's one connection to the gateway, reopened when it is lost. Sockets and timers are passed in. */

import type { Timers } from '../../../../src/base/timers.js';
import { Millis } from '../../../../src/base/units.js';
import { ServerClock } from '../../../../src/clock/server-clock.js';
import type { ClientMessage, ServerMessage } from '../../../../src/contract/live.js';
import type { Connection } from '../player.js';
import { Backoff } from './backoff.js';

/** The part of WebSocket that is used. */
export interface LinkSocket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LinkOptions {
  open(): LinkSocket;
  timers: Timers;
  random?: () => number;
  onConnection(connection: Connection): void;
  /** The server's time less this machine's (see Timers.now). */
  onClock(offset: Millis): void;
  onMessage(message: ServerMessage): void;
  /** A frame as received: see live-frame.ts. */
  onMedia(frame: ArrayBuffer): void;
}

/** Longest time from opening a socket to the gateway's first message. */
const OPENING = Millis(5_000);
const PING_EVERY = Millis(1_000);
/** The first pings are sent quickly: the clock is needed at once. */
const FIRST_PINGS = 5;
const FIRST_PING_EVERY = Millis(60);
/** Time without any message, after a ping, that counts as a lost connection. */
const SILENCE = Millis(4_000);

/**
 * Responsible for:
 * - connecting, and reconnecting with backoff
 * - detecting that the gateway no longer answers
 * - the server's clock
 */
export class GatewayLink {
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  readonly #clock = new ServerClock();
  #socket: LinkSocket | null = null;
  /** The list of stations has arrived. */
  #isOpen = false;
  #receivedAt = Millis(0);
  #pings = 0;
  readonly #sent = new Map<number, Millis>();
  #cancelTimer = () => {};
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#connect();
  }

  /** False without a connection: the message is dropped. */
  send(message: ClientMessage): boolean {
    if (!this.#isOpen) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** The network changed, or the machine woke up: reconnects at once, or pings the open connection. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#socket === null) this.#connect();
    else if (this.#isOpen) this.#ping();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #connect(): void {
    const { open, timers } = this.#options;
    this.#cancelTimer();
    const socket = open();
    this.#socket = socket;
    this.#receivedAt = timers.now();
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#receivedAt = timers.now();
      if (data instanceof ArrayBuffer) this.#options.onMedia(data);
      else if (typeof data === 'string') this.#receive(data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#onLost();
    };
    this.#cancelTimer = timers.after(OPENING, () => this.#onLost());
  }

  #receive(text: string): void {
    const { timers, onMessage, onConnection, onClock } = this.#options;
    const message = readMessage(text);
    if (message === null) return;
    if (message.type === 'hello') {
      this.#clock.reset();
      this.#clock.hint(Millis(message.time), timers.now());
      onClock(this.#clock.offset!);
    }
    if (message.type === 'pong') {
      this.#onPong(message.id, Millis(message.time));
      return;
    }
    onMessage(message);
    // Tuning needs the list of stations, and nothing more.
    if (message.type === 'stations' && !this.#isOpen) {
      this.#isOpen = true;
      this.#backoff.reset();
      this.#pings = 0;
      onConnection('open');
      this.#ping();
    }
  }

  #ping(): void {
    const { timers } = this.#options;
    this.#cancelTimer();
    const now = timers.now();
    if (this.#sent.size > 0 && now - this.#receivedAt > SILENCE) {
      this.#onLost();
      return;
    }
    const id = this.#pings++;
    this.#sent.set(id, now);
    this.send({ type: 'ping', id });
    const pause = this.#pings < FIRST_PINGS ? FIRST_PING_EVERY : PING_EVERY;
    this.#cancelTimer = timers.after(pause, () => this.#ping());
  }

  #onPong(id: number, time: Millis): void {
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    // Answers arrive in order: earlier pings will no longer be answered.
    for (const each of this.#sent.keys()) if (each <= id) this.#sent.delete(each);
    this.#clock.add({ sent, received: this.#options.timers.now(), time });
    this.#options.onClock(this.#clock.offset!);
  }

  #onLost(): void {
    this.#drop();
    this.#options.onConnection('lost');
    this.#cancelTimer = this.#options.timers.after(this.#backoff.next(), () => this.#connect());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    this.#sent.clear();
    this.#cancelTimer();
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

/** Null where the text is no message. */
function readMessage(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && 'type' in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
