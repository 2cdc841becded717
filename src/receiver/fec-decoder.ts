/**
 * Recovers lost packets from parity (SMPTE 2022-1): a packet is the exclusive or of its column's or row's parity and the
 * other packets of that column or row. A recovered packet can complete another one. No socket, no timer, no clock.
 *
 * The header of a parity packet names its media packets, so blocks of any sender are decoded, wherever they begin.
 */

import {
  PacketNumber,
  RTP_TIME_MODULUS,
  SEQUENCE_MODULUS,
  TICKS_PER_SECOND,
  unwrap,
  wrap,
  wrappedDistance,
} from '../base/units.js';
import { emptyFec, FEC_PARITY_AT, type FecFields, type FecSize, readFec } from '../wire/fec.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';

const WORD = 4;
/** Bytes for each packet, at least 1500 (Ethernet MTU) − 20 (IPv4) − 8 (UDP), in whole words. */
const SLOT = 1_536;
const SLOT_WORDS = SLOT / WORD;
const HEADER_WORDS = RTP_HEADER_LENGTH / WORD;
/** Parities waiting for packets at most: a window of the smallest blocks, 4 by 4, has no more. */
const MOST_WAITING = 128;
/** The packets of one parity are sent within less time: a time stamp further away is wrong. */
const LONGEST_BLOCK = 60 * TICKS_PER_SECOND;

/** A parity of the `count` packets `base`, `base + step` … */
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
  /** Packets recovered. */
  recovered: number;
  /** Parity packets that are malformed or whose result cannot be right. */
  refused: number;
}

/** Results of `#missing`: all packets are there, or more than one is not. */
const NONE = PacketNumber(-1);
const SEVERAL = PacketNumber(-2);

/**
 * Responsible for:
 * - keeping the latest packets, and parities with packets still to come, in bounded memory
 * - recovering each packet that these determine, once
 * - refusing results that are no packet of this stream, as far as can be seen
 */
export class FecDecoder {
  /** Called with each recovered packet, an RTP packet as it was sent; lent until the call returns. */
  onRecovered: (n: PacketNumber, packet: Buffer) => void;
  readonly counts: FecCounts = { recovered: 0, refused: 0 };
  readonly #isPlausible: (n: PacketNumber, packet: Buffer) => boolean;
  readonly #size: FecSize | undefined;
  readonly #window: number;
  /** By n modulo the window: the packet in that slot, its length, its bytes. Its last word is padded with 0. */
  readonly #numbers: Float64Array;
  readonly #lengths: Uint16Array;
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #waiting: Parity[] = [];
  /** Memory of parities that no longer wait. */
  readonly #free: Parity[] = [];
  readonly #fields: FecFields = emptyFec();
  #near = PacketNumber(-1);

  /**
   * @param options window: packets kept, a power of two; parity comes up to two blocks of 100 packets after its own.
   * isPlausible: whether a recovered packet is kept, and used to recover others. size: of the blocks; undefined: any.
   */
  constructor(options: {
    onRecovered(n: PacketNumber, packet: Buffer): void;
    isPlausible?(n: PacketNumber, packet: Buffer): boolean;
    size?: FecSize;
    window?: number;
  }) {
    const { onRecovered, isPlausible = () => true, size, window = 256 } = options;
    if (!Number.isInteger(Math.log2(window))) throw new RangeError(`window is ${window}, not a power of two`);
    this.onRecovered = onRecovered;
    this.#isPlausible = isPlausible;
    this.#size = size;
    this.#window = window;
    this.#numbers = new Float64Array(window).fill(-1);
    this.#lengths = new Uint16Array(window);
    this.#words = new Uint32Array(window * SLOT_WORDS);
    this.#bytes = Buffer.from(this.#words.buffer);
  }

  /** Takes packet `n` of any path, with its RTP header, from `start` to `end` of a buffer. */
  media(n: PacketNumber, buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length < RTP_HEADER_LENGTH || length > SLOT || !this.#hasRoom(n)) return;
    const slot = this.#slot(n);
    const at = slot * SLOT;
    buffer.copy(this.#bytes, at, start, end);
    this.#fillUp(slot, n, length);
    if (this.#waiting.length > 0) this.#settle(n);
  }

  /**
   * Takes a parity packet, from `start` to `end` of a buffer; `near` is the highest media packet received. Returns whether
   * it is one.
   */
  parity(buffer: Buffer, start: number, end: number, near: PacketNumber): boolean {
    const fields = this.#fields;
    const length = end - start - FEC_PARITY_AT;
    const isParity = readFec(buffer, start, end, fields) && fields.count >= 2 && this.#fits(fields);
    if (!isParity || length > SLOT - RTP_HEADER_LENGTH) {
      this.counts.refused++;
      return false;
    }
    this.#near = near;
    this.#forget();
    const base = PacketNumber(unwrap(fields.base, near, SEQUENCE_MODULUS));
    const last = base + (fields.count - 1) * fields.step;
    if (base < 0 || base <= near - this.#window || last - base >= this.#window || last > near + this.#window)
      return true;
    const missing = this.#missing(base, fields.step, fields.count);
    if (missing === NONE || this.#isWaiting(base, fields)) return true;
    const parity = this.#wait(base, fields, length);
    buffer.copy(parity.bytes, 0, start + FEC_PARITY_AT, end);
    if (missing !== SEVERAL) this.#settle(missing);
    return true;
  }

  /** Whether it is of a column or a row of the blocks. */
  #fits({ isRow, step, count }: FecFields): boolean {
    const size = this.#size;
    if (size === undefined) return true;
    return isRow ? count === size.columns : step === size.columns && count === size.rows;
  }

  #slot(n: PacketNumber): number {
    return wrap(n, this.#window);
  }

  /** Whether the slot of packet `n` is free: it holds neither that packet nor a later one that is still useful. */
  #hasRoom(n: PacketNumber): boolean {
    const kept = this.#numbers[this.#slot(n)]!;
    return kept !== n && (kept < n || kept > this.#near + this.#window);
  }

  #fillUp(slot: number, n: PacketNumber, length: number): void {
    const end = slot * SLOT + Math.ceil(length / WORD) * WORD;
    for (let at = slot * SLOT + length; at < end; at++) this.#bytes[at] = 0;
    this.#numbers[slot] = n;
    this.#lengths[slot] = length;
  }

  /** The only packet missing, or NONE or SEVERAL. */
  #missing(base: PacketNumber, step: number, count: number): PacketNumber {
    let missing = NONE;
    for (let i = 0, n = base; i < count; i++, n = PacketNumber(n + step)) {
      if (this.#numbers[this.#slot(n)] === n) continue;
      if (missing !== NONE) return SEVERAL;
      missing = n;
    }
    return missing;
  }

  #isWaiting(base: PacketNumber, { step, count }: FecFields): boolean {
    return this.#waiting.some((each) => each.base === base && each.step === step && each.count === count);
  }

  /** Keeps a parity; if there are too many, the one of the earliest packets is dropped. */
  #wait(base: PacketNumber, fields: FecFields, length: number): Parity {
    if (this.#waiting.length === MOST_WAITING) {
      let earliest = 0;
      this.#waiting.forEach((each, i) => {
        if (each.base < this.#waiting[earliest]!.base) earliest = i;
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
    this.#free.push(this.#waiting[index]!);
    const last = this.#waiting.pop()!;
    if (index < this.#waiting.length) this.#waiting[index] = last;
  }

  /** Drops parities of packets before the window. */
  #forget(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]!.base <= this.#near - this.#window) this.#drop(i);
    }
  }

  /** Packet `n` has come, or is the only one missing of a parity: recovers all that this determines. */
  #settle(first: PacketNumber): void {
    const changed = [first]; // grows while it is iterated
    const found: PacketNumber[] = [];
    for (const n of changed) {
      for (let i = this.#waiting.length - 1; i >= 0; i--) {
        const parity = this.#waiting[i]!;
        if (!covers(parity, n)) continue;
        const missing = this.#missing(parity.base, parity.step, parity.count);
        if (missing === SEVERAL) continue;
        if (missing !== NONE && this.#recover(parity, missing)) {
          changed.push(missing);
          found.push(missing);
        }
        this.#drop(i);
      }
    }
    // Last, so that the callback can pass in packets at once.
    for (const each of found) {
      const slot = this.#slot(each);
      if (this.#numbers[slot] !== each) continue;
      this.onRecovered(each, this.#bytes.subarray(slot * SLOT, slot * SLOT + this.#lengths[slot]!));
    }
  }

  /** Computes packet `n` from a parity and its other packets. Returns false if the result is no packet. */
  #recover(parity: Parity, n: PacketNumber): boolean {
    const bytes = this.#bytes;
    let { first, second, timestamps, lengths } = parity;
    let other = 0;
    for (let i = 0, each = parity.base; i < parity.count; i++, each = PacketNumber(each + parity.step)) {
      if (each === n) continue;
      const slot = this.#slot(each);
      other = slot * SLOT;
      first ^= bytes[other]! & 0x3f;
      second ^= bytes[other + 1]!;
      timestamps ^= bytes.readUInt32BE(other + 4);
      lengths ^= this.#lengths[slot]! - RTP_HEADER_LENGTH;
    }
    const timestamp = timestamps >>> 0;
    const away = wrappedDistance(bytes.readUInt32BE(other + 4), timestamp, RTP_TIME_MODULUS);
    const isLikely =
      lengths <= parity.length && ((second ^ bytes[other + 1]!) & 0x7f) === 0 && Math.abs(away) < LONGEST_BLOCK;
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
    if (!this.#isPlausible(n, bytes.subarray(at, at + RTP_HEADER_LENGTH + lengths))) {
      this.#numbers[slot] = NONE; // What the slot held has been written over.
      this.counts.refused++;
      return false;
    }
    this.#fillUp(slot, n, RTP_HEADER_LENGTH + lengths);
    this.counts.recovered++;
    return true;
  }

  #recoverPayload(parity: Parity, n: PacketNumber, slot: number, length: number): void {
    const words = this.#words;
    const to = slot * SLOT_WORDS + HEADER_WORDS;
    const count = Math.ceil(length / WORD);
    for (let word = 0; word < count; word++) words[to + word] = parity.words[word]!;
    for (let i = 0, each = parity.base; i < parity.count; i++, each = PacketNumber(each + parity.step)) {
      if (each === n) continue;
      const other = this.#slot(each);
      const from = other * SLOT_WORDS + HEADER_WORDS;
      const itsWords = Math.min(count, Math.ceil((this.#lengths[other]! - RTP_HEADER_LENGTH) / WORD));
      for (let word = 0; word < itsWords; word++) words[to + word]! ^= words[from + word]!;
    }
  }
}

function emptyParity(): Parity {
  const words = new Uint32Array(SLOT_WORDS);
  const bytes = Buffer.from(words.buffer);
  return {
    base: PacketNumber(0),
    step: 1,
    count: 0,
    first: 0,
    second: 0,
    timestamps: 0,
    lengths: 0,
    length: 0,
    words,
    bytes,
  };
}

function covers({ base, step, count }: Parity, n: PacketNumber): boolean {
  const distance = n - base;
  return distance >= 0 && distance % step === 0 && distance / step < count;
}
