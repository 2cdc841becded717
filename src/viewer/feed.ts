/** What a player reads: the station being watched, over HTTP on this machine only. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cursor, Lag, StreamBuffer } from '../receiver/stream-buffer.js';
import type { StationInfo } from '../wire/station-info.js';
import { type Container, containerFor } from './container.js';

export interface FeedSource {
  station: StationInfo;
  buffer: StreamBuffer;
}

export interface FeedOptions {
  /** The player's place is no longer held by the buffer: its answer has ended there. */
  onPlaceLost: (source: FeedSource) => void;
}

/** How much is written to a socket at a time. */
const CHUNK = 256 * 1024;

/**
 * It is in charge of:
 * - an address that no other user of this machine can guess, a new one for each `open`
 * - reading the buffer as fast as the player reads, no faster: a paused player's place stays where it is
 * - splicing another station into an answer that goes on, for players that cannot be told to load another
 */
export class Feed {
  private readonly secret = randomBytes(16).toString('hex');
  private generation = 0;
  private source: FeedSource | null = null;
  private readers = new Set<Reader>();
  private readonly server = createServer((request, response) => this.answer(request, response));

  constructor(private readonly options: FeedOptions) {}

  /** Begins to listen on 127.0.0.1. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
  }

  /** Makes this the station that is fed, and returns its address. Answers for an earlier one end. */
  open(source: FeedSource): string {
    this.endReaders();
    this.generation++;
    this.source = source;
    return this.address;
  }

  /**
   * Goes on with another station inside the answers that are running. Returns false when there is none, or when
   * the two stations' formats cannot follow each other; then `open` it.
   */
  splice(source: FeedSource): boolean {
    const both = this.source?.station.format === 'h264' && source.station.format === 'h264';
    if (!both || this.readers.size === 0) return false;
    this.source = source;
    for (const reader of this.readers) reader.splice(source);
    return true;
  }

  /** How far the slowest player is behind what was received; null while none reads. */
  lag(): Lag | null {
    let most: Lag | null = null;
    for (const reader of this.readers) {
      const lag = reader.lag();
      if (lag && (most === null || lag.time > most.time)) most = lag;
    }
    return most;
  }

  async close(): Promise<void> {
    this.endReaders();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private get address(): string {
    const { port } = this.server.address() as AddressInfo;
    const extension = this.source ? containerFor(this.source.station).extension : 'ts';
    return `http://127.0.0.1:${port}/${this.secret}/${this.generation}.${extension}`;
  }

  private endReaders(): void {
    for (const reader of this.readers) reader.end();
    this.readers.clear();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const wanted = new URL(this.address).pathname;
    if (!this.source || request.url !== wanted) {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET') {
      response.writeHead(request.method === 'HEAD' ? 200 : 405, { 'accept-ranges': 'none' }).end();
      return;
    }
    const reader = new Reader(response, this.source, (source) => this.options.onPlaceLost(source));
    this.readers.add(reader);
    response.on('close', () => this.readers.delete(reader));
    reader.pump();
  }
}

/** One answer. */
class Reader {
  private cursor: Cursor | null = null;
  private container: Container;
  private ended = false;
  /** Which of the waits on buffers and sockets is the one that counts; earlier ones are forgotten. */
  private turn = 0;

  constructor(
    private readonly response: ServerResponse,
    private source: FeedSource,
    private readonly onPlaceLost: (source: FeedSource) => void,
  ) {
    this.container = containerFor(source.station);
    response.writeHead(200, {
      'content-type': this.container.contentType,
      'cache-control': 'no-store',
      'accept-ranges': 'none',
      connection: 'close',
    });
    response.on('close', () => {
      this.ended = true;
    });
    response.on('error', () => this.end());
    const header = this.container.header();
    if (header.length > 0) response.write(header);
  }

  lag(): Lag | null {
    return this.cursor && this.source.buffer.lag(this.cursor);
  }

  splice(source: FeedSource): void {
    this.source = source;
    this.cursor = null;
    this.container = containerFor(source.station);
    this.pump();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.response.end();
  }

  /** Writes what there is until the socket is full or the buffer empty, and comes back when that changes. */
  pump(): void {
    const turn = ++this.turn;
    const again = (): void => {
      if (turn === this.turn && !this.ended) this.pump();
    };
    const { buffer } = this.source;
    this.cursor ??= buffer.openAtLastRandomAccess();
    while (this.cursor) {
      const units = buffer.read(this.cursor, CHUNK);
      if (units === null) {
        this.end();
        this.onPlaceLost(this.source);
        return;
      }
      if (units.length === 0) break;
      const bytes = Buffer.concat(units.map((unit) => this.container.unit(unit)));
      if (this.response.write(bytes)) continue;
      this.response.once('drain', again);
      return;
    }
    if (buffer.isEnded) this.end();
    else buffer.wait(this.cursor, again);
  }
}
