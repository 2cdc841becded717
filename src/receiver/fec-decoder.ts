/**
 * Lost packets from parity (SMPTE 2022-1): a packet is what its column's or row's parity and the others of it leave over.
 * What one brings back may complete another. No socket, no timer, no clock.
 *
 * Which packets a parity is of stands in its header, so any sender's blocks will do, and they may begin anywhere.
 */

import {
  type PacketNumber,
  RTP_TIME_MODULUS,
  SEQUENCE_MODULUS,
  TICKS_PER_SECOND,
  unwrap,
  wrap,
  wrappedDistance,
} from '../base/units.js';
import { emptyFec, FEC_PARITY_AT, type FecFields, readFec } from '../wire/fec.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';

const WORD = 4;
/** Room for each packet: Ethernet carries 1,472 bytes. */
const SLOT = 1_536;
const SLOT_WORDS = SLOT / WORD;
const HEADER_WORDS = RTP_HEADER_LENGTH / WORD;
/** Parities that wait for packets: all of a window with the smallest blocks, 4 by 4, have no more. */
const MOST_WAITING = 128;
/** The packets of one parity are sent within less: a time stamp further away is nonsense. */
const LONGEST_BLOCK = 60 * TICKS_PER_SECOND;

/** A parity, and the packets `base`, `base + step` … that it is of, `count` in all. */
interface Parity {
  base: PacketNumber;
  step: number;
  count: number;
  first: number;
  second: number;
  timestamps: number;
  lengths: number;
  /** Bytes of the parity of payloads. */
  length: number;
  readonly words: Uint32Array;
  readonly bytes: Buffer;
}

export interface FecCounts {
  /** Packets that were brought back. */
  recovered: number;
  /** Packets of parity that were none, or whose result cannot be right. */
  refused: number;
}

/** What `#missing` says of a parity whose packets are all there, or of which more than one is not. */
const NONE = -1;
const SEVERAL = -2;

/**
 * It is in charge of:
 * - the latest packets, and parities with packets still to come, in bounded memory
 * - bringing back each packet that they allow to bring back, once
 * - never taking for a packet what parity of something else makes of these, as far as that can be told
 */
export class FecDecoder {
  /** Called with each packet that was brought back, an RTP packet as it was sent; lent until the call returns. */
  recovered: (n: PacketNumber, packet: Buffer) => void;
  readonly counts: FecCounts = { recovered: 0, refused: 0 };
  readonly #window: number;
  /** By n modulo the window: which packet is there, its length, its bytes. What is behind its end in its last word is 0. */
  readonly #numbers: Float64Array;
  readonly #lengths: Uint16Array;
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #waiting: Parity[] = [];
  /** Memory of parities that wait no more. */
  readonly #free: Parity[] = [];
  readonly #fields: FecFields = emptyFec();
  #near: PacketNumber = -1;

  /** `window`: how many packets are kept, a power of two; parity comes up to two blocks of 100 behind them. */
  constructor(options: { recovered(n: PacketNumber, packet: Buffer): void; window?: number }) {
    const { recovered, window = 256 } = options;
    if (!Number.isInteger(Math.log2(window))) throw new RangeError(`window is ${window}, not a power of two`);
    this.recovered = recovered;
    this.#window = window;
    this.#numbers = new Float64Array(window).fill(-1);
    this.#lengths = new Uint16Array(window);
    this.#words = new Uint32Array(window * SLOT_WORDS);
    this.#bytes = Buffer.from(this.#words.buffer);
  }

  /** Takes packet `n`, which lies from `start` to `end` of a buffer with its RTP header, by whatever path it came. */
  media(n: PacketNumber, buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length < RTP_HEADER_LENGTH || length > SLOT || !this.#hasRoom(n)) return;
    const slot = this.#slot(n);
    const at = slot * SLOT;
    buffer.copy(this.#bytes, at, start, end);
    this.#fillUp(slot, n, length);
    if (this.#waiting.length > 0) this.#settle(n);
  }

  /** Takes a packet of parity, from `start` to `end` of a buffer; `near` is the highest number that came. */
  repair(buffer: Buffer, start: number, end: number, near: PacketNumber): void {
    const fields = this.#fields;
    const length = end - start - FEC_PARITY_AT;
    if (!readFec(buffer, start, end, fields) || fields.count < 2 || length > SLOT - RTP_HEADER_LENGTH) {
      this.counts.refused++;
      return;
    }
    this.#near = near;
    this.#forget();
    const base = unwrap(fields.base, near, SEQUENCE_MODULUS);
    const last = base + (fields.count - 1) * fields.step;
    if (base < 0 || base <= near - this.#window || last - base >= this.#window || last > near + this.#window) return;
    const missing = this.#missing(base, fields.step, fields.count);
    if (missing === NONE || this.#isWaiting(base, fields)) return;
    const parity = this.#wait(base, fields, length);
    buffer.copy(parity.bytes, 0, start + FEC_PARITY_AT, end);
    if (missing !== SEVERAL) this.#settle(missing);
  }

  #slot(n: PacketNumber): number {
    return wrap(n, this.#window);
  }

  /** Not where the packet, or a later one that may still be of use, is. */
  #hasRoom(n: PacketNumber): boolean {
    const there = this.#numbers[this.#slot(n)];
    return there !== n && (there < n || there > this.#near + this.#window);
  }

  #fillUp(slot: number, n: PacketNumber, length: number): void {
    const end = slot * SLOT + Math.ceil(length / WORD) * WORD;
    for (let at = slot * SLOT + length; at < end; at++) this.#bytes[at] = 0;
    this.#numbers[slot] = n;
    this.#lengths[slot] = length;
  }

  /** The only packet that is not there, or NONE or SEVERAL. */
  #missing(base: PacketNumber, step: number, count: number): PacketNumber {
    let missing = NONE;
    for (let i = 0, n = base; i < count; i++, n += step) {
      if (this.#numbers[this.#slot(n)] === n) continue;
      if (missing !== NONE) return SEVERAL;
      missing = n;
    }
    return missing;
  }

  #isWaiting(base: PacketNumber, { step, count }: FecFields): boolean {
    return this.#waiting.some((each) => each.base === base && each.step === step && each.count === count);
  }

  /** Room for a parity: where there is none, the one of the earliest packets goes. */
  #wait(base: PacketNumber, fields: FecFields, length: number): Parity {
    if (this.#waiting.length === MOST_WAITING) {
      let earliest = 0;
      this.#waiting.forEach((each, i) => {
        if (each.base < this.#waiting[earliest].base) earliest = i;
      });
      this.#drop(earliest);
    }
    const parity = this.#free.pop() ?? emptyParity();
    const { step, count, first, second, timestamps, lengths } = fields;
    Object.assign(parity, { base, step, count, first, second, timestamps, lengths, length });
    this.#waiting.push(parity);
    return parity;
  }

  #drop(index: number): void {
    this.#free.push(this.#waiting[index]);
    const last = this.#waiting.pop()!;
    if (index < this.#waiting.length) this.#waiting[index] = last;
  }

  /** Drops parities of packets that are too far behind. */
  #forget(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i].base <= this.#near - this.#window) this.#drop(i);
    }
  }

  /** Packet `n` has come, or is the only one that a parity lacks: brings back what that allows, one after another. */
  #settle(n: PacketNumber): void {
    const changed = [n];
    const found: PacketNumber[] = [];
    for (let at = 0; at < changed.length; at++) {
      for (let i = this.#waiting.length - 1; i >= 0; i--) {
        const parity = this.#waiting[i];
        if (!covers(parity, changed[at])) continue;
        const missing = this.#missing(parity.base, parity.step, parity.count);
        if (missing === SEVERAL) continue;
        if (missing !== NONE && this.#recover(parity, missing)) {
          changed.push(missing);
          found.push(missing);
        }
        this.#drop(i);
      }
    }
    // Last, so that whoever is called may hand over packets at once.
    for (const each of found) {
      const slot = this.#slot(each);
      if (this.#numbers[slot] !== each) continue;
      this.recovered(each, this.#bytes.subarray(slot * SLOT, slot * SLOT + this.#lengths[slot]));
    }
  }

  /** Puts packet `n` together from a parity and its others. False where that makes no packet. */
  #recover(parity: Parity, n: PacketNumber): boolean {
    const bytes = this.#bytes;
    let { first, second, timestamps, lengths } = parity;
    let other = 0;
    for (let i = 0, each = parity.base; i < parity.count; i++, each += parity.step) {
      if (each === n) continue;
      const slot = this.#slot(each);
      other = slot * SLOT;
      first ^= bytes[other] & 0x3f;
      second ^= bytes[other + 1];
      timestamps ^= bytes.readUInt32BE(other + 4);
      lengths ^= this.#lengths[slot] - RTP_HEADER_LENGTH;
    }
    const timestamp = timestamps >>> 0;
    const away = wrappedDistance(bytes.readUInt32BE(other + 4), timestamp, RTP_TIME_MODULUS);
    const isLikely =
      lengths <= parity.length && ((second ^ bytes[other + 1]) & 0x7f) === 0 && Math.abs(away) < LONGEST_BLOCK;
    if (!isLikely || !this.#hasRoom(n)) {
      this.counts.refused++;
      return false;
    }
    const slot = this.#slot(n);
    const at = slot * SLOT;
    bytes[at] = 0x80 | first; // V = 2
    bytes[at + 1] = second;
    bytes.writeUInt16BE(wrap(n, SEQUENCE_MODULUS), at + 2);
    bytes.writeUInt32BE(timestamp, at + 4);
    bytes.copy(bytes, at + 8, other + 8, other + 12); // SSRC
    this.#recoverPayload(parity, n, slot, lengths);
    this.#fillUp(slot, n, RTP_HEADER_LENGTH + lengths);
    this.counts.recovered++;
    return true;
  }

  #recoverPayload(parity: Parity, n: PacketNumber, slot: number, length: number): void {
    const words = this.#words;
    const to = slot * SLOT_WORDS + HEADER_WORDS;
    const count = Math.ceil(length / WORD);
    for (let word = 0; word < count; word++) words[to + word] = parity.words[word];
    for (let i = 0, each = parity.base; i < parity.count; i++, each += parity.step) {
      if (each === n) continue;
      const other = this.#slot(each);
      const from = other * SLOT_WORDS + HEADER_WORDS;
      const its = Math.min(count, Math.ceil((this.#lengths[other] - RTP_HEADER_LENGTH) / WORD));
      for (let word = 0; word < its; word++) words[to + word] ^= words[from + word];
    }
  }
}

function emptyParity(): Parity {
  const words = new Uint32Array(SLOT_WORDS);
  const bytes = Buffer.from(words.buffer);
  return { base: 0, step: 1, count: 0, first: 0, second: 0, timestamps: 0, lengths: 0, length: 0, words, bytes };
}

function covers({ base, step, count }: Parity, n: PacketNumber): boolean {
  const away = n - base;
  return away >= 0 && away % step === 0 && away / step < count;
}
