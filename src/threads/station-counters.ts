/**
 * How far a station on the air is and how well it goes, in memory that all threads share. Each number has one thread
 * that writes it; the others read, and may see one that is a moment old.
 */
import type { PacketNumber } from '../base/units.js';
import { Lateness } from './lateness.js';

const numbers = [
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
type NumberName = (typeof numbers)[number];

const at = Object.fromEntries(numbers.map((name, i) => [name, i])) as Record<NumberName, number>;
const NUMBERS_BYTES = numbers.length * 8;

export class StationCounters {
  readonly shared: SharedArrayBuffer;
  readonly lateness: Lateness;
  readonly #numbers: Float64Array;

  /** What another thread's `shared` shows; without it, of a station that has not begun. */
  constructor(shared = new SharedArrayBuffer(NUMBERS_BYTES + Lateness.BYTES)) {
    this.shared = shared;
    this.#numbers = new Float64Array(shared, 0, numbers.length);
    this.lateness = new Lateness(shared, NUMBERS_BYTES);
  }

  /** The packet that leaves next; 0 before the first. */
  get next(): PacketNumber {
    return this.#numbers[at.next];
  }
  set next(value) {
    this.#numbers[at.next] = value;
  }

  /** Sent, and their bytes with the RTP headers. */
  get packets(): number {
    return this.#numbers[at.packets];
  }
  get bytes(): number {
    return this.#numbers[at.bytes];
  }
  sent(packets: number, bytes: number): void {
    this.#numbers[at.packets] += packets;
    this.#numbers[at.bytes] += bytes;
  }

  /** Packets dropped because they were too late. */
  get droppedLate(): number {
    return this.#numbers[at.droppedLate];
  }
  set droppedLate(value) {
    this.#numbers[at.droppedLate] = value;
  }

  /** Packets not sent because the reel could not be read. */
  get unread(): number {
    return this.#numbers[at.unread];
  }
  set unread(value) {
    this.#numbers[at.unread] = value;
  }

  /** Packets that the system refused to send. */
  get refused(): number {
    return this.#numbers[at.refused];
  }
  set refused(value) {
    this.#numbers[at.refused] = value;
  }

  /** Times that the system had no room for its packets and had to be asked again. */
  get backPressure(): number {
    return this.#numbers[at.backPressure];
  }
  set backPressure(value) {
    this.#numbers[at.backPressure] = value;
  }

  /** Times that packets were due and the disk had not brought them yet. */
  get waits(): number {
    return this.#numbers[at.waits];
  }
  set waits(value) {
    this.#numbers[at.waits] = value;
  }

  /** Packets before this one have been brought into memory. Written by the reader; lowered where they are gone again. */
  get readTo(): PacketNumber {
    return this.#numbers[at.readTo];
  }
  set readTo(value) {
    this.#numbers[at.readTo] = value;
  }

  /** Times that the reader failed to read. */
  get readErrors(): number {
    return this.#numbers[at.readErrors];
  }
  set readErrors(value) {
    this.#numbers[at.readErrors] = value;
  }

  /** The numbers of now; the histogram is not copied: it shows what is counted later as well. */
  snapshot() {
    const { packets, bytes, droppedLate, unread, refused, waits } = this;
    return { packets, bytes, droppedLate, unread, refused, waits, lateness: this.lateness.counts };
  }
}
