/** From a reader to whoever takes what it reads, at the pace at which it is taken. */
import type { Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import type { Chunk, StationReader } from './source.js';

/** What takes chunks: an HTTP response, a channel of a WebSocket. */
export interface Sink {
  /** `discontinuity`: what lies between the chunk before and this one is left out. */
  write(chunk: Chunk, discontinuity: boolean): void;
  /** Bytes that the network has not taken yet. */
  readonly queued: number;
  /** Set by the delivery; to be called when the network has taken what was queued, or some of it. */
  onDrain: () => void;
}

export interface DeliveryOptions {
  reader: StationReader;
  sink: Sink;
  timers: Timers;
  /** The station's clock (Unix epoch). */
  now: () => Millis;
  /** Whether it keeps to what is on the air: when it is too far behind, it goes on there. */
  follows: boolean;
  /** What leaves at or after that is held back; null: as it leaves. */
  until?: Millis | null;
  /** It was too slow, and goes on at `place`; called before what is there is written. */
  onMoved: (position: Millis) => void;
  /** Nothing has been taken for STALLED, although there is something to send. */
  onStalled: () => void;
  /** There is no more. */
  onEnded: (error: Error) => void;
}

/** Nothing more is written while so many bytes wait for the network. */
export const MOST_QUEUED = 128 * 1024;
/** Read at once: about what the network takes at once. */
const READ_BYTES = 64 * 1024;
/** Who follows what is on the air falls behind it at most so much further than it began: at a random access point. */
export const MOST_BEHIND: Millis = 10_000;
/** Who takes nothing for so long will not take anything any more. */
export const STALLED: Millis = 20_000;
/** How often it is looked whether something was taken. */
const LOOK: Millis = 5_000;

/**
 * It is in charge of:
 * - never having more than MOST_QUEUED bytes, and one read, wait for the network
 * - moving on who is too slow, and giving up who takes nothing
 * - holding back what its reader is not to have yet
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  #mostBehind: Millis;
  #until: Millis | null;
  #isWaiting = false;
  #isMoved = false;
  #isClosed = false;
  #takenAt: Millis;
  #cancelLook: () => void;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#until = options.until ?? null;
    this.#takenAt = options.timers.now();
    this.#mostBehind = this.behind + MOST_BEHIND;
    options.sink.onDrain = () => {
      this.#takenAt = options.timers.now();
      this.#pump();
    };
    this.#cancelLook = this.#lookLater();
    this.#pump();
  }

  /** How far the place is behind what is on the air. */
  get behind(): Millis {
    const { reader, now } = this.#options;
    return Math.max(0, now() - reader.position);
  }

  /** What leaves at or after `until` is held back from now on; null: nothing is. */
  setUntil(until: Millis | null): void {
    this.#until = until;
    this.#pump();
  }

  /** Nothing is written and nobody is told of anything any more. The reader is not closed. */
  close(): void {
    this.#isClosed = true;
    this.#options.sink.onDrain = () => undefined;
    this.#cancelLook();
  }

  #pump(): void {
    const { reader, sink, onEnded } = this.#options;
    while (!this.#isClosed && sink.queued < MOST_QUEUED) {
      this.#keepUp();
      if (this.#isHeldBack()) return;
      // One by one, up to where it is held back.
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

  /** Whoever is held back is not slow. */
  #keepUp(): void {
    const { follows, reader, onMoved } = this.#options;
    if (!follows || this.#until !== null || this.behind <= this.#mostBehind || !reader.skipToLive()) return;
    this.#isMoved = true;
    this.#mostBehind = this.behind + MOST_BEHIND;
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

  #lookLater(): () => void {
    return this.#options.timers.after(LOOK, () => {
      this.#cancelLook = this.#lookLater();
      this.#look();
    });
  }

  #look(): void {
    const { sink, timers, onStalled } = this.#options;
    const now = timers.now();
    if (sink.queued < MOST_QUEUED) this.#takenAt = now;
    if (now - this.#takenAt < STALLED) return;
    this.close();
    onStalled();
  }
}
