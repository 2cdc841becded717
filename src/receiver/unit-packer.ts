/** Payloads of RTP packets in order, kept: one behind the other in large pieces of memory. No socket, no timer. */
import { TICKS_PER_MILLI, type Ticks90k } from '../base/units.js';
import { startsRandomAccess } from '../wire/ts.js';
import type { StreamUnit } from './stream-buffer.js';

/** Memory that units share, and how many pieces of it are kept for later: what a second of many streams needs. */
const PIECE = 256 * 1024;
const SPARE_PIECES = 4;
/**
 * No unit goes beyond a multiple of this, so that all receivers of a station can cut its stream at the same places. Less than
 * a picture lasts: nothing ends or begins noticeably elsewhere.
 */
const LONGEST_UNIT: Ticks90k = 20 * TICKS_PER_MILLI;

const windowOf = (time: Ticks90k): number => Math.floor(time / LONGEST_UNIT);

/**
 * It is in charge of:
 * - copying payloads out of memory that is only lent
 * - making few units of many payloads; one that a player can begin with begins a unit
 * - using memory again when its units are no longer held: V8 takes freed memory for a reason to collect garbage
 */
export class UnitPacker {
  private piece: Buffer = Buffer.alloc(0);
  /** Those before it, in order, in which units lie that are held; and those in which none does. */
  private readonly full: Buffer[] = [];
  private readonly spare: Buffer[] = [];
  /** Where the unit that is being packed begins and ends in the piece. */
  private begin = 0;
  private end = 0;
  private time: Ticks90k = 0;
  private randomAccess = false;

  constructor(private readonly push: (unit: StreamUnit) => void) {}

  /** Takes the payload that lies from `start` to `end` of a buffer. */
  add(time: Ticks90k, buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    const randomAccess = startsRandomAccess(buffer, start, end);
    const isOver = windowOf(time) !== windowOf(this.time);
    const hasRoom = this.end + length <= this.piece.length;
    if (randomAccess || isOver || !hasRoom) this.flush();
    if (!hasRoom) this.nextPiece(length);
    if (this.begin === this.end) {
      this.time = time;
      this.randomAccess = randomAccess;
    }
    buffer.copy(this.piece, this.end, start, end);
    this.end += length;
  }

  /** Hands on what was added. */
  flush(): void {
    const { begin, end, time, randomAccess } = this;
    if (begin === end) return;
    this.begin = end;
    this.push({ time, data: this.piece.subarray(begin, end), randomAccess });
  }

  /** To be told of each unit that is no longer held, in order; units before it in other memory are not either. */
  reclaim({ data }: StreamUnit): void {
    while (this.full.length > 0 && this.full[0].buffer !== data.buffer) {
      const free = this.full.shift()!;
      if (free.length === PIECE && this.spare.length < SPARE_PIECES) this.spare.push(free);
    }
  }

  private nextPiece(length: number): void {
    if (this.piece.length > 0) this.full.push(this.piece);
    const spare = length <= PIECE ? this.spare.pop() : undefined;
    this.piece = spare ?? Buffer.allocUnsafeSlow(Math.max(PIECE, length));
    this.begin = 0;
    this.end = 0;
  }
}
