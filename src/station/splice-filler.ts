/** RTP payloads between an item that is cut off and the item that follows: see make-filler.ts. */

import { Ticks90k } from '../base/units.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';

/** A filler between threads. */
export interface SpliceFillerData {
  /** Whole RTP payloads, as they leave. */
  readonly payloads: SharedArrayBuffer;
  /** From its first packet to the first behind it. */
  readonly duration: Ticks90k;
}

/** Responsible for: a filler's packets, and the times at which they leave, counted from the first. */
export class SpliceFiller {
  readonly count: number;
  readonly #duration: Ticks90k;
  readonly #bytes: Buffer;

  /** Throws a RangeError where the payloads are not whole, or the duration is not a time. */
  constructor({ payloads, duration }: SpliceFillerData) {
    this.count = payloads.byteLength / TS_GROUP_LENGTH;
    this.#duration = duration;
    this.#bytes = Buffer.from(payloads);
    if (!Number.isInteger(this.count) || this.count === 0) {
      throw new RangeError(`a filler has whole payloads, not ${payloads.byteLength} bytes`);
    }
    if (!(duration >= 0)) throw new RangeError(`a filler lasts ${duration}`);
  }

  due(packet: number): Ticks90k {
    return fillerTime(packet, this.count, this.#duration);
  }

  /** The last packet due at or before `time`, which is in [0, duration). */
  at(time: Ticks90k): number {
    let packet = Math.min(this.count - 1, Math.floor((time * this.count) / this.#duration));
    while (packet + 1 < this.count && this.due(packet + 1) <= time) packet++;
    return packet;
  }

  /** Copies a payload to `offset` of `out`. */
  copy(packet: number, out: Buffer, offset: number): void {
    this.#bytes.copy(out, offset, packet * TS_GROUP_LENGTH, (packet + 1) * TS_GROUP_LENGTH);
  }
}

/** The time at which a payload of a filler of `count` leaves, counted from the first. */
export const fillerTime = (payload: number, count: number, duration: Ticks90k): Ticks90k =>
  Ticks90k(Math.floor((payload * duration) / count));
