/** A client of the control protocol that does as its user likes: what an honest one would not. */
import type { Socket } from 'node:dgram';
import { PacketNumber } from '../../../src/base/units.js';
import { encodeFeedback, type Feedback } from '../../../src/wire/feedback.js';
import {
  type AnyMessage,
  decodeMessage,
  encodeMessage,
  type MessageBody,
  message,
  NO_COOKIE,
  START_LENGTH,
} from '../../../src/wire/message.js';
import { openSender } from './sockets.js';

/** Time until a request counts as not answered, ms. */
const PATIENCE = 500;
const TRIES = 4;

export interface Server {
  address: string;
  port: number;
}

export class Client {
  readonly #socket: Socket;
  readonly #server: Server;
  cookie = NO_COOKIE;
  #requestId = Math.floor(Math.random() * 2 ** 31);
  #onReply: (reply: AnyMessage) => void = () => undefined;

  private constructor(socket: Socket, server: Server) {
    this.#socket = socket;
    this.#server = server;
    socket.on('message', (datagram) => {
      const reply = decodeMessage(datagram);
      if (reply !== null) this.#onReply(reply);
    });
    socket.on('error', () => undefined); // The server's port may be closed.
  }

  static async open(server: Server, address: string): Promise<Client> {
    return new Client(await openSender(address), server);
  }

  send(datagram: Buffer): void {
    this.#socket.send(datagram, this.#server.port, this.#server.address);
  }

  /** The answer; null for none. A challenge is answered with its cookie. */
  async ask(type: 'start' | 'tune' | 'keepalive' | 'replay', body: object = {}): Promise<AnyMessage | null> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const reply = await this.#once(type, body);
      if (reply === null) continue;
      this.cookie = reply.cookie;
      if (reply.type !== 'challenge') return reply;
    }
    return null;
  }

  /** START without a cookie, once. */
  async challenge(): Promise<AnyMessage | null> {
    this.cookie = NO_COOKIE;
    return this.#once('start', {});
  }

  /** A session of a station, with a burst. Rejects when the server gives none. */
  async tune(station: string, burst?: { flow: number }): Promise<MessageBody<'tuned'>> {
    const reply = await this.ask('tune', { station, burst });
    if (reply?.type !== 'tuned') throw new Error(`no session: ${reply === null ? 'no answer' : reply.type}`);
    return reply.body;
  }

  feedback(media: number, feedback: Partial<Feedback>): void {
    const { cookie } = this;
    const whole = { sender: 1, media, cookie, missing: [], copies: 1, flow: null, report: null, ...feedback };
    for (const datagram of encodeFeedback(whole)) this.send(datagram);
  }

  close(): void {
    this.#socket.close();
  }

  #once(type: 'start' | 'tune' | 'keepalive' | 'replay', body: object): Promise<AnyMessage | null> {
    this.#requestId = (this.#requestId + 1) % 2 ** 32;
    const id = this.#requestId;
    const request = message(type, id, body as never, { cookie: this.cookie }) as AnyMessage;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE, null);
      this.#onReply = (reply) => {
        if (reply.requestId !== id) return;
        clearTimeout(timer);
        resolve(reply);
      };
      this.send(encodeMessage(request, { minLength: type === 'start' ? START_LENGTH : 0 }));
    });
  }
}

/** The numbers from `first`, `count` of them. */
export const numbersFrom = (first: number, count: number): PacketNumber[] =>
  Array.from({ length: count }, (_, i) => PacketNumber(first + i));
