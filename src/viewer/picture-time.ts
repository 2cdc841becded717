/** From a player's time stamps to times on the server's clock, in 90 kHz ticks. */

import { type Millis, PTS_MODULUS, RTP_TIME_MODULUS, TICKS_PER_SECOND, Ticks90k, unwrap } from '../base/units.js';

export interface ShownOptions {
  /** The player's time stamp of its picture, modulo 2^33; null: it shows none. undefined: it never shows any. */
  position: Ticks90k | null | undefined;
  /** Time of the unit that the player was sent last. */
  sent: Ticks90k | null;
  /** The server's clock; null while it is unknown: the buffer's times are then right modulo 2^32 only. */
  now: Millis | null;
}

/** Time of the picture on the screen, on the clock of the buffer's times; null while that is unknown. */
export function shownTime({ position, sent, now }: ShownOptions): Ticks90k | null {
  if (position === undefined || position === null || sent === null) return null;
  return Ticks90k(unwrap(position, sent, now === null ? RTP_TIME_MODULUS : PTS_MODULUS));
}

/**
 * `time` as FFmpeg's demuxers count it, in seconds: modulo 2^33 ticks, and negative in the last minute before the wrap,
 * so that a stream continues across it.
 */
export function demuxerSeconds(time: Ticks90k): number {
  const wrapped = unwrap(time, PTS_MODULUS / 2 - LAST_MINUTE, PTS_MODULUS);
  return wrapped / TICKS_PER_SECOND;
}

const LAST_MINUTE = Ticks90k(60 * TICKS_PER_SECOND);
