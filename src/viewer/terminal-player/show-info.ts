/** What FFmpeg's filter showinfo says of each picture, in its log with `-loglevel level+info`. */
import type { Ticks90k } from '../../base/units.js';
import type { Size } from './picture.js';

export interface PictureInfo extends Size {
  /** In the filter's time base, which is 90 kHz; below zero before the wrap. */
  time: Ticks90k;
}

/** "[Parsed_showinfo_5 @ 0x55] [info] n:   0 pts: 900000 pts_time:10 … s:640x360 i:P …" */
const pattern = /showinfo.*\bn: *\d+ pts: *(-?\d+) .*\bs:(\d+)x(\d+)/;

/** Null where the line says something else. */
export function pictureInfo(line: string): PictureInfo | null {
  const match = pattern.exec(line);
  if (!match) return null;
  const [time, width, height] = match.slice(1).map(Number);
  return { time, width, height };
}

/** What has gone wrong, without who says it; null where the line is no such message. */
export function troubleIn(line: string): string | null {
  const match = /\[(?:error|fatal|panic)\] (.*)/.exec(line);
  return match ? match[1].trim() : null;
}
