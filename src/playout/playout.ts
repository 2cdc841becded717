/** Playout: what is due goes out. Holds no timer: `tick` is called with the time. */
import type { MulticastSender, SendBatch } from '../multicast/sender.js';
import { LARGEST_PACKET, type Station } from '../station/station.js';
import { type Millis, millisToTicks, type PacketNumber, type Ticks90k, ticksToMillis } from '../wire/time.js';
import { Lateness } from './lateness.js';

/** Packets later than this are dropped: after a stall, receivers get what is on the air now, not a burst. */
export const LATEST: Millis = 200;

const BATCH_PACKETS = 512;

export interface PlayoutCounters {
  packets: number;
  bytes: number;
  /** Dropped because they were more than LATEST late. */
  droppedLate: number;
  /** Ticks on which a station's reel could not be read; its packets of that tick were not sent. */
  readErrors: number;
}

interface OnAir {
  station: Station;
  destination: number;
  next: PacketNumber;
  counters: PlayoutCounters;
  onReadError(error: unknown): void;
}

/**
 * It is in charge of:
 * - sending each packet of its stations once, at its due time or as soon after as it is ticked
 * - dropping, and counting, what would leave more than 200 ms late
 * - how late packets left
 */
export class Playout {
  readonly #sender: MulticastSender;
  readonly #onAir = new Map<string, OnAir>();
  readonly #lateness = new Lateness(2 * LATEST);
  readonly #batch: SendBatch = {
    buffer: Buffer.allocUnsafe(BATCH_PACKETS * LARGEST_PACKET),
    offsets: new Uint32Array(BATCH_PACKETS),
    lengths: new Uint16Array(BATCH_PACKETS),
    destinations: new Uint16Array(BATCH_PACKETS),
    count: 0,
  };
  #filled = 0;

  constructor(sender: MulticastSender) {
    this.#sender = sender;
  }

  /** Puts a station on the air from the next packet due after `now`. `onReadError` is told once per tick at most. */
  add(options: {
    id: string;
    station: Station;
    group: string;
    port: number;
    now: Millis;
    onReadError(error: unknown): void;
  }): void {
    const { id, station, group, port, now, onReadError } = options;
    this.#onAir.set(id, {
      station,
      destination: this.#sender.addDestination(group, port),
      next: station.at(millisToTicks(now)) + 1,
      counters: { packets: 0, bytes: 0, droppedLate: 0, readErrors: 0 },
      onReadError,
    });
  }

  remove(id: string): void {
    this.#onAir.delete(id);
  }

  counters(id: string): PlayoutCounters | undefined {
    return this.#onAir.get(id)?.counters;
  }

  /** The number of the packet of station `id` that leaves next. */
  next(id: string): PacketNumber | undefined {
    return this.#onAir.get(id)?.next;
  }

  /** Lateness of what was sent, milliseconds. */
  lateness(): { median: Millis; p99: Millis; max: Millis } {
    const lateness = this.#lateness;
    return { median: lateness.quantile(0.5), p99: lateness.quantile(0.99), max: lateness.quantile(1) };
  }

  /** Sends everything due by `now`. */
  tick(now: Millis): void {
    const time = millisToTicks(now);
    for (const onAir of this.#onAir.values()) this.#play(onAir, time, now);
    this.#flush();
  }

  #play(onAir: OnAir, time: Ticks90k, now: Millis): void {
    const { station, counters } = onAir;
    const last = station.at(time);
    if (last < onAir.next) return;
    const tooLate = millisToTicks(now - LATEST);
    if (station.due(onAir.next) <= tooLate) {
      const first = station.at(tooLate) + 1;
      counters.droppedLate += first - onAir.next;
      onAir.next = first;
    }
    try {
      while (onAir.next <= last) {
        this.#put(onAir);
        this.#lateness.record(now - ticksToMillis(station.due(onAir.next)));
        onAir.next++;
      }
    } catch (error) {
      // The station falls silent for this tick and goes on with the next; the others do not notice.
      counters.readErrors++;
      onAir.next = last + 1;
      onAir.onReadError(error);
    }
  }

  #put(onAir: OnAir): void {
    const batch = this.#batch;
    if (batch.count === BATCH_PACKETS) this.#flush();
    const length = onAir.station.write(onAir.next, batch.buffer, this.#filled);
    batch.offsets[batch.count] = this.#filled;
    batch.lengths[batch.count] = length;
    batch.destinations[batch.count] = onAir.destination;
    batch.count++;
    this.#filled += length;
    onAir.counters.packets++;
    onAir.counters.bytes += length;
  }

  #flush(): void {
    this.#sender.send(this.#batch);
    this.#batch.count = 0;
    this.#filled = 0;
  }
}

/** How often packets are sent: 2 ms, half of which a packet waits on average. */
const TICK: Millis = 2;

/** Ticks `playout` by `now` until the function returned is called. */
export function startPlayout(playout: Playout, now: () => Millis): () => void {
  let timer: NodeJS.Timeout;
  const tick = () => {
    playout.tick(now());
    timer = setTimeout(tick, TICK);
  };
  tick();
  return () => clearTimeout(timer);
}
