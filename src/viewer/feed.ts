/** The stream that a player reads: the station being watched, over HTTP on this machine only. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ticks90k } from '../base/units.js';
import type { Cursor, StreamBuffer, StreamUnit } from '../receiver/stream-buffer.js';
import type { StationInfo } from '../wire/station-info.js';
import { type Container, containerFor } from './container.js';

export interface FeedSource {
  station: StationInfo;
  buffer: StreamBuffer;
  /** Opens the cursor of a player that begins to read; null while there is none. Default: the last random access point. */
  begin?: (buffer: StreamBuffer) => Cursor | null;
}

export interface FeedOptions {
  /** The buffer no longer holds the player's position: its response has ended there. */
  onPositionLost: (source: FeedSource) => void;
}

/** Bytes read from the buffer at a time. */
const CHUNK = 256 * 1024;

/**
 * Responsible for:
 * - an address that no other user of this machine can guess, a new one for each `open`
 * - reading the buffer at the pace of the player: while it is paused its position stays where it is
 */
export class Feed {
  readonly #secret = randomBytes(16).toString('hex');
  readonly #options: FeedOptions;
  readonly #readers = new Set<Reader>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #generation = 0;
  #source: FeedSource | null = null;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Begins to listen on 127.0.0.1. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  /** Feeds this source, and returns its address. Responses for the source before end. */
  open(source: FeedSource): string {
    this.#endReaders();
    this.#generation++;
    this.#source = source;
    return this.#address;
  }

  /** Time of the unit that the player was sent last, the least of several players; null while none reads. */
  sentTime(): Ticks90k | null {
    const times = [...this.#readers].flatMap(({ sentTime }) => (sentTime === null ? [] : [sentTime]));
    return times.length === 0 ? null : Ticks90k(Math.min(...times));
  }

  /** Whether the buffer holds units that a player has not read yet. */
  get hasMore(): boolean {
    return [...this.#readers].some((reader) => reader.hasMore);
  }

  async close(): Promise<void> {
    this.#endReaders();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  get #address(): string {
    const { port } = this.#server.address() as AddressInfo;
    const extension = this.#source ? containerFor(this.#source.station).extension : 'ts';
    return `http://127.0.0.1:${port}/${this.#secret}/${this.#generation}.${extension}`;
  }

  #endReaders(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(this.#address);
    if (!this.#source || request.url !== pathname) {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET') {
      response.writeHead(request.method === 'HEAD' ? 200 : 405, { 'accept-ranges': 'none' }).end();
      return;
    }
    const reader = new Reader(response, this.#source, this.#options.onPositionLost);
    this.#readers.add(reader);
    response.on('close', () => {
      this.#readers.delete(reader);
      reader.end();
    });
    reader.pump();
  }
}

/** One response. */
class Reader {
  readonly #response: ServerResponse;
  readonly #source: FeedSource;
  readonly #onPositionLost: (source: FeedSource) => void;
  readonly #container: Container;
  #cursor: Cursor | null = null;
  #sentTime: Ticks90k | null = null;
  #isEnded = false;

  constructor(response: ServerResponse, source: FeedSource, onPositionLost: (source: FeedSource) => void) {
    this.#response = response;
    this.#source = source;
    this.#onPositionLost = onPositionLost;
    this.#container = containerFor(source.station, 'their-own');
    response.writeHead(200, {
      'content-type': this.#container.contentType,
      'cache-control': 'no-store',
      'accept-ranges': 'none',
      connection: 'close',
    });
    response.on('error', () => this.end());
    const header = this.#container.header();
    if (header.length > 0) response.write(header);
  }

  get sentTime(): Ticks90k | null {
    return this.#sentTime;
  }

  get hasMore(): boolean {
    const { newest } = this.#source.buffer;
    return this.#sentTime !== null && newest !== null && newest > this.#sentTime;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#cursor) this.#source.buffer.release(this.#cursor);
    this.#cursor = null;
    this.#response.end();
  }

  /**
   * Writes until the socket is full or the buffer empty, and continues when that changes. After the buffer's last unit
   * the response stays open: a player that reads its end removes the last picture before there is another.
   */
  readonly pump = (): void => {
    if (this.#isEnded) return;
    const { buffer, begin } = this.#source;
    this.#cursor ??= begin ? begin(buffer) : buffer.openAtLastRandomAccess();
    while (this.#cursor) {
      const units = buffer.read(this.#cursor, CHUNK);
      if (units === null) {
        this.end();
        this.#onPositionLost(this.#source);
        return;
      }
      if (units.length === 0) break;
      this.#sentTime = units.at(-1)!.time;
      if (this.#write(units)) continue;
      this.#response.once('drain', this.pump);
      return;
    }
    if (!buffer.isEnded) buffer.wait(this.#cursor, this.pump);
  };

  #write(units: readonly StreamUnit[]): boolean {
    return this.#response.write(Buffer.concat(units.map((unit) => this.#container.unit(unit))));
  }
}
