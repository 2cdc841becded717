/**
 * The next packets of a station, or of its parity, ready to be sent. They are read sixteen at a time: reading a few each
 * time that some are due would cost as much for each as for all of them together.
 */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import type { PacketSlots, PayloadReader } from '../reel/payload-reader.js';
import type { Scratch } from '../station/fec-source.js';
import { LARGEST_PACKET, type PacketSource } from '../station/packet-source.js';

/** Packets read at once: at 5 Mbit/s those of 34 ms. */
export const HALF = 16;
const WINDOW = 2 * HALF;
const WINDOW_BYTES = WINDOW * LARGEST_PACKET;

/** Memory for the windows of many stations. What has not been written to takes no memory yet. */
export class WindowMemory {
  readonly places: PacketSlots;
  readonly dues: Float64Array;
  readonly #free: number[] = [];
  #used = 0;
  readonly #most: number;

  /** For at most `windows` windows at a time. */
  constructor(windows: number) {
    this.#most = windows;
    this.places = {
      buffer: Buffer.alloc(windows * WINDOW_BYTES),
      offsets: new Uint32Array(windows * WINDOW),
      lengths: new Uint16Array(windows * WINDOW),
    };
    this.dues = new Float64Array(windows * WINDOW);
  }

  /** The number of a window that nobody has. Throws a RangeError when there is none. */
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
    return { places: this.places, first: window * WINDOW, offset: window * WINDOW_BYTES };
  }
}

/**
 * Two halves, of which one is being sent while the other is filled: so what was handed over for sending stays as it is
 * for a while. It is in charge of: which packet is next, when it is due, and where it lies.
 */
export class PacketWindow {
  readonly #source: PacketSource;
  readonly #memory: WindowMemory;
  readonly #window: number;
  /** Which half is being sent, the place of the next packet, and of the first one that is not there. */
  #half = 1;
  #place: number;
  #end: number;
  #next: PacketNumber = 0;
  #due: Ticks90k = 0;

  /** `next` is the first packet. */
  constructor(source: PacketSource, memory: WindowMemory, next: PacketNumber) {
    this.#source = source;
    this.#memory = memory;
    this.#window = memory.take();
    this.#place = this.#window * WINDOW;
    this.#end = this.#place;
    this.skipTo(next);
  }

  /** The packet that leaves next, when it is due, and its place in the memory unless the window is empty. */
  get next(): PacketNumber {
    return this.#next;
  }
  get due(): Ticks90k {
    return this.#due;
  }
  get place(): number {
    return this.#place;
  }

  get isEmpty(): boolean {
    return this.#place === this.#end;
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
    this.#place++;
    this.#due = this.#place === this.#end ? this.#source.due(this.#next) : this.#memory.dues[this.#place];
  }

  /** Empties the window and goes on with packet `next`. */
  skipTo(next: PacketNumber): void {
    this.#place = this.#end;
    this.#next = next;
    this.#due = this.#source.due(next);
  }

  /**
   * Reads at most `most` of the next packets into an empty window; returns how many there were. Throws when the reel
   * cannot be read.
   */
  fill(reader: PayloadReader, most: number): number {
    const half = this.halfToFill;
    const first = this.#window * WINDOW + half * HALF;
    // Behind the first half where that is full of packets of one length: both can then be sent as one.
    const offset = this.#window * WINDOW_BYTES + half * HALF * this.#source.largestPacket;
    const { places, dues } = this.#memory;
    const next = this.#next;
    const count = this.#source.write(next, next + Math.min(most, HALF), places, first, offset, reader);
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) dues[first + i] = this.#source.due(next + i);
    this.#half = half;
    this.#place = first;
    this.#end = first + count;
    return count;
  }

  /** Gives the memory back. */
  close(): void {
    this.#memory.release(this.#window);
  }
}
