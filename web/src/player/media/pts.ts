/**
 * Time stamps of a station's MPEG-TS: the PTS of a picture is its moment plus the media delay, in 90 kHz ticks modulo 2^33.
 * Players use PTS as milliseconds since the Unix epoch, not wrapped.
 */
import { PTS_MODULUS, TICKS_PER_MILLI, unwrap } from '../../../../src/base/units.js';
import { Pid, pidOf, readPesTime, TS_PACKET_LENGTH, timedPesStart } from '../../../../src/wire/ts.js';

/** Offset of the PTS in a PES header: start code 24, stream_id 8, length 16, flags 16, header length 8 bits. */
const PES_PTS = 9;

export interface FirstPicture {
  /** As in the stream, 90 kHz ticks. */
  wrapped: number;
  /** Milliseconds since the Unix epoch. */
  pts: number;
}

/**
 * The first video PTS in whole TS packets that leave near `time` (milliseconds since the Unix epoch); null where no
 * picture begins.
 */
export function firstPicture(packets: Uint8Array, time: number): FirstPicture | null {
  for (let offset = 0; offset + TS_PACKET_LENGTH <= packets.length; offset += TS_PACKET_LENGTH) {
    if (pidOf(packets, offset) !== Pid.video) continue;
    const pes = timedPesStart(packets, offset);
    if (pes < 0) continue;
    const wrapped = readPesTime(packets, offset + pes + PES_PTS);
    return { wrapped, pts: unwrap(wrapped, time * TICKS_PER_MILLI, PTS_MODULUS) / TICKS_PER_MILLI };
  }
  return null;
}
