/** The operator's event stream: each event is written once for all of its readers. */
import type { ServerResponse } from 'node:http';
import { Millis } from '../../base/units.js';
import type { Client } from '../access/access.js';
import { HttpProblem } from '../http-problem.js';
import type { ApiContext } from './api-context.js';
import { lineUpOf, viewersOf } from './views.js';

const MOST_READERS = 50;
/** Most viewers in an event; `/viewers` lists more. */
const MOST_VIEWERS = 200;
/** Bytes waiting for a reader's network beyond which it skips an event. */
const MOST_QUEUED = 256 * 1024;
/** Events in a row, one a second, that a reader may skip before its connection is ended. */
const MOST_SKIPPED = 20;
/** Seconds between checks that a reader is still the operator: a password may change, a session may end. */
const CHECK_ACCESS = 5;

interface Reader {
  readonly client: Client;
  readonly response: ServerResponse;
  /** The events that it was sent last. */
  lineUp: string;
  viewers: string;
  skipped: number;
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Responsible for:
 * - the readers, and the events that each has been sent
 * - writing the line-up again only when something of it has changed
 */
export class EventHub {
  readonly #context: Omit<ApiContext, 'events'>;
  readonly #readers = new Set<Reader>();
  /** The event `line-up`; null: to be written again. */
  #lineUp: string | null = null;
  /** When an item of the line-up ends (Unix epoch), and the operator's revision that it shows. */
  #lineUpUntil: Millis = Millis(0);
  #revision: number | undefined;
  #endReading: (() => void) | null = null;
  #ticks = 0;

  constructor(context: Omit<ApiContext, 'events'>) {
    this.#context = context;
  }

  /** Answers with the stream. Throws an HttpProblem where there are too many readers already. */
  add(client: Client, response: ServerResponse): void {
    if (this.#readers.size >= MOST_READERS) {
      const detail = `${MOST_READERS} pages follow the events already. Close one of them.`;
      throw new HttpProblem(503, 'Too many readers', detail, { 'retry-after': '30' });
    }
    const reader: Reader = { client, response, lineUp: '', viewers: '', skipped: 0 };
    this.#readers.add(reader);
    response.once('close', () => this.#remove(reader));
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    this.#endReading ??= this.#begin();
    this.#send([reader]);
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
  }

  #begin(): () => void {
    const { catalogue, monitor } = this.#context;
    const endChanges = catalogue.onChange(() => {
      this.#lineUp = null;
    });
    const endWatching = monitor.watch(() => {
      this.#send([...this.#readers]);
      if (++this.#ticks % CHECK_ACCESS === 0) for (const each of this.#readers) void this.#checkAccess(each);
    });
    return () => {
      endChanges();
      endWatching();
      this.#lineUp = null;
    };
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#endReading?.();
    this.#endReading = null;
  }

  #send(readers: readonly Reader[]): void {
    const stats = event('stats', this.#context.monitor.stats);
    const lineUp = this.#currentLineUp();
    const viewers = event('viewers', viewersOf(this.#context, MOST_VIEWERS));
    for (const reader of readers) {
      if (reader.response.writableLength > MOST_QUEUED) {
        if (++reader.skipped > MOST_SKIPPED) reader.response.destroy();
        continue;
      }
      reader.skipped = 0;
      if (reader.lineUp !== lineUp) reader.response.write(lineUp);
      reader.response.write(stats);
      if (reader.viewers !== viewers) reader.response.write(viewers);
      reader.lineUp = lineUp;
      reader.viewers = viewers;
    }
  }

  #currentLineUp(): string {
    const { operator, now } = this.#context;
    const revision = operator?.revision;
    if (this.#lineUp === null || revision !== this.#revision || now() >= this.#lineUpUntil) {
      const lineUp = lineUpOf(this.#context);
      // An end in the past, which a wrong server can announce, brings nothing new.
      const ends = lineUp.stations.map(({ info }) => info.nowUntil ?? 0).filter((end) => end > now());
      this.#lineUpUntil = Millis(ends.reduce((first, end) => Math.min(first, end), Number.POSITIVE_INFINITY));
      this.#lineUp = event('line-up', lineUp);
      this.#revision = revision;
    }
    return this.#lineUp;
  }

  async #checkAccess(reader: Reader): Promise<void> {
    try {
      if ((await this.#context.access.callerOf(reader.client)) !== null) return;
    } catch (error) {
      // The credentials cannot be read, which the log has.
      if (!(error instanceof HttpProblem)) throw error;
    }
    reader.response.end();
  }
}
