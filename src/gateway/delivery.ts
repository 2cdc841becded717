/** Writes what a reader reads to a sink, at the pace of the sink. */
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import type { Chunk, StationReader } from './source.js';

/** A destination of chunks: an HTTP response, a channel of a WebSocket. */
export interface Sink {
  /** `discontinuity`: media between the previous chunk and this one is left out. */
  write(chunk: Chunk, discontinuity: boolean): void;
  /** Bytes waiting for the network. */
  readonly queued: number;
  /** Set by the delivery; called when the network has taken some of the queue. */
  onDrain: () => void;
}

export interface DeliveryOptions {
  reader: StationReader;
  sink: Sink;
  timers: Timers;
  /** The station's clock (Unix epoch). */
  now: () => Millis;
  /** Whether it follows the air: a delivery too far behind continues at the live position. */
  follows: boolean;
  /** Media that leaves at or after this time is held back; null: none is. */
  until?: Millis | null;
  /** It was too slow and continues at `position`; called before the media there is written. */
  onMoved: (position: Millis) => void;
  /** The network has taken nothing for STALLED, although media is waiting. */
  onStalled: () => void;
  /** The reader has ended. */
  onEnded: (error: Error) => void;
}

/** Bytes waiting for the network beyond which nothing more is written. */
export const MOST_QUEUED = 128 * 1024;
/** Most bytes read at once: about as many as the network takes at once. */
const READ_BYTES = 64 * 1024;
/** Longest lag of a delivery that follows the air, beyond the lag that it started with. */
export const MOST_BEHIND = Millis(10_000);
/** Longest time without progress before a delivery is given up. */
export const STALLED = Millis(20_000);
/** Time between two checks for progress. */
const CHECK_PERIOD = Millis(5_000);

/**
 * Responsible for:
 * - the bound on the queue: MOST_QUEUED bytes and one read
 * - moving a slow sink to the live position, and giving up a stalled one
 * - holding back media that leaves at or after `until`
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  #mostBehind: Millis;
  #until: Millis | null;
  #isWaiting = false;
  #isMoved = false;
  #isClosed = false;
  #progressAt: Millis;
  #cancelCheck: () => void;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#until = options.until ?? null;
    this.#progressAt = options.timers.now();
    this.#mostBehind = Millis(this.behind + MOST_BEHIND);
    options.sink.onDrain = () => {
      this.#progressAt = options.timers.now();
      this.#pump();
    };
    this.#cancelCheck = this.#scheduleCheck();
    this.#pump();
  }

  /** Lag of the position behind the air. */
  get behind(): Millis {
    const { reader, now } = this.#options;
    return Millis(Math.max(0, now() - reader.position));
  }

  /** Holds back media that leaves at or after `until`; null: none. */
  setUntil(until: Millis | null): void {
    this.#until = until;
    this.#pump();
  }

  /** Ends writing and callbacks. The reader stays open. */
  close(): void {
    this.#isClosed = true;
    this.#options.sink.onDrain = () => undefined;
    this.#cancelCheck();
  }

  #pump(): void {
    const { reader, sink, onEnded } = this.#options;
    while (!this.#isClosed && sink.queued < MOST_QUEUED) {
      this.#keepUp();
      if (this.#isHeldBack()) return;
      // One chunk at a time up to `until`.
      const chunks = reader.read(this.#until === null ? READ_BYTES : 1);
      if (chunks.length === 0) {
        if (reader.ended === null) {
          this.#wait();
        } else {
          this.close();
          onEnded(reader.ended);
        }
        return;
      }
      for (const chunk of chunks) {
        sink.write(chunk, this.#isMoved);
        this.#isMoved = false;
      }
    }
  }

  #isHeldBack(): boolean {
    return this.#until !== null && this.#options.reader.position >= this.#until;
  }

  /** A delivery that is held back is not slow. */
  #keepUp(): void {
    const { follows, reader, onMoved } = this.#options;
    if (!follows || this.#until !== null || this.behind <= this.#mostBehind || !reader.skipToLive()) return;
    this.#isMoved = true;
    this.#mostBehind = Millis(this.behind + MOST_BEHIND);
    onMoved(reader.position);
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#options.reader.wait(() => {
      this.#isWaiting = false;
      this.#pump();
    });
  }

  #scheduleCheck(): () => void {
    return this.#options.timers.after(CHECK_PERIOD, () => {
      this.#cancelCheck = this.#scheduleCheck();
      this.#check();
    });
  }

  #check(): void {
    const { sink, timers, onStalled } = this.#options;
    const now = timers.now();
    if (sink.queued < MOST_QUEUED) this.#progressAt = now;
    if (now - this.#progressAt < STALLED) return;
    this.close();
    onStalled();
  }
}
