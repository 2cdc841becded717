/** Playout: packets that are due are sent. Holds no timer: `tick` returns when to call it next. */

import { Millis, millisToTicks, PacketNumber, Ticks90k, ticksToMillis } from '../base/units.js';
import type { MulticastSender } from '../net/sender.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { PacketSource } from '../station/packet-source.js';
import { type ReadError, ReadErrors } from '../threads/read-errors.js';
import type { StationCounters } from '../threads/station-counters.js';
import { HALF, PacketWindow, type WindowMemory } from './packet-window.js';

/** Packets later than this are dropped: after a stall, receivers get the packets of now, not a burst. */
export const LATEST = Millis(200);

/**
 * A station is served every 9 ms, with everything due until 4.9 ms later: its packets leave at most 4.9 ms early, and
 * at most 4.1 ms late plus the time for waking up and sending. Several together cost hardly more than one, and a
 * 5 Mbit/s station has four in that time.
 */
export const PERIOD = Millis(9);
export const EARLY = Millis(4.9);

/** Offsets within the period, in the order in which they come into use: few stations wake the processor rarely. */
const PHASES: readonly Millis[] = [0, 3, 6, 1, 4, 7, 2, 5, 8].map(Millis);

/** Bit/s of the stations with which a phase is full while there are unused ones: 280 kB at a time. */
const FULL_PHASE = 250e6;

/** The end of a source that goes on. */
const NO_END = PacketNumber(Number.POSITIVE_INFINITY);

interface OnAir {
  readonly id: string;
  readonly source: PacketSource;
  readonly destination: number;
  readonly bitrate: number;
  readonly progress: StationCounters;
  /** The station's counters, also of its parity: how far has been read ahead. */
  readonly reading: StationCounters;
  /** The station that it is or that it protects, and its errors. */
  readonly station: string;
  readonly errors: ReadErrors;
  readonly phase: Phase;
  readonly window: PacketWindow;
  /** Whether a packet of it has left. */
  hasBegun: boolean;
  /** The number of the last batch that each half of the window was in. */
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
  /** Its stations are served next at this time. */
  next: Millis;
}

export interface PlayoutOptions {
  /** Its batches lie in `memory`. */
  sender: MulticastSender;
  /** The reader reads to it. */
  memory: WindowMemory;
  reader: PayloadReader;
  now: () => Millis;
  /** Called with the first error of each code, and again after the station has recovered. */
  onReadError(id: string, error: ReadError): void;
}

/**
 * Responsible for:
 * - sending each packet of its stations, and of their parity, once, within 5 ms of its due time
 * - spreading the stations over the period, so that not all are served at once
 * - dropping and counting packets more than 200 ms late
 * - serving the other stations while one cannot be read, or waits for the disk
 *
 * Only an error of the system makes a station fall silent. Any other is a fault of the program, and `tick` throws it.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  readonly #sender: MulticastSender;
  readonly #reader: PayloadReader;
  readonly #now: () => Millis;
  readonly #capacity: number;
  readonly #onAir = new Map<string, OnAir>();
  readonly #byDestination: OnAir[] = [];
  readonly #phases: readonly Phase[];
  /** Phases with stations. */
  #inUse: readonly Phase[] = [];
  /** Sources that have come to their end. */
  readonly #ended: string[] = [];
  /** The source of each packet in the batch, and when the packet is due. */
  readonly #owners: OnAir[] = [];
  readonly #dues: Float64Array;
  readonly #memory: WindowMemory;
  /** The number of the batch that is being filled. */
  #batch = 1;

  constructor(options: PlayoutOptions) {
    this.#options = options;
    this.#sender = options.sender;
    this.#memory = options.memory;
    this.#reader = options.reader;
    this.#now = options.now;
    this.#capacity = options.sender.batch.offsets.length;
    this.#dues = new Float64Array(this.#capacity);
    this.#phases = PHASES.map((offset) => ({ offset, stations: [], bitrate: 0, next: Millis(0) }));
  }

  /**
   * Puts a station on the air from the next packet due; `bitrate` in bit/s. With `of`, the source is the parity of that
   * station, which is on the air: it begins with the next packet whose number is a multiple of `unit`, and leaves behind
   * the station's packets of the same moment. A source that is about to end goes on.
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
      ending.end = NO_END;
      return;
    }
    const station = of === undefined ? undefined : this.#onAir.get(of);
    const phase = station?.phase ?? this.#emptiestPhase();
    const now = this.#now();
    const next = PacketNumber(Math.ceil((source.at(millisToTicks(now)) + 1) / unit) * unit);
    const onAir: OnAir = {
      id,
      source,
      destination: this.#sender.addDestination(group, port),
      bitrate,
      progress,
      reading: station?.progress ?? progress,
      station: of ?? id,
      errors: station?.errors ?? new ReadErrors(),
      phase,
      window: new PacketWindow(source, this.#memory, next),
      hasBegun: false,
      batches: [0, 0],
      unit,
      end: NO_END,
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
    if (onAir) onAir.end = PacketNumber(Math.ceil(onAir.window.next / onAir.unit) * onAir.unit);
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

  /** Called by the sender: `packets` did not leave. */
  onRefused(destination: number, packets: number): void {
    this.#byDestination[destination]!.progress.refused += packets;
  }

  /** Called by the sender: the system had no room, and is asked again. */
  onPressure(destination: number): void {
    this.#byDestination[destination]!.progress.backPressure++;
  }

  /** Sends all packets that are due. Returns when to call it next: Infinity without a station. */
  tick(): Millis {
    let next = Millis(Number.POSITIVE_INFINITY);
    let now = this.#now();
    for (const phase of this.#inUse) {
      if (phase.next <= now) {
        for (const onAir of phase.stations) this.#serve(onAir, now);
        phase.next = Millis(phase.offset + PERIOD * (Math.floor((now - phase.offset) / PERIOD) + 1));
        now = this.#flush();
      }
      if (phase.next < next) next = phase.next;
    }
    while (this.#ended.length > 0) this.remove(this.#ended.pop()!);
    return next;
  }

  /** The least loaded of the phases in use, or a new one when all in use are full. */
  #emptiestPhase(): Phase {
    let best = this.#phases[0]!;
    for (const phase of this.#phases) {
      if (best.bitrate < FULL_PHASE) break;
      if (phase.bitrate < best.bitrate) best = phase;
    }
    return best;
  }

  #serve(onAir: OnAir, now: Millis): void {
    const { window, progress, end } = onAir;
    const limit = millisToTicks(Millis(now + EARLY));
    this.#skipLate(onAir, now);
    try {
      while (window.due <= limit && window.next < end) {
        if (window.isEmpty && !this.#fill(onAir)) {
          progress.waits++;
          break;
        }
        this.#put(onAir, limit);
      }
    } catch (error) {
      this.#skipUnread(onAir, error, { limit, now });
    }
    progress.next = window.next;
    if (window.next >= end) this.#ended.push(onAir.id);
  }

  #skipLate(onAir: OnAir, now: Millis): void {
    const { source, window, progress } = onAir;
    // Until the disk has brought the first packet there is nothing that it could be late for.
    const oldest = millisToTicks(Millis(now - (onAir.hasBegun ? LATEST : PERIOD)));
    if (window.due > oldest) return;
    const first = PacketNumber(source.at(oldest) + 1);
    if (onAir.hasBegun) progress.droppedLate += first - window.next;
    window.skipTo(first);
  }

  /** Leaves out the packets due until `limit`, which cannot be read. Throws `error` unless a system call failed. */
  #skipUnread(onAir: OnAir, error: unknown, { limit, now }: { limit: Ticks90k; now: Millis }): void {
    const { source, window, progress, station, errors } = onAir;
    const news = errors.take(error, now);
    if (news) this.#options.onReadError(station, news);
    const next = PacketNumber(source.at(limit) + 1);
    progress.unread += next - window.next;
    window.skipTo(next);
  }

  /** Fills an empty window. False when none of its packets is in memory. */
  #fill({ source, window, batches, progress, reading }: OnAir): boolean {
    // Packets that are still in the batch must not be overwritten.
    if (batches[window.halfToFill] === this.#batch) this.#flush();
    const most = this.#reader.waits ? source.readable(reading.readTo) - window.next : HALF;
    if (most > 0 && window.fill(this.#reader, most) > 0) return true;
    // They were in memory and are not any more: the reading thread has to bring them again.
    if (progress.readTo > window.next) progress.readTo = window.next;
    return false;
  }

  /** Puts the window's packets that are due until `limit` into the batch. */
  #put(onAir: OnAir, limit: Ticks90k): void {
    const { window, progress, destination, batches, end } = onAir;
    const { batch } = this.#sender;
    const { offsets, lengths } = this.#memory.slots;
    let packets = 0;
    let bytes = 0;
    while (!window.isEmpty && window.due <= limit && window.next < end) {
      if (batch.count === this.#capacity) this.#flush();
      const i = batch.count++;
      const { slot } = window;
      const length = lengths[slot]!;
      batch.offsets[i] = offsets[slot]!;
      batch.lengths[i] = length;
      batch.destinations[i] = destination;
      this.#owners[i] = onAir;
      this.#dues[i] = window.due;
      batches[window.half] = this.#batch;
      packets++;
      bytes += length;
      window.advance();
    }
    progress.countSent(packets, bytes);
    onAir.hasBegun = true;
  }

  /** Sends the batch; returns the time afterwards. */
  #flush(): Millis {
    const { batch } = this.#sender;
    const { count } = batch;
    if (count > 0) this.#sender.send();
    const now = this.#now();
    for (let i = 0; i < count; i++) {
      const due = ticksToMillis(Ticks90k(this.#dues[i]!));
      this.#owners[i]!.progress.lateness.record(Millis(now - due));
    }
    this.#batch++;
    return now;
  }
}
