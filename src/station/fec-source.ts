/**
 * Parity of a station (SMPTE 2022-1) as a function of packet numbers: block b has the packets from b·L·D on, whatever
 * was sent before. So a server that comes back, and a second one, send the same parity.
 *
 * A row's parity leaves with the row's last packet. A column's leaves one row later than its last packet, as the
 * specification wants it (a delay of L packets at least): otherwise a burst of L losses in the last row would take the
 * parity that is to repair it along.
 */

import { type PacketNumber, RTP_TIME_MODULUS, SEQUENCE_MODULUS, type Ticks90k, wrap } from '../base/units.js';
import type { PacketSlots, PayloadReader } from '../reel/payload-reader.js';
import { emptyFec, FEC_HEADER_LENGTH, FEC_PARITY_AT, type FecSize, writeFecHeaders } from '../wire/fec.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { LARGEST_PACKET, type PacketSource, slotsFor } from './packet-source.js';

/** Where packets are read to, one row at a time. */
export interface Scratch {
  readonly places: PacketSlots;
  /** The first place, and the first byte in the buffer, a multiple of four; room for a row, 20 packets at most. */
  readonly first: number;
  readonly offset: number;
}

const WORD = 4;
/** Words kept for each parity: the largest packet. */
const PARITY_WORDS = LARGEST_PACKET / WORD;

/** The parities of one block, as far as its rows have been read: those of the columns, then those of the rows. */
interface Block {
  number: number;
  rowsRead: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Buffer;
  /** Parity of the lengths, and the greatest length. */
  readonly lengths: Uint16Array;
  readonly longest: Uint16Array;
}

/**
 * It is in charge of:
 * - the parities of two blocks, so that the columns of one and the rows of the next each are made once
 * - reading each packet once for both its column and its row
 */
class Parities {
  readonly size: FecSize;
  readonly station: PacketSource;
  readonly #scratch: Scratch;
  readonly #words: Uint32Array;
  /** Memory that is taken when it is needed. */
  readonly #blocks: (Block | undefined)[] = [undefined, undefined];
  /** A packet that does not begin and end at a word is moved here. */
  readonly #aligned = new Uint32Array(PARITY_WORDS);
  readonly #alignedBytes = Buffer.from(this.#aligned.buffer);

  constructor(station: PacketSource, size: FecSize, scratch: Scratch) {
    this.station = station;
    this.size = size;
    this.#scratch = scratch;
    const { buffer } = scratch.places;
    this.#words = new Uint32Array(buffer.buffer, buffer.byteOffset, Math.floor(buffer.length / WORD));
  }

  /** The block with its first `rows` rows read at least; null when they are not in memory. */
  block(number: number, rows: number, reader: PayloadReader): Block | null {
    const which = wrap(number, 2);
    this.#blocks[which] ??= emptyBlock(this.size);
    const block = this.#blocks[which];
    if (block.number !== number) clear(block, number);
    while (block.rowsRead < rows) if (!this.#readRow(block, reader)) return null;
    return block;
  }

  /** The station has changed. */
  forget(): void {
    for (const block of this.#blocks) if (block) clear(block, Number.NaN);
  }

  #readRow(block: Block, reader: PayloadReader): boolean {
    const { columns, rows } = this.size;
    const { places, first, offset } = this.#scratch;
    const from = (block.number * rows + block.rowsRead) * columns;
    if (this.station.write(from, from + columns, places, first, offset, reader) < columns) return false;
    for (let column = 0; column < columns; column++) this.#add(block, column, first + column);
    block.rowsRead++;
    return true;
  }

  /** Adds the packet in `place` to its column and its row. */
  #add(block: Block, column: number, place: number): void {
    const { offsets, lengths } = this.#scratch.places;
    const row = this.size.columns + block.rowsRead;
    const length = lengths[place];
    let words = this.#words;
    let from = offsets[place] / WORD;
    if ((offsets[place] | length) % WORD !== 0) {
      words = this.#aligned;
      from = 0;
      this.#align(offsets[place], length);
    }
    const parity = block.words;
    let atColumn = column * PARITY_WORDS;
    let atRow = row * PARITY_WORDS;
    const end = from + Math.ceil(length / WORD);
    for (let at = from; at < end; at++) {
      const word = words[at];
      parity[atColumn++] ^= word;
      parity[atRow++] ^= word;
    }
    note(block, column, length);
    note(block, row, length);
  }

  #align(offset: number, length: number): void {
    this.#scratch.places.buffer.copy(this.#alignedBytes, 0, offset, offset + length);
    const end = length + WORD - (length % WORD);
    for (let i = length; i < end; i++) this.#alignedBytes[i] = 0;
  }
}

function emptyBlock({ columns, rows }: FecSize): Block {
  const parities = columns + rows;
  const words = new Uint32Array(parities * PARITY_WORDS);
  return {
    number: Number.NaN,
    rowsRead: 0,
    words,
    bytes: Buffer.from(words.buffer),
    lengths: new Uint16Array(parities),
    longest: new Uint16Array(parities),
  };
}

function clear(block: Block, number: number): void {
  block.number = number;
  block.rowsRead = 0;
  block.words.fill(0);
  block.lengths.fill(0);
  block.longest.fill(0);
}

function note(block: Block, parity: number, length: number): void {
  block.lengths[parity] ^= length - RTP_HEADER_LENGTH;
  if (length > block.longest[parity]) block.longest[parity] = length;
}

const fields = emptyFec();

/** Writes the packet with a block's `parity` at `at` of `out`; `fields` says what it protects. Returns its length. */
function writeParity(out: Buffer, at: number, { bytes, lengths, longest }: Block, parity: number): number {
  const header = parity * PARITY_WORDS * WORD;
  fields.first = bytes[header] & 0x3f;
  fields.second = bytes[header + 1];
  fields.timestamps = bytes.readUInt32BE(header + 4);
  fields.lengths = lengths[parity];
  writeFecHeaders(out, at, fields);
  bytes.copy(out, at + FEC_PARITY_AT, header + RTP_HEADER_LENGTH, header + longest[parity]);
  return longest[parity] + FEC_HEADER_LENGTH;
}

/** What columns and rows have in common. */
abstract class ParitySource implements PacketSource {
  protected readonly parities: Parities;
  /** How many packets one block has. */
  readonly perBlock: number;

  constructor(parities: Parities, perBlock: number) {
    this.parities = parities;
    this.perBlock = perBlock;
  }

  get largestPacket(): number {
    return this.parities.station.largestPacket + FEC_HEADER_LENGTH;
  }

  /** The station's packet right after which packet `m` leaves. */
  protected abstract after(m: PacketNumber): PacketNumber;
  abstract at(time: Ticks90k): PacketNumber;
  abstract readable(stationPacket: PacketNumber): PacketNumber;
  abstract write(
    from: PacketNumber,
    to: PacketNumber,
    places: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number;

  forget(): void {
    this.parities.forget();
  }

  due(m: PacketNumber): Ticks90k {
    return this.parities.station.due(this.after(m));
  }

  /** Writes packet `m`, the block's `parity`, into `place`; returns its length. */
  protected put(m: PacketNumber, block: Block, parity: number, places: PacketSlots, place: number, at: number): number {
    fields.sequenceNumber = m;
    fields.timestamp = wrap(this.due(m), RTP_TIME_MODULUS);
    const length = writeParity(places.buffer, at, block, parity);
    places.offsets[place] = at;
    places.lengths[place] = length;
    return length;
  }
}

/** Packet m is the parity of column m mod L of block ⌊m/L⌋. */
class ColumnParity extends ParitySource {
  protected after(m: PacketNumber): PacketNumber {
    const { columns, rows } = this.parities.size;
    const block = Math.floor(m / columns);
    return (block + 1) * columns * rows + (m - block * columns);
  }

  at(time: Ticks90k): PacketNumber {
    const { columns, rows } = this.parities.size;
    const n = this.parities.station.at(time);
    const block = Math.floor(n / (columns * rows));
    return (block - 1) * columns + Math.min(n - block * columns * rows, columns - 1);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    const { columns, rows } = this.parities.size;
    return Math.floor(stationPacket / (columns * rows)) * columns;
  }

  /** At most to the end of a block. */
  write(
    from: PacketNumber,
    to: PacketNumber,
    places: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number {
    const { columns, rows } = this.parities.size;
    const number = Math.floor(from / columns);
    const block = this.parities.block(number, rows, reader);
    if (block === null) return 0;
    const count = Math.min(to, (number + 1) * columns) - from;
    const column = from - number * columns;
    const base = number * columns * rows + column;
    fields.isRow = false;
    fields.step = columns;
    fields.count = rows;
    let at = offset;
    for (let i = 0; i < count; i++) {
      fields.base = wrap(base + i, SEQUENCE_MODULUS);
      at += this.put(from + i, block, column + i, places, first + i, at);
    }
    return count;
  }
}

/** Packet m is the parity of the station's packets m·L to (m + 1)·L − 1. */
class RowParity extends ParitySource {
  protected after(m: PacketNumber): PacketNumber {
    return (m + 1) * this.parities.size.columns - 1;
  }

  at(time: Ticks90k): PacketNumber {
    return Math.floor((this.parities.station.at(time) + 1) / this.parities.size.columns) - 1;
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return Math.floor(stationPacket / this.parities.size.columns);
  }

  /** One: the next is due a row later. */
  write(
    from: PacketNumber,
    _to: PacketNumber,
    places: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number {
    const { columns, rows } = this.parities.size;
    const number = Math.floor(from / rows);
    const row = from - number * rows;
    const block = this.parities.block(number, row + 1, reader);
    if (block === null) return 0;
    fields.isRow = true;
    fields.step = 1;
    fields.count = columns;
    fields.base = wrap(from * columns, SEQUENCE_MODULUS);
    this.put(from, block, columns + row, places, first, offset);
    return 1;
  }
}

/** Packets of parity; `perBlock` of them belong to a block. */
export interface FecSource extends PacketSource {
  readonly perBlock: number;
  /** Forgets what it has computed for both columns and rows: the station has changed. */
  forget(): void;
}

/** The parity of a station's columns and of its rows, which share what they compute. */
export function parityOf(
  station: PacketSource,
  size: FecSize,
  scratch: Scratch = { places: slotsFor(size.columns), first: 0, offset: 0 },
): { columns: FecSource; rows: FecSource } {
  const parities = new Parities(station, size, scratch);
  return { columns: new ColumnParity(parities, size.columns), rows: new RowParity(parities, size.rows) };
}
