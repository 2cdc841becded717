/**
 * Parity of a station (SMPTE 2022-1) as a function of packet numbers: block b of L columns and D rows has the packets from
 * b·L·D on, whether they were sent or not. So a server that starts again, and a second one, send the same parity.
 *
 * A row's parity leaves with the row's last packet. A column's leaves one row later than its last packet, a delay of the
 * L packets that the specification asks for: otherwise a burst of L losses in the last row would take along the parity that
 * repairs it.
 */

import { PacketNumber, RTP_TIME_MODULUS, SEQUENCE_MODULUS, type Ticks90k, wrap } from '../base/units.js';
import type { PacketSlots, PayloadReader } from '../reel/payload-reader.js';
import { emptyFec, FEC_HEADER_LENGTH, type FecFields, type FecSize } from '../wire/fec.js';
import { type PacketSource, slotsFor } from './packet-source.js';
import { type ParityBlock, ParityBlocks, type Scratch, writeParity } from './parity-blocks.js';

export type { Scratch } from './parity-blocks.js';

/** Packets of parity; `perBlock` of them belong to a block. */
export interface FecSource extends PacketSource {
  readonly perBlock: number;
  /** Drops everything computed for both columns and rows: the station has changed. */
  forget(): void;
}

/** The parity of a station's columns and of its rows, which share what they compute. */
export function parityOf(
  station: PacketSource,
  size: FecSize,
  scratch: Scratch = { slots: slotsFor(size.columns), first: 0, offset: 0 },
): { columns: FecSource; rows: FecSource } {
  const blocks = new ParityBlocks(station, size, scratch);
  return { columns: new ColumnParity(blocks, size.columns), rows: new RowParity(blocks, size.rows) };
}

/** The part that columns and rows have in common. */
abstract class ParitySource implements FecSource {
  protected readonly blocks: ParityBlocks;
  readonly perBlock: number;
  /** Of the packet that is being written. */
  protected abstract readonly fields: FecFields;

  constructor(blocks: ParityBlocks, perBlock: number) {
    this.blocks = blocks;
    this.perBlock = perBlock;
  }

  get largestPacket(): number {
    return this.blocks.station.largestPacket + FEC_HEADER_LENGTH;
  }

  /** The station's packet right after which packet `m` leaves. */
  protected abstract after(m: PacketNumber): PacketNumber;
  abstract at(time: Ticks90k): PacketNumber;
  abstract readable(stationPacket: PacketNumber): PacketNumber;
  abstract write(
    from: PacketNumber,
    to: PacketNumber,
    slots: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number;

  forget(): void {
    this.blocks.forget();
  }

  due(m: PacketNumber): Ticks90k {
    return this.blocks.station.due(this.after(m));
  }

  /** Writes packet `m`, the block's `parity`, whose `base` is set, into `slot`; returns its length. */
  protected put(
    m: PacketNumber,
    block: ParityBlock,
    parity: number,
    slots: PacketSlots,
    slot: number,
    at: number,
  ): number {
    this.fields.sequenceNumber = m;
    this.fields.timestamp = wrap(this.due(m), RTP_TIME_MODULUS);
    const length = writeParity(slots.buffer, at, this.fields, block, parity);
    slots.offsets[slot] = at;
    slots.lengths[slot] = length;
    return length;
  }
}

/** Packet m is the parity of column m mod L of block ⌊m/L⌋. */
class ColumnParity extends ParitySource {
  protected readonly fields: FecFields = {
    ...emptyFec(),
    step: this.blocks.size.columns,
    count: this.blocks.size.rows,
  };

  protected after(m: PacketNumber): PacketNumber {
    const { columns, rows } = this.blocks.size;
    const block = Math.floor(m / columns);
    return PacketNumber((block + 1) * columns * rows + (m - block * columns));
  }

  at(time: Ticks90k): PacketNumber {
    const { columns, rows } = this.blocks.size;
    const n = this.blocks.station.at(time);
    const block = Math.floor(n / (columns * rows));
    return PacketNumber((block - 1) * columns + Math.min(n - block * columns * rows, columns - 1));
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    const { columns, rows } = this.blocks.size;
    return PacketNumber(Math.floor(stationPacket / (columns * rows)) * columns);
  }

  /** At most to the end of a block. */
  write(
    from: PacketNumber,
    to: PacketNumber,
    slots: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number {
    const { columns, rows } = this.blocks.size;
    const number = Math.floor(from / columns);
    const block = this.blocks.block(number, rows, reader);
    if (block === null) return 0;
    const count = Math.min(to, (number + 1) * columns) - from;
    const column = from - number * columns;
    const base = number * columns * rows + column;
    let at = offset;
    for (let i = 0; i < count; i++) {
      this.fields.base = wrap(base + i, SEQUENCE_MODULUS);
      at += this.put(PacketNumber(from + i), block, column + i, slots, first + i, at);
    }
    return count;
  }
}

/** Packet m is the parity of the station's packets m·L to (m + 1)·L − 1. */
class RowParity extends ParitySource {
  protected readonly fields: FecFields = {
    ...emptyFec(),
    isRow: true,
    step: 1,
    count: this.blocks.size.columns,
  };

  protected after(m: PacketNumber): PacketNumber {
    return PacketNumber((m + 1) * this.blocks.size.columns - 1);
  }

  at(time: Ticks90k): PacketNumber {
    return PacketNumber(Math.floor((this.blocks.station.at(time) + 1) / this.blocks.size.columns) - 1);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return PacketNumber(Math.floor(stationPacket / this.blocks.size.columns));
  }

  /** One packet: the next is due a row later. */
  write(
    from: PacketNumber,
    _to: PacketNumber,
    slots: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number {
    const { columns, rows } = this.blocks.size;
    const number = Math.floor(from / rows);
    const row = from - number * rows;
    const block = this.blocks.block(number, row + 1, reader);
    if (block === null) return 0;
    this.fields.base = wrap(from * columns, SEQUENCE_MODULUS);
    this.put(from, block, columns + row, slots, first, offset);
    return 1;
  }
}
