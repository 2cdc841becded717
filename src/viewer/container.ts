/** A station's units as one continuous file for players and recordings: MPEG-TS unchanged, JPEG pictures in Matroska. */

import { Millis, PTS_MODULUS, Ticks90k, ticksToMillis, wrap } from '../base/units.js';
import type { StreamUnit } from '../receiver/stream-buffer.js';
import { matroskaHeader, matroskaPicture } from '../wire/matroska.js';
import { isTransport } from '../wire/station-format.js';
import type { StationInfo } from '../wire/station-info.js';
import { TsTail } from './ts-tail.js';

export interface Container {
  readonly contentType: string;
  /** File name extension, without the dot. */
  readonly extension: string;
  /** The bytes before the first unit; can be empty. */
  header(): Buffer;
  /** The bytes of one unit. Units come in order. */
  unit(unit: StreamUnit): Buffer;
  /** The bytes of a unit after the end that complete pictures and sound begun before it; null when they are complete. */
  tail(unit: StreamUnit): Buffer | null;
}

/**
 * A container for one reader, which remembers where that reader began. Times of pictures in Matroska begin at 0, or are the
 * stream's own modulo 2^33 ticks, as in MPEG-TS.
 */
export function containerFor(
  station: Pick<StationInfo, 'format' | 'width' | 'height' | 'frameRate' | 'name'>,
  times: 'from-zero' | 'their-own' = 'from-zero',
): Container {
  if (isTransport(station.format)) {
    const tail = new TsTail();
    return {
      contentType: 'video/mp2t',
      extension: 'ts',
      header: () => Buffer.alloc(0),
      unit: ({ data }) => data,
      tail({ data }) {
        const rest = tail.take(data);
        return tail.isDone && rest.length === 0 ? null : rest;
      },
    };
  }
  let beginning: Ticks90k | null = null;
  return {
    contentType: 'video/x-matroska',
    extension: 'mkv',
    header: () => matroskaHeader(station),
    tail: () => null,
    unit({ time, data }) {
      beginning ??= times === 'from-zero' ? time : Ticks90k(time - wrap(time, PTS_MODULUS));
      return matroskaPicture(Millis(Math.max(0, ticksToMillis(Ticks90k(time - beginning)))), data);
    },
  };
}
