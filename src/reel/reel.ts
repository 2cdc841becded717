/** A reel as the rest of the house sees it, and what its folder holds. */

import type { Ticks90k } from '../base/units.js';
import type { MediaProperties, StationLayout } from '../media/settings.js';
import type { StationFormat } from '../wire/station-info.js';

/** Raised when the packets of the same source and settings change: older reels are then prepared again. */
export const REEL_VERSION = 2;

/** What `reel.json` says, and the id. */
export interface ReelManifest {
  version: number;
  /** The hash of source and settings; the folder's name. */
  id: string;
  format: StationFormat;
  duration: Ticks90k;
  /** RTP packets. */
  packets: number;
  /** RTP payload bytes. */
  bytes: number;
  /**
   * CRC-32 of the payloads. The id does not tell whether two reels are the same: an encoder with several threads makes
   * other bytes each time.
   */
  checksum: number;
  /** Average, bit/s, of the payload. */
  bitrate: number;
  /** The longest distance between random access points, also across a loop. */
  randomAccessInterval: Ticks90k;
  /** The busiest 100 ms in proportion to the average. */
  peakToAverage: number;
  properties: MediaProperties;
  layout: StationLayout;
}

/** The files of a reel's folder. */
export const ReelFile = {
  manifest: 'reel.json',
  /** RTP payloads one after another: for h264 a transport stream that any player reads. */
  packets: { h264: 'packets.ts', jpeg: 'packets.rtpjpeg' },
  index: 'index.bin',
  poster: 'poster.jpg',
} as const;

/** An open reel as threads hand it to each other: its file, and its index in memory that they share. */
export interface ReelData {
  readonly manifest: ReelManifest;
  /** Of the file with the payloads. Whoever opened the reel closes it. */
  readonly descriptor: number;
  /** What `index.bin` says, ready to be looked up in. */
  readonly index: SharedArrayBuffer;
}

/** RTP payloads 0 … packetCount − 1 and the time at which each is due, counted from the moment the first leaves. */
export interface Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  /** Bytes of the largest payload. */
  readonly largestPayload: number;
  /** When `packet` leaves, in [0, duration). Never falls from one packet to the next. */
  due(packet: number): Ticks90k;
  /** The last packet due at or before `time`, which is in [0, duration). */
  at(time: Ticks90k): number;
  /** The RTP timestamp of `packet`. */
  timestamp(packet: number): Ticks90k;
  /** The RTP marker bit of `packet`. */
  marker(packet: number): boolean;
  /** The last random access point at or before `packet`. */
  randomAccessBefore(packet: number): number;
  /** Where the payload of `packet` begins in the file; of `packetCount`, where the last one ends. */
  position(packet: number): number;
  /** Moves the times in the payload at `offset` of `out`, as read from the file, by `shift`. */
  shift(out: Buffer, offset: number, shift: Ticks90k): void;
}

/** Index of the last element that is at most `value`, −1 where there is none. `sorted` rises. */
export function lastAtMost(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
