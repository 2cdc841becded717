/** What a player reads: the station being watched, over HTTP on this machine only. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemTimers, type Timers } from '../base/timers.js';
import type { Ticks90k } from '../base/units.js';
import type { Cursor, StreamBuffer, StreamUnit } from '../receiver/stream-buffer.js';
import type { StationInfo } from '../wire/station-info.js';
import { type Container, containerFor } from './container.js';
import { PlaybackEstimate } from './playback-estimate.js';

export interface FeedSource {
  station: StationInfo;
  buffer: StreamBuffer;
  /** Where a player that comes now begins, null while there is no such place; default the last random access point. */
  begin?: (buffer: StreamBuffer) => Cursor | null;
  /** Whether it is handed out as it is played, not as fast as it is taken: to a player that does not tell its place. */
  paced?: boolean;
}

export interface FeedOptions {
  /** The player's place is no longer held by the buffer: its answer has ended there. */
  onPlaceLost: (source: FeedSource) => void;
  timers?: Timers;
}

/** How much is written to a socket at a time. */
const CHUNK = 256 * 1024;
/** The same where it is handed out as it is played. */
const PACED_CHUNK = 16 * 1024;

/**
 * It is in charge of:
 * - an address that no other user of this machine can guess, a new one for each `open`
 * - reading the buffer as fast as the player reads, no faster: a paused player's place stays where it is
 * - not more than it can have played and needs besides, where it does not tell: else nobody knows what is shown
 * - splicing another station into an answer that goes on, for players that cannot be told to load another
 */
export class Feed {
  private readonly secret = randomBytes(16).toString('hex');
  private generation = 0;
  private source: FeedSource | null = null;
  private readers = new Set<Reader>();
  private isPaused = false;
  private readonly timers: Timers;
  private readonly server = createServer((request, response) => this.answer(request, response));

  constructor(private readonly options: FeedOptions) {
    this.timers = options.timers ?? systemTimers;
  }

  /** Begins to listen on 127.0.0.1. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
  }

  /** Makes this the station that is fed, and returns its address. NackResponder for an earlier one end. */
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

  /** Tells that the player stands still, or goes on; what is opened begins as was told last. */
  setPaused(isPaused: boolean): void {
    this.isPaused = isPaused;
    for (const reader of this.readers) reader.setPaused(isPaused);
  }

  /** When what a player was given last was sent, or shows now where it is given what it plays; null while none reads. */
  fed(): Ticks90k | null {
    let least: Ticks90k | null = null;
    for (const { fed } of this.readers) if (fed !== null && (least === null || fed < least)) least = fed;
    return least;
  }

  /** Whether there is more to be had than the players have taken. */
  get hasMore(): boolean {
    return [...this.readers].some((reader) => reader.hasMore);
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
    const { timers } = this;
    const onPlaceLost = (source: FeedSource): void => this.options.onPlaceLost(source);
    const reader = new Reader({ response, source: this.source, onPlaceLost, timers });
    if (this.isPaused) reader.setPaused(true);
    this.readers.add(reader);
    response.on('close', () => {
      this.readers.delete(reader);
      reader.end();
    });
    reader.pump();
  }
}

interface ReaderOptions {
  response: ServerResponse;
  source: FeedSource;
  onPlaceLost: (source: FeedSource) => void;
  timers: Timers;
}

/** One answer. */
class Reader {
  private readonly response: ServerResponse;
  private readonly timers: Timers;
  private source: FeedSource;
  /** The time of what was written last. */
  private written: Ticks90k | null = null;
  private readonly pace = new PlaybackEstimate();
  private cancel: () => void = () => undefined;
  private cursor: Cursor | null = null;
  private container: Container;
  private ended = false;
  /** Which of the waits on buffers and sockets is the one that counts; earlier ones are forgotten. */
  private turn = 0;

  constructor(private readonly options: ReaderOptions) {
    const { response, source, timers } = options;
    this.response = response;
    this.source = source;
    this.timers = timers;
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

  get fed(): Ticks90k | null {
    const shown = this.source.paced ? this.pace.shown(this.timers.now()) : null;
    return shown === null || this.written === null ? this.written : Math.min(shown, this.written);
  }

  get hasMore(): boolean {
    const { newest } = this.source.buffer;
    return this.written !== null && newest !== null && newest > this.written;
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) {
      this.pace.pause(this.timers.now());
      return;
    }
    this.pace.resume(this.timers.now());
    if (this.source.paced) this.pump();
  }

  splice(source: FeedSource): void {
    this.release();
    this.source = source;
    this.written = null;
    this.container = containerFor(source.station, 'their-own');
    this.pump();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.cancel();
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
    const { buffer, begin, paced } = this.source;
    this.cursor ??= begin ? begin(buffer) : buffer.openAtLastRandomAccess();
    while (this.cursor) {
      if (paced && this.waits(again)) return;
      const units = buffer.read(this.cursor, paced ? PACED_CHUNK : CHUNK);
      if (units === null) {
        this.end();
        this.options.onPlaceLost(this.source);
        return;
      }
      if (units.length === 0) break;
      this.wrote(units);
      const bytes = Buffer.concat(units.map((unit) => this.container.unit(unit)));
      if (this.response.write(bytes)) continue;
      this.response.once('drain', again);
      return;
    }
    if (!buffer.isEnded) buffer.wait(this.cursor, again);
  }

  private wrote(units: readonly StreamUnit[]): void {
    if (this.written === null) this.pace.begin(units[0].time, this.timers.now());
    this.written = units[units.length - 1].time;
  }

  /** Whether the player has enough for now; `again` is called when it has not. */
  private waits(again: () => void): boolean {
    this.cancel();
    const wait = this.written === null ? 0 : this.pace.wait(this.written, this.timers.now());
    if (wait > 0 && wait < Number.POSITIVE_INFINITY) this.cancel = this.timers.after(wait, again);
    return wait > 0;
  }

  private release(): void {
    if (this.cursor) this.source.buffer.release(this.cursor);
    this.cursor = null;
  }
}
