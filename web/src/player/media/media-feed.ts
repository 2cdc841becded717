/** Feeds a station's transport stream to a video element. */
import type { Millis } from '../../../../src/base/units.js';
import type { FirstPicture } from './pts.js';
import type { Range } from './ranges.js';

export interface FeedEvents {
  /** `toMedia` and `toPts` are valid from now on, and the element may be sent to its start. Once. */
  onReady(): void;
  /** The feed cannot continue. */
  onFailed(): void;
}

export interface MediaFeed {
  readonly path: 'mse' | 'mpegts.js';
  /** Whether the element can seek to a time that is not buffered yet. */
  readonly goesAhead: boolean;
  /** Precedes the first `append`, which has the picture's packets. */
  begin(first: FirstPicture): void;
  append(packets: Uint8Array<ArrayBuffer>): void;
  /** Media time, seconds, of a PTS in milliseconds since the Unix epoch. */
  toMedia(pts: Millis): number;
  toPts(media: number): Millis;
  ranges(): Range[];
  /** Removes media before that time. */
  removeBefore(media: number): void;
  /** Bytes that the player has not accepted yet. */
  readonly queued: number;
  close(): void;
}
