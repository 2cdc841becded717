/** Playout: what is due goes out. Holds no timer: `tick` does what is to be done, and says when the next is. */

import { type Millis, millisToTicks, type PacketNumber, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { MulticastSender } from '../net/sender.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { PacketSource } from '../station/packet-source.js';
import type { StationCounters } from '../threads/station-counters.js';
import { HALF, PacketWindow, type WindowMemory } from './packet-window.js';

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

/** Bit/s of the stations with which a phase is full while there are unused ones: 280 kB at a time. */
const FULL_PHASE = 250e6;

interface OnAir {
  readonly id: string;
  readonly source: PacketSource;
  readonly destination: number;
  readonly bitrate: number;
  readonly progress: StationCounters;
  /** Of the station: what has been read ahead for it. */
  readonly reading: StationCounters;
  readonly phase: Phase;
  readonly window: PacketWindow;
  /** Whether a packet of it has left. */
  hasBegun: boolean;
  /** In which batch, by its number, each half of the window was last. */
  readonly batches: [number, number];
  /** It begins and ends with packets whose numbers are multiples of this one. */
  readonly unit: number;
  /** It ends before this packet. */
  end: PacketNumber;
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
 * - sending each packet of its stations, and of their parity, once, at its due time give or take 5 ms
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
  /** Those that have come to their end. */
  readonly #ended: string[] = [];
  /** Of each packet in the batch: whose it is, and when it is due. */
  readonly #owners: OnAir[] = [];
  readonly #dues: Float64Array;
  readonly #memory: WindowMemory;
  /** The number of the batch that is being filled. */
  #batch = 1;

  /** The sender's batches and the reader use `memory`. */
  constructor(options: {
    sender: MulticastSender;
    memory: WindowMemory;
    reader: PayloadReader;
    now: () => Millis;
  }) {
    this.#sender = options.sender;
    this.#memory = options.memory;
    this.#reader = options.reader;
    this.#now = options.now;
    this.#capacity = options.sender.batch.offsets.length;
    this.#dues = new Float64Array(this.#capacity);
    this.#phases = PHASES.map((offset) => ({ offset, stations: [], bitrate: 0, next: 0 }));
  }

  /**
   * Puts a station on the air from the next packet due; `bitrate` in bit/s. With `of`, it is the parity of that station,
   * which is on the air: from the next packet on whose number is a multiple of `unit`, each behind the station's packets
   * of its moment. What is about to end goes on.
   */
  add(options: {
    id: string;
    source: PacketSource;
    group: string;
    port: number;
    bitrate: number;
    progress: StationCounters;
    of?: string;
    unit?: number;
  }): void {
    const { id, source, group, port, bitrate, progress, of, unit = 1 } = options;
    const ending = this.#onAir.get(id);
    if (ending) {
      ending.end = Number.POSITIVE_INFINITY;
      return;
    }
    const station = of === undefined ? undefined : this.#onAir.get(of);
    const phase = station?.phase ?? this.#emptiestPhase();
    const now = this.#now();
    const next = Math.ceil((source.at(millisToTicks(now)) + 1) / unit) * unit;
    const onAir: OnAir = {
      id,
      source,
      destination: this.#sender.addDestination(group, port),
      bitrate,
      progress,
      reading: station?.progress ?? progress,
      phase,
      window: new PacketWindow(source, this.#memory, next),
      hasBegun: false,
      batches: [0, 0],
      unit,
      end: Number.POSITIVE_INFINITY,
    };
    phase.stations.push(onAir);
    phase.bitrate += bitrate;
    if (phase.stations.length === 1) phase.next = now;
    this.#inUse = this.#phases.filter(({ stations }) => stations.length > 0);
    this.#onAir.set(id, onAir);
    this.#byDestination[onAir.destination] = onAir;
  }

  /** Reads again what has been read and not been sent: the station has changed. */
  readAgain(id: string): void {
    const onAir = this.#onAir.get(id);
    if (onAir) onAir.window.skipTo(onAir.window.next);
  }

  /** Takes it off the air with the next packet whose number is a multiple of its unit. */
  end(id: string): void {
    const onAir = this.#onAir.get(id);
    if (onAir) onAir.end = Math.ceil(onAir.window.next / onAir.unit) * onAir.unit;
  }

  /** Takes it off the air at once. */
  remove(id: string): void {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    const { phase, destination } = onAir;
    this.#onAir.delete(id);
    phase.stations.splice(phase.stations.indexOf(onAir), 1);
    phase.bitrate -= onAir.bitrate;
    this.#inUse = this.#phases.filter(({ stations }) => stations.length > 0);
    this.#sender.removeDestination(destination);
    onAir.window.close();
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
    while (this.#ended.length > 0) this.remove(this.#ended.pop()!);
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
    const { source, window, progress, end } = onAir;
    const limit = millisToTicks(now + EARLY);
    this.#skipLate(onAir, now);
    try {
      while (window.due <= limit && window.next < end) {
        if (window.isEmpty && !this.#fill(onAir)) {
          progress.waits++;
          break;
        }
        this.#put(onAir, limit);
      }
    } catch {
      // The station falls silent for this time and goes on with the next; the reader meets the same error and tells it.
      const next = source.at(limit) + 1;
      progress.unread += next - window.next;
      window.skipTo(next);
    }
    progress.next = window.next;
    if (window.next >= end) this.#ended.push(onAir.id);
  }

  #skipLate(onAir: OnAir, now: Millis): void {
    const { source, window, progress } = onAir;
    // Until the disk has brought the first packet there is nothing that it could be late for.
    const oldest = millisToTicks(now - (onAir.hasBegun ? LATEST : PERIOD));
    if (window.due > oldest) return;
    const first = source.at(oldest) + 1;
    if (onAir.hasBegun) progress.droppedLate += first - window.next;
    window.skipTo(first);
  }

  /** Fills an empty window. False when nothing of it is in memory. */
  #fill({ source, window, batches, progress, reading }: OnAir): boolean {
    // What is still in the batch must not be written over.
    if (batches[window.halfToFill] === this.#batch) this.#flush();
    const most = this.#reader.waits ? source.readable(reading.readTo) - window.next : HALF;
    if (most > 0 && window.fill(this.#reader, most) > 0) return true;
    // It was there and is not any more: the reader has to bring it again.
    if (progress.readTo > window.next) progress.readTo = window.next;
    return false;
  }

  /** Puts what is in the window and due until `limit` into the batch. */
  #put(onAir: OnAir, limit: Ticks90k): void {
    const { window, progress, destination, batches, end } = onAir;
    const { batch } = this.#sender;
    const { offsets, lengths } = this.#memory.places;
    let packets = 0;
    let bytes = 0;
    while (!window.isEmpty && window.due <= limit && window.next < end) {
      if (batch.count === this.#capacity) this.#flush();
      const i = batch.count++;
      const { place } = window;
      batch.offsets[i] = offsets[place];
      batch.lengths[i] = lengths[place];
      batch.destinations[i] = destination;
      this.#owners[i] = onAir;
      this.#dues[i] = window.due;
      batches[window.half] = this.#batch;
      packets++;
      bytes += lengths[place];
      window.advance();
    }
    progress.sent(packets, bytes);
    onAir.hasBegun = true;
  }

  /** Sends the batch; returns the time afterwards. */
  #flush(): Millis {
    const { batch } = this.#sender;
    const { count } = batch;
    if (count > 0) this.#sender.send();
    const now = this.#now();
    for (let i = 0; i < count; i++) this.#owners[i].progress.lateness.record(now - ticksToMillis(this.#dues[i]));
    this.#batch++;
    return now;
  }
}
