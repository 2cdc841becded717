/** The operator's event stream: what is told once a second is written once, for all who read it. */
import type { ServerResponse } from 'node:http';
import type { Asking } from '../access/access.js';
import { HttpProblem } from '../http-problem.js';
import type { ApiContext } from './operation.js';
import { lineUpOf, viewersOf } from './views.js';

const MOST_READERS = 50;
/** Of the list of viewers; /viewers has more of them. */
const MOST_TOLD = 200;
/** A reader with more than this on its way is told the next time. */
const MOST_QUEUED = 256 * 1024;
/** A reader that takes nothing for so many seconds is gone. */
const PATIENCE = 20;
/** How often it is asked whether a reader still may, in seconds: a password changed, a session ended. */
const ASK_EVERY = 5;

interface Reader {
  readonly asking: Asking;
  readonly response: ServerResponse;
  /** As told last. */
  lineUp: string;
  viewers: string;
  missed: number;
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** It is in charge of: who reads, and what each has been told. */
export class EventHub {
  readonly #context: Omit<ApiContext, 'events'>;
  readonly #readers = new Set<Reader>();
  #stopLooking: (() => void) | null = null;
  #ticks = 0;

  constructor(context: Omit<ApiContext, 'events'>) {
    this.#context = context;
  }

  /** NackResponder with the stream. Throws an HttpProblem where too many read already. */
  add(asking: Asking, response: ServerResponse): void {
    if (this.#readers.size >= MOST_READERS) {
      const detail = `${MOST_READERS} pages follow already. Close one of them.`;
      throw new HttpProblem(503, 'Too many readers', detail, { 'retry-after': '30' });
    }
    const reader: Reader = { asking, response, lineUp: '', viewers: '', missed: 0 };
    this.#readers.add(reader);
    response.once('close', () => this.#remove(reader));
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    this.#tell([reader]);
    this.#stopLooking ??= this.#context.monitor.look(() => {
      this.#tell([...this.#readers]);
      if (++this.#ticks % ASK_EVERY === 0) for (const each of this.#readers) void this.#askAgain(each);
    });
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = null;
  }

  #tell(readers: readonly Reader[]): void {
    const stats = event('stats', this.#context.monitor.stats);
    const lineUp = event('line-up', lineUpOf(this.#context));
    const viewers = event('viewers', viewersOf(this.#context, MOST_TOLD));
    for (const reader of readers) {
      if (reader.response.writableLength > MOST_QUEUED) {
        if (++reader.missed > PATIENCE) reader.response.destroy();
        continue;
      }
      reader.missed = 0;
      if (reader.lineUp !== lineUp) reader.response.write(lineUp);
      reader.response.write(stats);
      if (reader.viewers !== viewers) reader.response.write(viewers);
      reader.lineUp = lineUp;
      reader.viewers = viewers;
    }
  }

  async #askAgain(reader: Reader): Promise<void> {
    const caller = await this.#context.access.callerOf(reader.asking).catch(() => null);
    if (caller === null) reader.response.end();
  }
}
