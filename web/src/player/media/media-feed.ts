/** What gives a video element a station's transport stream. */
import type { FirstPicture } from './pts.js';
import type { Range } from './ranges.js';

export interface FeedEvents {
  /** From now on `toMedia` and `toPts` are right, and the element may be told where to begin. Once. */
  onReady(): void;
  /** It can go no further. */
  onFailed(): void;
}

export interface MediaFeed {
  readonly path: 'mse' | 'mpegts.js';
  /** Whether the element may be sent to where nothing is yet. */
  readonly goesAhead: boolean;
  /** Comes first; its packets come with the first `append`. */
  begin(first: FirstPicture): void;
  append(packets: Uint8Array<ArrayBuffer>): void;
  /** Media time, seconds, of a PTS in milliseconds since the Unix epoch. */
  toMedia(pts: number): number;
  toPts(media: number): number;
  ranges(): Range[];
  /** Lets go of what lies before that media time. */
  removeBefore(media: number): void;
  /** Bytes that the player has not taken yet. */
  readonly queued: number;
  close(): void;
}
