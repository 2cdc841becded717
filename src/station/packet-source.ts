/** Packets that leave by the clock: those of a station, or of its parity. */

import { PacketNumber, type Ticks90k } from '../base/units.js';
import { type PacketSlots, type PayloadReader, WaitingReader } from '../reel/payload-reader.js';

/** Bytes of the largest packet of any source: 1,500 (Ethernet MTU) − 20 (IPv4) − 8 (UDP). */
export const LARGEST_PACKET = 1_472;

/** Packets as a function of their number, each with a time. Nothing is remembered except to be quicker. */
export interface PacketSource {
  /** Bytes of its largest packet. */
  readonly largestPacket: number;
  /** The time since the Unix epoch at which packet `n` leaves; it never falls from one packet to the next. */
  due(n: PacketNumber): Ticks90k;
  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber;
  /** Packets before this one can be written when the station's packets before `stationPacket` can be read. */
  readable(stationPacket: PacketNumber): PacketNumber;
  /**
   * Writes packets `from` to `to` − 1 into the slots from `first` on, one behind the other from byte `offset` of the buffer
   * on, which has room for LARGEST_PACKET each. Returns the number of packets written, at least one unless the reader does
   * not wait for the disk. Throws when a reel cannot be read.
   */
  write(
    from: PacketNumber,
    to: PacketNumber,
    slots: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
  ): number;
}

/** Slots for `count` packets, with memory of their own. */
export const slotsFor = (count: number): PacketSlots => ({
  buffer: Buffer.alloc(count * LARGEST_PACKET),
  offsets: new Uint32Array(count),
  lengths: new Uint16Array(count),
});

/** Packets `from` to `to` − 1 of a source, byte for byte as they leave. Throws when a reel cannot be read. */
export function packetsOf(
  source: PacketSource,
  from: PacketNumber,
  to: PacketNumber,
  reader: PayloadReader = new WaitingReader(),
): Buffer[] {
  const count = to - from;
  const slots = slotsFor(count);
  for (let done = 0; done < count; ) {
    const written = source.write(PacketNumber(from + done), to, slots, done, done * LARGEST_PACKET, reader);
    if (written === 0) throw new Error(`packet ${from + done} is not in memory`);
    done += written;
  }
  return Array.from(slots.lengths, (length, i) => {
    const offset = slots.offsets[i]!;
    return slots.buffer.subarray(offset, offset + length);
  });
}
