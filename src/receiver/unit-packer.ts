/** Payloads of RTP packets in order, kept: one behind the other in large pieces of memory. No socket, no timer. */
import { TICKS_PER_MILLI, type Ticks90k } from '../wire/time.js';
import { startsRandomAccess } from '../wire/ts.js';
import type { StreamUnit } from './stream-buffer.js';

/** Memory that units share; it goes with the last of them. */
const PIECE = 256 * 1024;
/** Of the stream's time in one unit: less than a picture, so that nothing ends or begins noticeably elsewhere. */
const LONGEST_UNIT: Ticks90k = 20 * TICKS_PER_MILLI;

/**
 * It is in charge of:
 * - copying payloads out of memory that is only lent
 * - making few units of many payloads; one that a player can begin with begins a unit
 */
export class UnitPacker {
  private piece = Buffer.alloc(0);
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
    const age = time - this.time;
    const hasRoom = this.end + length <= this.piece.length;
    if (randomAccess || age < 0 || age >= LONGEST_UNIT || !hasRoom) this.flush();
    if (!hasRoom) {
      this.piece = Buffer.allocUnsafeSlow(Math.max(PIECE, length));
      this.begin = 0;
      this.end = 0;
    }
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
}
