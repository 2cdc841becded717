/** HLS playlists (RFC 8216) as text. */

import { TICKS_PER_SECOND, ticksToMillis } from '../../base/units.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { Segment } from './segments.js';

const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** A media playlist of consecutive segments beside it. `longest`: the target duration, seconds. */
export function mediaPlaylist(segments: readonly Segment[], longest: number): string {
  return textOf([
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    ...(segments.every(({ isIndependent }) => isIndependent) ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    `#EXT-X-TARGETDURATION:${longest}`,
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.k ?? 0}`,
    ...segments.flatMap(({ k, from, to }) => [
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(ticksToMillis(from)).toISOString()}`,
      `#EXTINF:${((to - from) / TICKS_PER_SECOND).toFixed(6)},`,
      `${k}.ts`,
    ]),
  ]);
}

/** Peak rate of a segment over the station's average: films have variable rates. */
const PEAK = 2;

/** A multivariant playlist of one media playlist. */
export function mainPlaylist(info: StationInfo, address: string): string {
  const { bitrate, width, height, frameRate } = info;
  const attributes = [
    `BANDWIDTH=${Math.ceil(bitrate * PEAK)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(bitrate)}`,
    `RESOLUTION=${width}x${height}`,
    `FRAME-RATE=${frameRate.toFixed(3)}`,
  ];
  return textOf(['#EXTM3U', '#EXT-X-VERSION:6', `#EXT-X-STREAM-INF:${attributes.join(',')}`, address]);
}
