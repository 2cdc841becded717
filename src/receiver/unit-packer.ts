/** Payloads of RTP packets in order, kept: one behind the other in large pieces of memory. No socket, no timer. */
import { TICKS_PER_MILLI, Ticks90k } from '../base/units.js';
import { startsRandomAccess } from '../wire/ts.js';
import type { StreamUnit } from './stream-buffer.js';

/** Bytes of a piece of memory, shared by units, and pieces kept for reuse: enough for a second of many streams. */
const PIECE = 256 * 1024;
const SPARE_PIECES = 4;
/**
 * No unit crosses a multiple of this, so that all receivers of a station cut its stream at the same positions. Shorter than a
 * picture lasts, so that cuts are exact enough.
 */
const LONGEST_UNIT = Ticks90k(20 * TICKS_PER_MILLI);

const windowOf = (time: Ticks90k): number => Math.floor(time / LONGEST_UNIT);

/**
 * Responsible for:
 * - copying payloads out of lent memory
 * - packing many payloads into few units; a random access point begins a unit
 * - reusing memory when its units are dropped: freeing it makes V8 collect garbage
 */
export class UnitPacker {
  #piece: Buffer = Buffer.alloc(0);
  /** Pieces before it, in order, with units that are held; and pieces without any. */
  readonly #full: Buffer[] = [];
  readonly #spare: Buffer[] = [];
  /** The unit being packed, within the piece. */
  #begin = 0;
  #end = 0;
  #time = Ticks90k(0);
  #randomAccess = false;

  readonly #push: (unit: StreamUnit) => void;

  constructor(push: (unit: StreamUnit) => void) {
    this.#push = push;
  }

  /** Takes a payload, from `start` to `end` of a buffer. */
  add(time: Ticks90k, buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    const randomAccess = startsRandomAccess(buffer, start, end);
    const isOver = windowOf(time) !== windowOf(this.#time);
    const hasRoom = this.#end + length <= this.#piece.length;
    if (randomAccess || isOver || !hasRoom) this.flush();
    if (!hasRoom) this.#nextPiece(length);
    if (this.#begin === this.#end) {
      this.#time = time;
      this.#randomAccess = randomAccess;
    }
    buffer.copy(this.#piece, this.#end, start, end);
    this.#end += length;
  }

  /** Ends the unit being packed. */
  flush(): void {
    if (this.#begin === this.#end) return;
    const data = this.#piece.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    this.#push({ time: this.#time, data, randomAccess: this.#randomAccess });
  }

  /** Has to be called for each unit that is no longer held, in order. Reuses the memory of those before it. */
  reclaim({ data }: StreamUnit): void {
    while (this.#full.length > 0 && this.#full[0]!.buffer !== data.buffer) {
      const free = this.#full.shift()!;
      if (free.length === PIECE && this.#spare.length < SPARE_PIECES) this.#spare.push(free);
    }
  }

  #nextPiece(length: number): void {
    if (this.#piece.length > 0) this.#full.push(this.#piece);
    const spare = length <= PIECE ? this.#spare.pop() : undefined;
    this.#piece = spare ?? Buffer.allocUnsafeSlow(Math.max(PIECE, length));
    this.#begin = 0;
    this.#end = 0;
  }
}
