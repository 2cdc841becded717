/** Playout: what is due goes out. Holds no timer: `tick` does what is to be done, and says when the next is. */
import type { MulticastSender } from '../multicast/sender.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { Station } from '../station/station.js';
import { type Millis, millisToTicks, type PacketNumber, type Ticks90k, ticksToMillis } from '../wire/time.js';
import type { Progress } from './progress.js';

/** Packets later than this are dropped: after a stall, receivers get what is on the air now, not a burst. */
export const LATEST: Millis = 200;

/**
 * A station is served every 9 ms, with everything due until 4.9 ms later: so its packets leave at most 4.9 ms early, and
 * 4.1 ms and the time that waking up and sending take late. Several together cost hardly more than one, and a 5 Mbit/s
 * station has four in that time.
 */
export const PERIOD: Millis = 9;
export const EARLY: Millis = 4.9;

/** The period's beginnings, in the order in which they come into use: few stations wake the processor rarely. */
const PHASES: readonly Millis[] = [0, 3, 6, 1, 4, 7, 2, 5, 8];

/** Bit/s of the stations with which a phase is full while there are unused ones: 180 kB at a time. */
const FULL_PHASE = 160e6;

interface OnAir {
  readonly station: Station;
  readonly destination: number;
  readonly bitrate: number;
  readonly progress: Progress;
  readonly phase: Phase;
  /** Whether a packet of it has left. */
  hasBegun: boolean;
  next: PacketNumber;
  /** When `next` is due. */
  due: Ticks90k;
}

interface Phase {
  readonly offset: Millis;
  readonly stations: OnAir[];
  bitrate: number;
  /** When its stations are served next. */
  next: Millis;
}

/**
 * It is in charge of:
 * - sending each packet of its stations once, at its due time give or take 5 ms
 * - spreading the stations over the period, so that not all are served at once
 * - dropping, and counting, what would leave more than 200 ms late
 * - going on with the others when a station's packets cannot be read, or are still on the disk
 */
export class Playout {
  readonly #sender: MulticastSender;
  readonly #reader: PayloadReader;
  readonly #now: () => Millis;
  readonly #capacity: number;
  readonly #onAir = new Map<string, OnAir>();
  readonly #byDestination: OnAir[] = [];
  readonly #phases: Phase[];
  /** Those with stations. */
  #inUse: Phase[] = [];
  /** Of each packet in the batch: whose it is, and when it is due. */
  readonly #owners: OnAir[] = [];
  readonly #dues: Float64Array;
  #filled = 0;

  constructor(options: { sender: MulticastSender; reader: PayloadReader; now: () => Millis }) {
    this.#sender = options.sender;
    this.#reader = options.reader;
    this.#now = options.now;
    this.#capacity = options.sender.batch.offsets.length;
    this.#dues = new Float64Array(this.#capacity);
    this.#phases = PHASES.map((offset) => ({ offset, stations: [], bitrate: 0, next: 0 }));
  }

  /** Puts a station on the air from the next packet due; `bitrate` in bit/s. */
  add(options: {
    id: string;
    station: Station;
    group: string;
    port: number;
    bitrate: number;
    progress: Progress;
  }): void {
    const { id, station, group, port, bitrate, progress } = options;
    const phase = this.#emptiestPhase();
    const now = this.#now();
    const next = station.at(millisToTicks(now)) + 1;
    const onAir: OnAir = {
      station,
      destination: this.#sender.addDestination(group, port),
      bitrate,
      progress,
      phase,
      hasBegun: false,
      next,
      due: station.due(next),
    };
    phase.stations.push(onAir);
    phase.bitrate += bitrate;
    if (phase.stations.length === 1) phase.next = now;
    this.#inUse = this.#phases.filter(({ stations }) => stations.length > 0);
    this.#onAir.set(id, onAir);
    this.#byDestination[onAir.destination] = onAir;
  }

  remove(id: string): void {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    const { phase, destination } = onAir;
    this.#onAir.delete(id);
    phase.stations.splice(phase.stations.indexOf(onAir), 1);
    phase.bitrate -= onAir.bitrate;
    this.#inUse = this.#phases.filter(({ stations }) => stations.length > 0);
    this.#sender.removeDestination(destination);
  }

  /** Called by the sender: packets that did not leave. */
  refused(destination: number, packets: number): void {
    this.#byDestination[destination].progress.refused += packets;
  }

  /** Called by the sender: the system had no room, and is asked again. */
  pressed(destination: number): void {
    this.#byDestination[destination].progress.backPressure++;
  }

  /** Sends everything that it is time for. Returns when to call it next: Infinity with no station. */
  tick(): Millis {
    let next = Number.POSITIVE_INFINITY;
    let now = this.#now();
    for (const phase of this.#inUse) {
      if (phase.next <= now) {
        for (const onAir of phase.stations) this.#serve(onAir, now);
        phase.next = phase.offset + PERIOD * (Math.floor((now - phase.offset) / PERIOD) + 1);
        now = this.#flush();
      }
      if (phase.next < next) next = phase.next;
    }
    return next;
  }

  /** The least loaded of the phases in use, or a new one when all in use are full. */
  #emptiestPhase(): Phase {
    let best = this.#phases[0];
    for (const phase of this.#phases) {
      if (best.bitrate < FULL_PHASE) break;
      if (phase.bitrate < best.bitrate) best = phase;
    }
    return best;
  }

  #serve(onAir: OnAir, now: Millis): void {
    const { station, progress } = onAir;
    const limit = millisToTicks(now + EARLY);
    this.#skipLate(onAir, now);
    try {
      while (onAir.due <= limit) {
        if (!this.#put(onAir, limit)) {
          progress.waits++;
          break;
        }
      }
    } catch {
      // The station falls silent for this time and goes on with the next; the reader meets the same error and tells it.
      const next = station.at(limit) + 1;
      progress.unread += next - onAir.next;
      onAir.next = next;
      onAir.due = station.due(next);
    }
    progress.next = onAir.next;
  }

  #skipLate(onAir: OnAir, now: Millis): void {
    const { station, progress } = onAir;
    // Until the disk has brought the first packet there is nothing that it could be late for.
    const oldest = millisToTicks(now - (onAir.hasBegun ? LATEST : PERIOD));
    if (onAir.due > oldest) return;
    const first = station.at(oldest) + 1;
    if (onAir.hasBegun) progress.droppedLate += first - onAir.next;
    onAir.next = first;
    onAir.due = station.due(first);
  }

  /** Puts what is due until `limit` into the batch, as far as there is room. False when it is not in memory. */
  #put(onAir: OnAir, limit: Ticks90k): boolean {
    const { station, progress, next, destination } = onAir;
    const { batch } = this.#sender;
    if (batch.count === this.#capacity) this.#flush();
    const first = batch.count;
    let most = this.#capacity - first;
    if (this.#reader.waits) most = Math.min(most, progress.readTo - next);
    let { due } = onAir;
    let count = 0;
    while (count < most && due <= limit) {
      this.#dues[first + count] = due;
      count++;
      due = station.due(next + count);
    }
    const written = count > 0 ? station.write(next, next + count, batch, first, this.#filled, this.#reader) : 0;
    if (written === 0) {
      // It was there and is not any more: the reader has to bring it again.
      if (progress.readTo > next) progress.readTo = next;
      return false;
    }
    let bytes = 0;
    for (let i = first; i < first + written; i++) {
      batch.destinations[i] = destination;
      this.#owners[i] = onAir;
      bytes += batch.lengths[i];
    }
    batch.count += written;
    this.#filled += bytes;
    progress.sent(written, bytes);
    onAir.next += written;
    onAir.due = written === count ? due : station.due(onAir.next);
    onAir.hasBegun = true;
    return true;
  }

  /** Sends the batch; returns the time afterwards. */
  #flush(): Millis {
    const { batch } = this.#sender;
    const { count } = batch;
    if (count > 0) this.#sender.send();
    const now = this.#now();
    for (let i = 0; i < count; i++) this.#owners[i].progress.lateness.record(now - ticksToMillis(this.#dues[i]));
    this.#filled = 0;
    return now;
  }
}
