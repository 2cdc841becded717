/**
 * Time stamps of a station's MPEG-TS: the PTS of a picture is its moment plus the media delay, in 90 kHz ticks modulo 2^33.
 * Players use PTS as milliseconds since the Unix epoch, not wrapped.
 */
import {
  type Millis,
  millisToTicks,
  PTS_MODULUS,
  Ticks90k,
  ticksToMillis,
  unwrap,
} from '../../../../src/base/units.js';
import { Pid, pidOf, readPesTime, TS_PACKET_LENGTH, timedPesStart } from '../../../../src/wire/ts.js';

/** Offset of the PTS in a PES header: start code 24, stream_id 8, length 16, flags 16, header length 8 bits. */
const PES_PTS = 9;

export interface FirstPicture {
  /** As in the stream, modulo 2^33. */
  wrapped: Ticks90k;
  /** Since the Unix epoch. */
  pts: Millis;
}

/**
 * The first video PTS in whole TS packets that leave near `time` (milliseconds since the Unix epoch); null where no
 * picture begins.
 */
export function firstPicture(packets: Uint8Array, time: Millis): FirstPicture | null {
  for (let offset = 0; offset + TS_PACKET_LENGTH <= packets.length; offset += TS_PACKET_LENGTH) {
    if (pidOf(packets, offset) !== Pid.video) continue;
    const pes = timedPesStart(packets, offset);
    if (pes < 0) continue;
    const wrapped = Ticks90k(readPesTime(packets, offset + pes + PES_PTS));
    return { wrapped, pts: ticksToMillis(Ticks90k(unwrap(wrapped, millisToTicks(time), PTS_MODULUS))) };
  }
  return null;
}
