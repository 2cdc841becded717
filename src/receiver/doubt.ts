/** Packets of a group that are not believed yet: the sender may have been interrupted, or somebody else sends. No clock. */
import { Millis, PacketNumber, RTP_TIME_MODULUS, TICKS_PER_SECOND, wrappedDistance } from '../base/units.js';

/**
 * How long such packets have to follow each other, with none of the old numbers among them, before they are believed
 * without a server that answers: longer than a recorder leaves packets in its socket, and than servers take to change
 * over; a viewer sees the picture stand for this time.
 */
const SUSTAINED = Millis(1_500);
/** They are as many as this share of the station's packets in that time, at least. */
const LEAST_SHARE = 1 / 4;
/** Largest distance between two of them, either way: some are lost, and a second path brings them once more. */
const LONGEST_GAP = 256;
const LONGEST_STEP = 2 * TICKS_PER_SECOND;
/** Packets that are kept of them, in seconds of the station. */
const KEPT_SECONDS = 3;
const LEAST_KEPT = 256;

export interface Doubted {
  readonly n: PacketNumber;
  readonly timestamp: number;
  readonly datagram: Buffer;
  readonly path: number;
}

/**
 * Responsible for:
 * - one run of packets that follow each other, kept within bounds, until it is believed or another packet contradicts it
 * - what it takes to believe it without a server
 */
export class Doubt {
  /** Packets that were dropped, because something contradicted them. */
  dropped = 0;
  readonly #rate: number;
  #kept: Doubted[] = [];
  #count = 0;
  #since = Millis(0);
  #last = PacketNumber(-1);
  #timestamp = 0;

  /** `rate` in packets a second. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** When the run began; null without one. */
  get since(): Millis | null {
    return this.#count === 0 ? null : this.#since;
  }

  /** Takes a packet; one that does not follow the last begins a new run. */
  add(packet: Doubted, now: Millis): void {
    const { n, timestamp } = packet;
    const step = wrappedDistance(this.#timestamp, timestamp, RTP_TIME_MODULUS);
    if (Math.abs(n - this.#last) > LONGEST_GAP || Math.abs(step) > LONGEST_STEP) this.clear();
    if (this.#count === 0) this.#since = now;
    this.#count++;
    this.#last = n;
    this.#timestamp = timestamp;
    if (this.#kept.length < Math.max(LEAST_KEPT, this.#rate * KEPT_SECONDS)) this.#kept.push(packet);
  }

  /** Whether the run is believed without a server: it has lasted. */
  isSustained(now: Millis): boolean {
    const lasted = now - this.#since;
    return this.#count > 1 && lasted >= SUSTAINED && this.#count >= (this.#rate * SUSTAINED * LEAST_SHARE) / 1000;
  }

  /** Whether packet `n`, which is believed, continues the run: then its packets are the station's as well. */
  isContinuedBy(n: PacketNumber): boolean {
    return this.#count > 0 && n > this.#last && n - this.#last <= LONGEST_GAP;
  }

  /** Ends the run: it is not the station's. */
  clear(): void {
    if (this.#count === 0) return;
    this.dropped += this.#count;
    this.#count = 0;
    this.#kept = [];
  }

  /** Ends the run, and returns its packets: what they say has been borne out. */
  take(): Doubted[] {
    const kept = this.#kept;
    this.#count = 0;
    this.#kept = [];
    return kept;
  }
}
