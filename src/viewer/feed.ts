/** What a player reads: the station being watched, over HTTP on this machine only. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import type { StationInfo } from '../wire/station-info.js';
import type { Ticks90k } from '../wire/time.js';
import { type Container, containerFor } from './container.js';

export interface FeedSource {
  station: StationInfo;
  buffer: StreamBuffer;
  /** Where a player that comes now begins, null while there is no such place; default the last random access point. */
  begin?: (buffer: StreamBuffer) => Cursor | null;
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

  /** When what a player was given last was sent to the station's group; null while none reads. */
  fed(): Ticks90k | null {
    let least: Ticks90k | null = null;
    for (const { fed } of this.readers) if (fed !== null && (least === null || fed < least)) least = fed;
    return least;
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
    response.on('close', () => {
      this.readers.delete(reader);
      reader.end();
    });
    reader.pump();
  }
}

/** One answer. */
class Reader {
  /** The time of what was written last. */
  fed: Ticks90k | null = null;
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
    this.container = containerFor(source.station, 'their-own');
    response.writeHead(200, {
      'content-type': this.container.contentType,
      'cache-control': 'no-store',
      'accept-ranges': 'none',
      connection: 'close',
    });
    response.on('error', () => this.end());
    const header = this.container.header();
    if (header.length > 0) response.write(header);
  }

  splice(source: FeedSource): void {
    this.release();
    this.source = source;
    this.fed = null;
    this.container = containerFor(source.station, 'their-own');
    this.pump();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.release();
    this.response.end();
  }

  /**
   * Writes what there is until the socket is full or the buffer empty, and comes back when that changes. Where nothing
   * more will come the answer stays open: a player that finds its end takes the last picture away, before there is another.
   */
  pump(): void {
    if (this.ended) return;
    const turn = ++this.turn;
    const again = (): void => {
      if (turn === this.turn && !this.ended) this.pump();
    };
    const { buffer, begin } = this.source;
    this.cursor ??= begin ? begin(buffer) : buffer.openAtLastRandomAccess();
    while (this.cursor) {
      const units = buffer.read(this.cursor, CHUNK);
      if (units === null) {
        this.end();
        this.onPlaceLost(this.source);
        return;
      }
      if (units.length === 0) break;
      this.fed = units[units.length - 1].time;
      const bytes = Buffer.concat(units.map((unit) => this.container.unit(unit)));
      if (this.response.write(bytes)) continue;
      this.response.once('drain', again);
      return;
    }
    if (!buffer.isEnded) buffer.wait(this.cursor, again);
  }

  private release(): void {
    if (this.cursor) this.source.buffer.release(this.cursor);
    this.cursor = null;
  }
}
