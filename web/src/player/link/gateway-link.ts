/** The page's one connection to the gateway: kept open, whatever happens to it. No socket and no timer of its own. */

import { ServerClock } from '../../../../src/clock/server-clock.js';
import type { ClientMessage, ServerMessage } from '../../../../src/contract/live.js';
import type { Connection } from '../player.js';
import { Backoff } from './backoff.js';
import type { Timers } from './timers.js';

/** What is needed of a WebSocket. */
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
  onClock(offset: number): void;
  onMessage(message: ServerMessage): void;
  /** A frame as it came: see live-frame.ts. */
  onMedia(frame: ArrayBuffer): void;
}

/** From asking for a connection to the gateway's first words. */
const OPENING = 5_000;
const PING_EVERY = 1_000;
/** The first ones come quickly: the clock is needed at once. */
const FIRST_PINGS = 5;
const FIRST_PING_EVERY = 60;
/** A connection in which nothing came for so long, though it was asked, is none. */
const SILENCE = 4_000;

/**
 * It is in charge of:
 * - connecting, and again whenever the connection is lost
 * - finding out that nobody is there any more
 * - the server's clock
 */
export class GatewayLink {
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  readonly #clock = new ServerClock();
  #socket: LinkSocket | null = null;
  /** The gateway has said what there is. */
  #isOpen = false;
  #heardAt = 0;
  #pings = 0;
  readonly #sent = new Map<number, number>();
  #cancelTimer = () => {};
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#connect();
  }

  /** False where there is no connection: then it is not sent at all. */
  send(message: ClientMessage): boolean {
    if (!this.#isOpen) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** The network changed, or the machine woke up: a connection that was lost is tried again now, another is asked. */
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
    this.#heardAt = timers.now();
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#heardAt = timers.now();
      if (data instanceof ArrayBuffer) this.#options.onMedia(data);
      else if (typeof data === 'string') this.#receive(data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
    this.#cancelTimer = timers.after(OPENING, () => this.#lost());
  }

  #receive(text: string): void {
    const { timers, onMessage, onConnection, onClock } = this.#options;
    const message = readMessage(text);
    if (message === null) return;
    if (message.type === 'hello') {
      this.#clock.reset();
      this.#clock.hint(message.time, timers.now());
      onClock(this.#clock.offset!);
    }
    if (message.type === 'pong') {
      this.#answered(message.id, message.time);
      return;
    }
    onMessage(message);
    // With the stations all is known that tuning needs.
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
    if (this.#sent.size > 0 && now - this.#heardAt > SILENCE) {
      this.#lost();
      return;
    }
    const id = this.#pings++;
    this.#sent.set(id, now);
    this.send({ type: 'ping', id });
    const pause = this.#pings < FIRST_PINGS ? FIRST_PING_EVERY : PING_EVERY;
    this.#cancelTimer = timers.after(pause, () => this.#ping());
  }

  #answered(id: number, time: number): void {
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    // Answers come in order: those before it will not be answered any more.
    for (const each of this.#sent.keys()) if (each <= id) this.#sent.delete(each);
    this.#clock.add({ sent, received: this.#options.timers.now(), time });
    this.#options.onClock(this.#clock.offset!);
  }

  #lost(): void {
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

/** Null where it is none. */
function readMessage(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && 'type' in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
