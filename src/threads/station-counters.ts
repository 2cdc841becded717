/**
 * Position and statistics of a station on the air, in memory that all threads share. One thread writes each number; the
 * others read it, a moment old perhaps.
 */
import type { PacketNumber } from '../base/units.js';
import { Lateness } from './lateness.js';

const names = [
  'next',
  'packets',
  'bytes',
  'droppedLate',
  'unread',
  'refused',
  'backPressure',
  'waits',
  'readTo',
  'readErrors',
] as const;
const [PACKETS, BYTES] = [names.indexOf('packets'), names.indexOf('bytes')];
const NUMBERS_BYTES = names.length * Float64Array.BYTES_PER_ELEMENT;

export class StationCounters {
  /** The packet that leaves next; 0 before the first. */
  declare next: PacketNumber;
  /** Packets sent, and their bytes with the RTP headers. */
  declare readonly packets: number;
  declare readonly bytes: number;
  /** Packets dropped because they were too late. */
  declare droppedLate: number;
  /** Packets not sent because the reel could not be read. */
  declare unread: number;
  /** Packets that the system refused to send. */
  declare refused: number;
  /** Times that the system had no room for packets and had to be asked again. */
  declare backPressure: number;
  /** Times that packets were due and the disk had not brought them yet. */
  declare waits: number;
  /** Packets before this one are in memory. Written by the reading thread; lowered where they are gone again. */
  declare readTo: PacketNumber;
  /** Times that the reading thread failed to read. */
  declare readErrors: number;

  readonly shared: SharedArrayBuffer;
  readonly lateness: Lateness;
  readonly #numbers: Float64Array;

  static {
    for (const [i, name] of names.entries()) {
      Object.defineProperty(StationCounters.prototype, name, {
        get(this: StationCounters): number {
          return this.#numbers[i]!;
        },
        set(this: StationCounters, value: number) {
          this.#numbers[i] = value;
        },
      });
    }
  }

  /** Over another thread's `shared`; without it, of a station that has not begun. */
  constructor(shared = new SharedArrayBuffer(NUMBERS_BYTES + Lateness.BYTES)) {
    this.shared = shared;
    this.#numbers = new Float64Array(shared, 0, names.length);
    this.lateness = new Lateness(shared, NUMBERS_BYTES);
  }

  countSent(packets: number, bytes: number): void {
    this.#numbers[PACKETS]! += packets;
    this.#numbers[BYTES]! += bytes;
  }

  /** The numbers of now; the histogram is not copied: it shows what is counted later as well. */
  snapshot() {
    const { packets, bytes, droppedLate, unread, refused, waits } = this;
    return { packets, bytes, droppedLate, unread, refused, waits, lateness: this.lateness.counts };
  }
}
