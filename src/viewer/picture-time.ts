/** When a picture is shown, and when what it is made of was sent: times on the server's clock, in 90 kHz ticks. */

import { type Millis, PTS_MODULUS, RTP_TIME_MODULUS, type Ticks90k, unwrap } from '../base/units.js';

export interface ShownOptions {
  /** What the player says of its picture, modulo 2^33; null where there is none, undefined where it never tells. */
  position: Ticks90k | null | undefined;
  /** When what the player was given last was sent, as the receiver's buffer has it. */
  fed: Ticks90k | null;
  /** The server's clock; null where that is not known: the buffer's times are then right modulo 2^32 only. */
  now: Millis | null;
}

/**
 * The time of the picture that is shown, on the clock of the buffer's times; null while that is not known. Of a player that
 * does not tell it is near what it was given last, which was sent as much earlier as such players hold, roughly.
 */
export function shownTime({ position, fed, now }: ShownOptions): Ticks90k | null {
  if (position === undefined || fed === null) return fed;
  if (position === null) return null;
  return unwrap(position, fed, now === null ? RTP_TIME_MODULUS : PTS_MODULUS);
}

/**
 * `time` as FFmpeg's demuxers count it, in seconds: modulo 2^33 ticks, below zero in the last minute before the wrap,
 * so that a stream goes on across it.
 */
export function demuxerSeconds(time: Ticks90k): number {
  const wrapped = unwrap(time, PTS_MODULUS / 2 - LAST_MINUTE, PTS_MODULUS);
  return wrapped / 90_000;
}

const LAST_MINUTE: Ticks90k = 60 * 90_000;
