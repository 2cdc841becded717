/** HLS playlists (RFC 8216) as text. */

import { TICKS_PER_SECOND, ticksToMillis } from '../../base/units.js';
import { languageText } from '../../contract/sound.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { Segment } from './segments.js';

const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

export type SegmentExtension = 'ts' | 'vtt' | 'm4s';

/**
 * A media playlist of consecutive segments beside it. `longest`: the target duration, seconds; `extension`: of their addresses; `maps`:
 * the addresses of their initialization segments.
 */
export function mediaPlaylist(
  segments: readonly Segment[],
  longest: number,
  extension: SegmentExtension = 'ts',
  maps: readonly string[] = [],
): string {
  return textOf([
    '#EXTM3U',
    `#EXT-X-VERSION:${extension === 'm4s' ? 7 : 6}`,
    ...(segments.every(({ isIndependent }) => isIndependent) ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    `#EXT-X-TARGETDURATION:${longest}`,
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.k ?? 0}`,
    ...segments.flatMap(({ k, from, to }, i) => [
      ...(maps[i] === maps[i - 1] ? [] : [`#EXT-X-MAP:URI="${maps[i]}"`]),
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(ticksToMillis(from)).toISOString()}`,
      `#EXTINF:${((to - from) / TICKS_PER_SECOND).toFixed(6)},`,
      `${k}.${extension}`,
    ]),
  ]);
}

/** Peak rate of a segment over the station's average: films have variable rates. */
const PEAK = 2;

/** The group of the tracks of sound in a multivariant playlist. */
const GROUP = 'sound';
/** The group of the subtitles. */
const SUBTITLES = 'subtitles';

/** What a folder of segments has of a station, as a part of its address: a track of sound, alone or with the pictures. */
export const selectionOf = ({ language, soundOnly = false }: { language?: string; soundOnly?: boolean }): string =>
  language === undefined ? '' : `-${language}${soundOnly ? '-sound' : ''}`;

interface MainOptions {
  /** Address of the media playlist of a selection. */
  addressOf(selection: string): string;
  /** Of the tracks of sound; absent: there is one. */
  languages?: readonly string[];
  /** The track beside the pictures. */
  track: number;
}

/** A multivariant playlist of one stream with pictures, and of its further tracks of sound. */
export function mainPlaylist(info: StationInfo, { addressOf, languages = [], track }: MainOptions): string {
  const { bitrate, width, height, frameRate, codecs, subtitles = [] } = info;
  const attributes = [
    `BANDWIDTH=${Math.ceil(bitrate * PEAK)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(bitrate)}`,
    ...(codecs === undefined ? [] : [`CODECS="${codecs}"`]),
    `RESOLUTION=${width}x${height}`,
    `FRAME-RATE=${frameRate.toFixed(3)}`,
    ...(languages.length > 0 ? [`AUDIO="${GROUP}"`] : []),
    ...(subtitles.length > 0 ? [`SUBTITLES="${SUBTITLES}"`] : []),
  ];
  const sounds = languages.map((language, i) => {
    const own = [
      'TYPE=AUDIO',
      `GROUP-ID="${GROUP}"`,
      `NAME="${languageText(language)}"`,
      `LANGUAGE="${language}"`,
      `DEFAULT=${i === track ? 'YES' : 'NO'}`,
      'AUTOSELECT=YES',
      // Without an address it is in the stream with the pictures.
      ...(i === track ? [] : [`URI="${addressOf(selectionOf({ language, soundOnly: true }))}"`]),
    ];
    return `#EXT-X-MEDIA:${own.join(',')}`;
  });
  const texts = subtitles.map((language) => {
    const own = [
      'TYPE=SUBTITLES',
      `GROUP-ID="${SUBTITLES}"`,
      `NAME="${languageText(language)}"`,
      `LANGUAGE="${language}"`,
      'DEFAULT=NO',
      'AUTOSELECT=NO',
      `URI="${addressOf(`-${language}-subtitles`)}"`,
    ];
    return `#EXT-X-MEDIA:${own.join(',')}`;
  });
  const stream = addressOf(selectionOf({ language: languages[track] }));
  return textOf([
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    ...sounds,
    ...texts,
    `#EXT-X-STREAM-INF:${attributes.join(',')}`,
    stream,
  ]);
}
