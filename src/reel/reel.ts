/** A reel as other folders use it, and the files of its folder. */

import type { Ticks90k } from '../base/units.js';
import type { ReelManifest } from './manifest.js';

/** The files of a reel's folder. */
export const ReelFile = {
  manifest: 'reel.json',
  /** RTP payloads one after another: of all but JPEG, a transport stream that any player reads. */
  packets: { h264: 'packets.ts', hevc: 'packets.ts', jpeg: 'packets.rtpjpeg' },
  index: 'index.bin',
  poster: 'poster.jpg',
} as const;

/** An open reel, in a form that threads can pass on: its file, and its index in shared memory. */
export interface ReelData {
  readonly manifest: ReelManifest;
  /** Of the file of payloads; the thread that opened the reel closes it. */
  readonly descriptor: number;
  /** The contents of `index.bin`, ready for lookups. */
  readonly index: SharedArrayBuffer;
}

/** RTP payloads 0 … packetCount − 1 and the time at which each is due, counted from the moment the first leaves. */
export interface Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  /** Bytes of the largest payload. */
  readonly largestPayload: number;
  /** When `packet` leaves, in [0, duration); never decreases from one packet to the next. */
  due(packet: number): Ticks90k;
  /** The last packet due at or before `time`, which is in [0, duration). */
  at(time: Ticks90k): number;
  /** The RTP timestamp of `packet`. */
  timestamp(packet: number): Ticks90k;
  /** The RTP marker bit of `packet`. */
  marker(packet: number): boolean;
  /** The last random access point at or before `packet`. */
  randomAccessBefore(packet: number): number;
  /** Byte offset of the payload of `packet` in the file; of `packetCount`, the end of the last one. */
  position(packet: number): number;
  /** Adds `shift` to the times in a payload that was read from the file to `offset` of `out`. */
  shift(out: Buffer, offset: number, shift: Ticks90k): void;
}

/** Index of the last element of `sorted` (ascending) that is at most `value`; −1 where there is none. */
export function lastAtMost(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
