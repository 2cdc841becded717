/**
 * Time stamps of MPEG-TS, as every station has them: a picture's PTS is the moment it belongs to, and a second more, in ticks
 * of 90 kHz modulo 2^33. Players are told PTS as milliseconds since the Unix epoch, not wrapped.
 */
import { PTS_MODULUS, TICKS_PER_MILLI, unwrap } from '../../../../src/base/units.js';
import { Pid, pidOf, readPesTime, TS_PACKET_LENGTH, timedPesStart } from '../../../../src/wire/ts.js';

/** Where a PES header has its PTS, behind start code 24, stream_id 8, length 16, flags 16 and header length 8. */
const PES_PTS = 9;

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
  for (let offset = 0; offset + TS_PACKET_LENGTH <= packets.length; offset += TS_PACKET_LENGTH) {
    if (pidOf(packets, offset) !== Pid.video) continue;
    const pes = timedPesStart(packets, offset);
    if (pes < 0) continue;
    const wrapped = readPesTime(packets, offset + pes + PES_PTS);
    return { wrapped, pts: unwrap(wrapped, time * TICKS_PER_MILLI, PTS_MODULUS) / TICKS_PER_MILLI };
  }
  return null;
}
