/** When the pictures of a file are shown, measured from all of its packets without decoding them. */
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Ticks90k } from '../../base/units.js';
import { float64Table } from '../tables.js';
import { decodingDelayOf } from './decoding-times.js';
import { MediaInput } from './input.js';
import { lastDurationOf } from './last-duration.js';

export interface PictureTimes {
  /**
   * Ticks: when each picture is shown, in the order of time and on the clock of the packets; no time twice. Empty where the
   * file has no times.
   */
  shown: Float64Array;
  /** How long the last one stands. */
  lastDuration: Ticks90k;
  /** 0 where packets have the times at which their pictures are shown; else see `decodingDelayOf`. */
  decodingDelay: number;
}

/** Reads the whole file. Throws as `MediaInput` does. */
export function measurePictures(source: string): PictureTimes {
  const input = new MediaInput(source);
  const presented = float64Table();
  const decoded = float64Table();
  let longestDuration = 0;
  let last = Number.NEGATIVE_INFINITY;
  let ownDuration = Ticks90k(0);
  let isReordered = false;
  try {
    input.skipAudio();
    input.forEachPacket(({ isVideo, isCutOff, packet, pts, duration }) => {
      if (!isVideo || isCutOff) return true;
      if (pts !== null) presented.push(pts);
      if (packet.dts !== AV_NOPTS_VALUE) decoded.push(Number(packet.dts));
      const time = pts ?? Number(packet.dts);
      longestDuration = Math.max(longestDuration, duration);
      if (time < last) isReordered = true;
      else {
        last = time;
        ownDuration = duration;
      }
      return true;
    });
    // AVI stores no times of presentation, program streams not all: those of decoding are as many and as far apart.
    const times = presented.length >= decoded.length ? presented : decoded;
    const shown = distinct(times.view().slice().sort());
    const lastDuration = lastDurationOf({
      shown,
      isReordered,
      ownDuration,
      longestDuration: Ticks90k(longestDuration),
      declaredEnd: input.videoEnd,
    });
    return { shown, lastDuration, decodingDelay: isReordered ? 0 : decodingDelayOf(source) };
  } finally {
    input.close();
  }
}

/** Pictures that are decoded and not shown have the time of the next one. */
function distinct(sorted: Float64Array): Float64Array {
  let count = 0;
  for (const [i, time] of sorted.entries()) {
    if (i === 0 || time > sorted[count - 1]!) sorted[count++] = time;
  }
  return sorted.subarray(0, count);
}
