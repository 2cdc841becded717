/** Films of H.265 by FFmpeg's own tool, with x265. */
import { ffmpeg } from './ffmpeg.js';

/** Groups of 26 pictures: with three B-pictures in a row, each but the first begins with leading pictures of the group before. */
export const OPEN_GROUPS = 'keyint=26:min-keyint=26:bframes=3:b-adapt=0:open-gop=1';
export const CLOSED_GROUPS = 'keyint=25:min-keyint=25:bframes=3:b-adapt=0:open-gop=0';

export interface HevcFilm {
  path: string;
  seconds?: number;
  /** x265's settings of groups. */
  groups?: string;
  /** FFmpeg's generator of pictures. */
  pictures?: string;
  pixelFormat?: string;
  /** Further words for FFmpeg. */
  words?: readonly string[];
}

/** 160 × 90, 25 pictures a second, with a tone; returns the path. */
export function makeHevc(film: HevcFilm): string {
  const {
    path,
    seconds = 3,
    groups = OPEN_GROUPS,
    pictures = 'testsrc2=s=160x90:r=25',
    pixelFormat,
    words = [],
  } = film;
  ffmpeg(
    ...['-f', 'lavfi', '-i', pictures, '-f', 'lavfi', '-i', 'sine=f=440:r=48000', '-t', String(seconds)],
    ...['-pix_fmt', pixelFormat ?? 'yuv420p', '-c:v', 'libx265', '-preset', 'ultrafast'],
    ...['-x265-params', `log-level=none:scenecut=0:${groups}`, '-c:a', 'aac', '-ac', '2'],
    ...(/\.(mp4|mov)$/.test(path) ? ['-tag:v', 'hvc1'] : []),
    ...words,
    path,
  );
  return path;
}
