/**
 * Time stamps of MPEG-TS, as every station has them: a picture's PTS is the moment it belongs to, and a second more, in ticks
 * of 90 kHz modulo 2^33. Players are told PTS as milliseconds since the Unix epoch, not wrapped.
 */
import { PTS_MODULUS, TICKS_PER_MILLI, unwrap } from '../../../../src/wire/time.js';

/** From the moment a picture belongs to until its PTS, milliseconds. Its packets leave within that time. */
export const PTS_AFTER_MOMENT = 1_000;

const PACKET = 188;
const VIDEO_PID = 0x0100;

export interface FirstPicture {
  /** As it stands in the stream, 90 kHz ticks. */
  wrapped: number;
  /** Milliseconds since the Unix epoch. */
  pts: number;
}

/**
 * The first video PTS in whole TS packets that leave about `time` (milliseconds since the Unix epoch); null where no
 * picture begins.
 */
export function firstPicture(packets: Uint8Array, time: number): FirstPicture | null {
  for (let offset = 0; offset + PACKET <= packets.length; offset += PACKET) {
    // PID 13, payload_unit_start_indicator 1
    const pid = ((packets[offset + 1] & 0x1f) << 8) | packets[offset + 2];
    if (pid !== VIDEO_PID || (packets[offset + 1] & 0x40) === 0) continue;
    const hasAdaptation = (packets[offset + 3] & 0x20) !== 0;
    const pes = offset + 4 + (hasAdaptation ? 1 + packets[offset + 4] : 0);
    // packet_start_code_prefix 24, stream_id 8, PES_packet_length 16, flags 16 (PTS_DTS_flags from bit 7 of the second)
    if (pes + 14 > offset + PACKET || (packets[pes + 7] & 0x80) === 0) continue;
    const wrapped = readTime(packets, pes + 9);
    return { wrapped, pts: unwrap(wrapped, time * TICKS_PER_MILLI, PTS_MODULUS) / TICKS_PER_MILLI };
  }
  return null;
}

/** prefix 4 | 32..30 3 | 1 | 29..15 15 | 1 | 14..0 15 | 1 */
function readTime(packets: Uint8Array, offset: number): number {
  const top = (packets[offset] >> 1) & 0x07; // beyond the reach of 32-bit operators
  const low =
    (packets[offset + 1] << 22) |
    ((packets[offset + 2] >> 1) << 15) |
    (packets[offset + 3] << 7) |
    (packets[offset + 4] >> 1);
  return top * 0x4000_0000 + low;
}
