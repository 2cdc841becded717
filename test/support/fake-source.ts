/** A packet source without files: the packet number determines the bytes. */
import { PacketNumber, Ticks90k } from '../../src/base/units.js';
import type { PacketSource } from '../../src/station/packet-source.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../src/wire/rtp.js';

export interface FakeSource extends PacketSource {
  /** Packet `n`, byte for byte. */
  packet(n: number): Buffer;
  /** Packets that were written, in order. */
  readonly written: number[];
}

export interface FakeSourceOptions {
  /** Bytes of the payload of packet `n`, at most MOST_PAYLOAD. */
  lengthOf?(n: number): number;
  /** Ticks between two packets. */
  step?: number;
  ssrc?: number;
  /** Whether packet `n` is in memory. */
  isInMemory?(n: number): boolean;
}

const MOST_PAYLOAD = 1_400;

/** RTP packets, every seventh with a marker; the payload is noise with the packet number as its seed. */
export function fakeSource(options: FakeSourceOptions = {}): FakeSource {
  const { lengthOf = () => 40, step = 180, ssrc = 7, isInMemory = () => true } = options;
  const put = (n: number, out: Buffer, offset: number): number => {
    const length = lengthOf(n);
    const payload = writeRtpHeader(out, offset, n % 7 === 0, 33, n, n * step, ssrc);
    let noise = (n % 2 ** 31) * 2 + 1;
    for (let i = 0; i < length; i++) {
      noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
      out[payload + i] = noise >>> 24;
    }
    return RTP_HEADER_LENGTH + length;
  };
  const written: number[] = [];
  return {
    largestPacket: RTP_HEADER_LENGTH + MOST_PAYLOAD,
    written,
    due: (n) => Ticks90k(n * step),
    at: (time) => PacketNumber(Math.floor(time / step)),
    readable: (stationPacket) => stationPacket,
    write(from, to, slots, first, offset) {
      let at = offset;
      for (let n = from; n < to; n++) {
        if (!isInMemory(n)) return n - from;
        const length = put(n, slots.buffer, at);
        slots.offsets[first + n - from] = at;
        slots.lengths[first + n - from] = length;
        at += length;
        written.push(n);
      }
      return to - from;
    },
    packet(n) {
      const out = Buffer.alloc(RTP_HEADER_LENGTH + lengthOf(n));
      put(n, out, 0);
      return out;
    },
  };
}
