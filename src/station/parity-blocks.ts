/** The parities of blocks of a station's packets (SMPTE 2022-1): each packet is read once for both its column and its row. */

import { PacketNumber, wrap } from '../base/units.js';
import type { PacketSlots, PayloadReader } from '../reel/payload-reader.js';
import { FEC_HEADER_LENGTH, FEC_PARITY_AT, type FecFields, type FecSize, writeFecHeaders } from '../wire/fec.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { LARGEST_PACKET, type PacketSource } from './packet-source.js';

/** Memory that packets are read to, one row at a time. */
export interface Scratch {
  readonly slots: PacketSlots;
  /** The first slot, and its first byte in the buffer, a multiple of four; there is room for a row, 20 packets at most. */
  readonly first: number;
  readonly offset: number;
}

const WORD = 4;
/** Words of each parity: those of the largest packet. */
const PARITY_WORDS = LARGEST_PACKET / WORD;

/** The parities of one block, as far as its rows have been read: first those of its columns, then those of its rows. */
export interface ParityBlock {
  number: number;
  rowsRead: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Buffer;
  /** Parity of the payloads' lengths, and the length of the longest packet. */
  readonly lengths: Uint16Array;
  readonly longest: Uint16Array;
}

/** Responsible for: the parities of two blocks, so that the columns of one and the rows of the next are each made once. */
export class ParityBlocks {
  readonly size: FecSize;
  readonly station: PacketSource;
  readonly #scratch: Scratch;
  readonly #words: Uint32Array;
  /** Allocated when first needed. */
  readonly #blocks: (ParityBlock | undefined)[] = [undefined, undefined];
  /** A packet that does not begin and end at a word is moved here. */
  readonly #aligned = new Uint32Array(PARITY_WORDS);
  readonly #alignedBytes = Buffer.from(this.#aligned.buffer);

  constructor(station: PacketSource, size: FecSize, scratch: Scratch) {
    this.station = station;
    this.size = size;
    this.#scratch = scratch;
    const { buffer } = scratch.slots;
    this.#words = new Uint32Array(buffer.buffer, buffer.byteOffset, Math.floor(buffer.length / WORD));
  }

  /** The block, with its first `rows` rows or more read; null where their packets are not in memory. */
  block(number: number, rows: number, reader: PayloadReader): ParityBlock | null {
    const which = wrap(number, 2);
    this.#blocks[which] ??= emptyBlock(this.size);
    const block = this.#blocks[which]!;
    if (block.number !== number) clear(block, number);
    while (block.rowsRead < rows) if (!this.#readRow(block, reader)) return null;
    return block;
  }

  /** Drops everything computed: the station has changed. */
  forget(): void {
    for (const block of this.#blocks) if (block) clear(block, Number.NaN);
  }

  #readRow(block: ParityBlock, reader: PayloadReader): boolean {
    const { columns, rows } = this.size;
    const { slots, first, offset } = this.#scratch;
    const from = PacketNumber((block.number * rows + block.rowsRead) * columns);
    const to = PacketNumber(from + columns);
    if (this.station.write(from, to, slots, first, offset, reader) < columns) return false;
    for (let column = 0; column < columns; column++) this.#add(block, column, first + column);
    block.rowsRead++;
    return true;
  }

  /** Adds the packet in `slot` to its column and its row. */
  #add(block: ParityBlock, column: number, slot: number): void {
    const { offsets, lengths } = this.#scratch.slots;
    const row = this.size.columns + block.rowsRead;
    const offset = offsets[slot]!;
    const length = lengths[slot]!;
    let words = this.#words;
    let from = offset / WORD;
    if ((offset | length) % WORD !== 0) {
      words = this.#aligned;
      from = 0;
      this.#align(offset, length);
    }
    const parity = block.words;
    let atColumn = column * PARITY_WORDS;
    let atRow = row * PARITY_WORDS;
    const end = from + Math.ceil(length / WORD);
    for (let at = from; at < end; at++) {
      const word = words[at]!;
      parity[atColumn++]! ^= word;
      parity[atRow++]! ^= word;
    }
    addLength(block, column, length);
    addLength(block, row, length);
  }

  #align(offset: number, length: number): void {
    this.#scratch.slots.buffer.copy(this.#alignedBytes, 0, offset, offset + length);
    const end = length + WORD - (length % WORD);
    for (let i = length; i < end; i++) this.#alignedBytes[i] = 0;
  }
}

function emptyBlock({ columns, rows }: FecSize): ParityBlock {
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

function clear(block: ParityBlock, number: number): void {
  block.number = number;
  block.rowsRead = 0;
  block.words.fill(0);
  block.lengths.fill(0);
  block.longest.fill(0);
}

function addLength(block: ParityBlock, parity: number, length: number): void {
  block.lengths[parity]! ^= length - RTP_HEADER_LENGTH;
  if (length > block.longest[parity]!) block.longest[parity] = length;
}

/**
 * Writes the packet with the `parity` of a block at byte `at` of `out`; returns its length. Its number, time stamp and the
 * packets that it protects stand in `fields`, which get the rest.
 */
export function writeParity(
  out: Buffer,
  at: number,
  fields: FecFields,
  { bytes, lengths, longest }: ParityBlock,
  parity: number,
): number {
  const header = parity * PARITY_WORDS * WORD;
  fields.first = bytes[header]! & 0x3f;
  fields.second = bytes[header + 1]!;
  fields.timestamps = bytes.readUInt32BE(header + 4);
  fields.lengths = lengths[parity]!;
  writeFecHeaders(out, at, fields);
  bytes.copy(out, at + FEC_PARITY_AT, header + RTP_HEADER_LENGTH, header + longest[parity]!);
  return longest[parity]! + FEC_HEADER_LENGTH;
}
