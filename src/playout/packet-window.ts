/**
 * The next packets of a station, or of its parity, ready to be sent. They are read sixteen at a time: reading the few
 * that are due each time would cost as much per packet as reading all sixteen does.
 */

import { PacketNumber, Ticks90k } from '../base/units.js';
import type { PacketSlots, PayloadReader } from '../reel/payload-reader.js';
import type { Scratch } from '../station/fec-source.js';
import { LARGEST_PACKET, type PacketSource } from '../station/packet-source.js';

/** Packets read at once: at 5 Mbit/s those of 34 ms. */
export const HALF = 16;
const WINDOW = 2 * HALF;
const WINDOW_BYTES = WINDOW * LARGEST_PACKET;

/** Memory for the windows of many stations. The system provides a page only when it is written to. */
export class WindowMemory {
  readonly slots: PacketSlots;
  readonly dues: Float64Array;
  readonly #free: number[] = [];
  #used = 0;
  readonly #most: number;

  /** For at most `windows` windows at a time. */
  constructor(windows: number) {
    this.#most = windows;
    this.slots = {
      buffer: Buffer.alloc(windows * WINDOW_BYTES),
      offsets: new Uint32Array(windows * WINDOW),
      lengths: new Uint16Array(windows * WINDOW),
    };
    this.dues = new Float64Array(windows * WINDOW);
  }

  /** The number of a free window. Throws a RangeError when there is none. */
  take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#used === this.#most) throw new RangeError(`there is memory for ${this.#most} stations`);
    return this.#used++;
  }

  release(window: number): void {
    this.#free.push(window);
  }

  /** A window's memory, for packets that are read and not sent. */
  scratch(): Scratch {
    const window = this.take();
    return { slots: this.slots, first: window * WINDOW, offset: window * WINDOW_BYTES };
  }
}

/**
 * Two halves, one of which is sent while the other is filled: packets that were handed over for sending stay unchanged
 * until then. Responsible for: which packet is next, when it is due, and in which slot it lies.
 */
export class PacketWindow {
  readonly #source: PacketSource;
  readonly #memory: WindowMemory;
  readonly #window: number;
  /** The half being sent, the slot of the next packet, and the slot behind the last packet read. */
  #half = 1;
  #slot: number;
  #end: number;
  #next = PacketNumber(0);
  #due = Ticks90k(0);

  /** `next` is the first packet. */
  constructor(source: PacketSource, memory: WindowMemory, next: PacketNumber) {
    this.#source = source;
    this.#memory = memory;
    this.#window = memory.take();
    this.#slot = this.#window * WINDOW;
    this.#end = this.#slot;
    this.skipTo(next);
  }

  /** The packet that leaves next, when it is due, and its slot in the memory unless the window is empty. */
  get next(): PacketNumber {
    return this.#next;
  }
  get due(): Ticks90k {
    return this.#due;
  }
  get slot(): number {
    return this.#slot;
  }

  get isEmpty(): boolean {
    return this.#slot === this.#end;
  }

  /** The half that `fill` writes to, 0 or 1. */
  get halfToFill(): number {
    return 1 - this.#half;
  }
  /** The half in which the next packet lies. */
  get half(): number {
    return this.#half;
  }

  /** Goes on to the following packet. */
  advance(): void {
    this.#next++;
    this.#slot++;
    this.#due = this.#slot === this.#end ? this.#source.due(this.#next) : Ticks90k(this.#memory.dues[this.#slot]!);
  }

  /** Empties the window and goes on with packet `next`. */
  skipTo(next: PacketNumber): void {
    this.#slot = this.#end;
    this.#next = next;
    this.#due = this.#source.due(next);
  }

  /**
   * Reads at most `most` of the next packets into an empty window; returns how many were in memory. Throws when the reel
   * cannot be read.
   */
  fill(reader: PayloadReader, most: number): number {
    const half = this.halfToFill;
    const first = this.#window * WINDOW + half * HALF;
    // Directly behind the first half if that is full of packets of one length: both can then be sent as one message.
    const offset = this.#window * WINDOW_BYTES + half * HALF * this.#source.largestPacket;
    const { slots, dues } = this.#memory;
    const next = this.#next;
    const count = this.#source.write(next, PacketNumber(next + Math.min(most, HALF)), slots, first, offset, reader);
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) dues[first + i] = this.#source.due(PacketNumber(next + i));
    this.#half = half;
    this.#slot = first;
    this.#end = first + count;
    return count;
  }

  /** Gives the memory back. */
  close(): void {
    this.#memory.release(this.#window);
  }
}
