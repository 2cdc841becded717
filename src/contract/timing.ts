/** Times that servers and receivers must agree on. */
import { Millis, millisToTicks, Ticks90k } from '../base/units.js';
import { isTransport, type StationFormat } from '../wire/station-format.js';

/**
 * A transport stream's PTS minus the moment that the picture or sound belongs to; also the time in which its packets leave.
 * The same in every reel, so that reels follow each other without a jump. JPEG pictures have the time of their moment.
 */
export const MEDIA_DELAY = Millis(1_000);
export const MEDIA_DELAY_TICKS: Ticks90k = millisToTicks(MEDIA_DELAY);

/** The same of a station of that format, 90 kHz ticks. */
export const mediaDelayOf = (format: StationFormat): Ticks90k =>
  isTransport(format) ? MEDIA_DELAY_TICKS : Ticks90k(0);

/**
 * Gateways send a station in chunks: the packets that leave within one of these windows, counted from the Unix epoch. So
 * every gateway cuts a station alike.
 */
export const CHUNK_TIME = Millis(40);
export const CHUNK_TICKS: Ticks90k = millisToTicks(CHUNK_TIME);

/** The number of the chunk window that holds a time. */
export const chunkWindowOf = (time: Ticks90k): number => Math.floor(time / CHUNK_TICKS);

/**
 * How long after its own time stamp each picture is shown, by the server's clock, where nothing else was chosen: what a
 * wired network and a browser need.
 */
export const COMMON_DELAY = Millis(100);
