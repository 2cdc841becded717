/** A cache of HLS segments: each is read once for all of its takers. */
import { Problem } from '../../base/problem.js';
import { Semaphore } from '../../base/semaphore.js';
import { ticksToMillis } from '../../base/units.js';
import type { StationReader, StationSource } from '../source.js';
import { type SegmentBounds, SegmentCut } from './segment-cut.js';

/** A segment to be read. */
export interface SegmentRead extends SegmentBounds {
  source: StationSource;
  /** Unique among all segments. */
  key: string;
  /** The network of the client; undefined: it has no share. */
  client?: string;
}

export interface SegmentMemoryOptions {
  /** Most bytes of segments without takers that are kept. */
  mostKept?: number;
  /** Bytes of segments with takers beyond which no other segment is read. */
  mostTaken?: number;
  /** Most segments that are read at once; others wait. */
  mostReadings?: number;
}

const READ_BYTES = 256 * 1024;

/**
 * Responsible for:
 * - one reading of a segment for all concurrent takers, which ends when the last of them leaves
 * - the limits on bytes, and evicting the least recently taken segments
 * - a share for each network: it can have as many bytes as are left for the others, so that some always are
 */
export class SegmentMemory {
  readonly #options: Required<Pick<SegmentMemoryOptions, 'mostKept' | 'mostTaken'>>;
  /** The least recently taken first. */
  readonly #segments = new Map<string, SharedSegment>();
  readonly #readings: Semaphore;

  constructor({ mostKept = 64 * 2 ** 20, mostTaken = 256 * 2 ** 20, mostReadings = 16 }: SegmentMemoryOptions = {}) {
    this.#options = { mostKept, mostTaken };
    this.#readings = new Semaphore({ most: mostReadings, waiting: Number.POSITIVE_INFINITY });
  }

  /** A taker of the segment, to be closed. Throws a Problem where `mostTaken` is reached. */
  take(read: SegmentRead): TakenSegment {
    let segment = this.#segments.get(read.key);
    if (!segment) {
      this.#requireRoom(read);
      segment = new SharedSegment();
      void this.#read(read, segment);
    }
    this.#segments.delete(read.key);
    this.#segments.set(read.key, segment);
    return segment.take(read.client, () => {
      if (segment.isAbandoned) this.#forget(read.key, segment);
      this.#evict();
    });
  }

  async #read(read: SegmentRead, segment: SharedSegment): Promise<void> {
    try {
      await this.#readings.run(() => {
        this.#requireRoom(read); // Many can have waited, when none had bytes yet.
        return readSegment(read, segment);
      });
    } catch (error) {
      this.#forget(read.key, segment);
      segment.fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#evict();
  }

  /** Throws a Problem where no other segment may be read for the client. */
  #requireRoom({ client }: SegmentRead): void {
    const all = this.#bytes(({ takers }) => takers > 0);
    const own = client === undefined ? 0 : this.#bytes((each) => each.isTakenBy(client));
    if (all + own < this.#options.mostTaken) return;
    throw new Problem('network', 'too many segments are being sent', 'Try again in a few seconds.');
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

/** Reads the segment from its station, until it is complete or abandoned. */
async function readSegment(read: SegmentRead, segment: SharedSegment): Promise<void> {
  if (segment.isAbandoned) return;
  const reader = await read.source.read({ kind: 'time', time: ticksToMillis(read.from) });
  try {
    const cut = new SegmentCut(read);
    while (!segment.isAbandoned) {
      const chunks = reader.read(READ_BYTES);
      if (chunks.length === 0) {
        if (reader.ended) throw reader.ended;
        await chunksOrAbandoned(reader, segment);
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

const chunksOrAbandoned = (reader: StationReader, segment: SharedSegment): Promise<void> =>
  new Promise((resolve) => {
    segment.onAbandoned = resolve;
    reader.wait(resolve);
  });

/** A taker of a segment. */
export interface TakenSegment {
  /**
   * Resolves with the first bytes. Rejects with a Problem where the station does not reach back that far, or its past is not
   * available.
   */
  readonly begun: Promise<void>;
  /** In bytes; null while the segment is being read. */
  readonly length: number | null;
  /** Its bytes in order, as they arrive. Throws where the station ended or cannot be read. */
  parts(): AsyncGenerator<Buffer>;
  /** Ends taking it. */
  close(): void;
}

/** Responsible for: the bytes of a segment read so far, its takers, and waking those that wait for more. */
class SharedSegment {
  readonly #parts: Buffer[] = [];
  bytes = 0;
  takers = 0;
  /** Takers by their network. */
  readonly #clients = new Map<string, number>();
  /** Its last taker left before it was complete. */
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
    this.#begun.catch(() => undefined); // Its takers await it.
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

  isTakenBy(client: string): boolean {
    return this.#clients.has(client);
  }

  take(client: string | undefined, onClosed: () => void): TakenSegment {
    this.takers++;
    this.#count(client, 1);
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
        this.#count(client, -1);
        if (this.takers === 0 && !this.#isWhole) this.#abandon();
        onClosed();
      },
    };
  }

  #count(client: string | undefined, by: number): void {
    if (client === undefined) return;
    const left = (this.#clients.get(client) ?? 0) + by;
    if (left > 0) this.#clients.set(client, left);
    else this.#clients.delete(client);
  }

  async *#inOrder(): AsyncGenerator<Buffer> {
    for (let i = 0; ; i++) {
      while (i >= this.#parts.length && !this.#isWhole) {
        if (this.#error) throw this.#error;
        await new Promise<void>((wake) => this.#waiting.push(wake));
      }
      if (i >= this.#parts.length) return;
      yield this.#parts[i]!;
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
