/** HLS segments that somebody takes, or took lately: each is read once, however many want it. */
import { Problem } from '../../base/problem.js';
import { Semaphore } from '../../base/semaphore.js';
import { ticksToMillis } from '../../base/units.js';
import type { StationReader, StationSource } from '../source.js';
import { type SegmentBounds, SegmentCut } from './segment-cut.js';

/** What is read. */
export interface SegmentRead extends SegmentBounds {
  source: StationSource;
  /** What tells it from all others. */
  key: string;
}

export interface SegmentMemoryOptions {
  /** Bytes of segments that nobody takes, kept for whoever will. */
  mostKept?: number;
  /** Bytes of segments that somebody takes: beyond that, no other is read. */
  mostTaken?: number;
  /** Segments that are read at the same time; the others wait. */
  mostReadings?: number;
}

const READ_BYTES = 256 * 1024;

/**
 * It is in charge of:
 * - one reading for all who want a segment at the same time; it ends early when nobody does any more
 * - keeping the newest segments, and never more bytes than it may
 */
export class SegmentMemory {
  readonly #options: Required<Pick<SegmentMemoryOptions, 'mostKept' | 'mostTaken'>>;
  /** In the order in which they were wanted last. */
  readonly #segments = new Map<string, SharedSegment>();
  readonly #readings: Semaphore;

  constructor({ mostKept = 64 * 2 ** 20, mostTaken = 256 * 2 ** 20, mostReadings = 16 }: SegmentMemoryOptions = {}) {
    this.#options = { mostKept, mostTaken };
    this.#readings = new Semaphore({ most: mostReadings, waiting: Number.POSITIVE_INFINITY });
  }

  /** The segment, for one who takes it, and closes it. Throws a Problem where too much is being taken. */
  take(read: SegmentRead): TakenSegment {
    let segment = this.#segments.get(read.key);
    if (!segment) {
      if (this.#bytes((each) => each.takers > 0) >= this.#options.mostTaken) {
        throw new Problem('network', 'too much is being sent at the moment', 'Try again in a few seconds.');
      }
      segment = new SharedSegment();
      void this.#read(read, segment);
    }
    this.#segments.delete(read.key);
    this.#segments.set(read.key, segment);
    return segment.take(() => {
      if (segment.isAbandoned) this.#forget(read.key, segment);
      this.#evict();
    });
  }

  async #read(read: SegmentRead, segment: SharedSegment): Promise<void> {
    try {
      await this.#readings.run(() => readSegment(read, segment));
    } catch (error) {
      this.#forget(read.key, segment);
      segment.fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#evict();
  }

  #forget(key: string, segment: SharedSegment): void {
    if (this.#segments.get(key) === segment) this.#segments.delete(key);
  }

  #bytes(isCounted: (segment: SharedSegment) => boolean): number {
    let bytes = 0;
    for (const segment of this.#segments.values()) if (isCounted(segment)) bytes += segment.bytes;
    return bytes;
  }

  #evict(): void {
    let kept = this.#bytes(({ takers }) => takers === 0);
    for (const [key, { takers, bytes }] of this.#segments) {
      if (kept <= this.#options.mostKept) return;
      if (takers > 0) continue;
      this.#segments.delete(key);
      kept -= bytes;
    }
  }
}

/** Reads it from its station; nobody wanting it any more ends that. */
async function readSegment(read: SegmentRead, segment: SharedSegment): Promise<void> {
  if (segment.isAbandoned) return;
  const reader = await read.source.read({ kind: 'time', time: ticksToMillis(read.from) });
  try {
    const cut = new SegmentCut(read);
    while (!segment.isAbandoned) {
      const chunks = reader.read(READ_BYTES);
      if (chunks.length === 0) {
        if (reader.ended) throw reader.ended;
        await somethingToRead(reader, segment);
      }
      for (const chunk of chunks) for (const { data } of cut.push(chunk)) segment.push(data);
      if (cut.isWhole) {
        segment.end();
        return;
      }
    }
  } finally {
    reader.close();
  }
}

const somethingToRead = (reader: StationReader, segment: SharedSegment): Promise<void> =>
  new Promise((resolve) => {
    segment.onAbandoned = resolve;
    reader.wait(resolve);
  });

/** A segment as one takes it. */
export interface TakenSegment {
  /**
   * Resolves when something of it is there. Rejects with a Problem where the station does not reach back so far, or its
   * past cannot be had.
   */
  readonly begun: Promise<void>;
  /** Bytes; null while it is being read. */
  readonly length: number | null;
  /** Its bytes in order, as they come. Throws where the station ended, or cannot be read. */
  parts(): AsyncGenerator<Buffer>;
  /** It is not taken any more. */
  close(): void;
}

/** It is in charge of: what has been read of a segment, and who waits for more. */
class SharedSegment {
  readonly #parts: Buffer[] = [];
  bytes = 0;
  takers = 0;
  /** Nobody wants it any more, and it is not whole. */
  isAbandoned = false;
  onAbandoned: () => void = () => undefined;
  readonly #begun: Promise<void>;
  #isWhole = false;
  #error: Error | null = null;
  #waiting: (() => void)[] = [];
  #begin!: { resolve: () => void; reject: (error: Error) => void };

  constructor() {
    this.#begun = new Promise((resolve, reject) => {
      this.#begin = { resolve, reject };
    });
    this.#begun.catch(() => undefined); // Whoever takes it is told.
  }

  push(part: Buffer): void {
    this.#parts.push(part);
    this.bytes += part.length;
    this.#wake();
  }

  end(): void {
    this.#isWhole = true;
    this.#wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#begin.reject(error);
    this.#wake();
  }

  take(onClosed: () => void): TakenSegment {
    this.takers++;
    let isOpen = true;
    const length = (): number | null => (this.#isWhole ? this.bytes : null);
    return {
      begun: this.#begun,
      get length() {
        return length();
      },
      parts: () => this.#inOrder(),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.takers--;
        if (this.takers === 0 && !this.#isWhole) this.#abandon();
        onClosed();
      },
    };
  }

  async *#inOrder(): AsyncGenerator<Buffer> {
    for (let i = 0; ; i++) {
      while (i >= this.#parts.length && !this.#isWhole) {
        if (this.#error) throw this.#error;
        await new Promise<void>((wake) => this.#waiting.push(wake));
      }
      if (i >= this.#parts.length) return;
      yield this.#parts[i];
    }
  }

  #abandon(): void {
    this.isAbandoned = true;
    this.onAbandoned();
    this.#wake();
  }

  #wake(): void {
    this.#begin.resolve();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
