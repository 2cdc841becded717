/** The last picture of a film, where its sound goes on. */
import type { Frame } from 'node-av/lib';
import { TICKS_PER_MILLI, Ticks90k } from '../../base/units.js';
import { AnnexBDecoder } from '../copy/annex-b-decoder.js';
import type { MediaSettings, Ratio } from '../settings.js';
import type { SpooledVideo } from '../spool.js';
import type { AirFormat } from './air-format.js';
import { encodeStill, withStill } from './still-group.js';

/** Longest sound behind the last picture that is left out: two frames of AAC, and what is short of them. */
const NO_SOUND = Ticks90k(50 * TICKS_PER_MILLI);
/** Longest time for which a picture stands without being sent again: time stamps are at most 700 ms apart. */
const LONGEST_PICTURE = Ticks90k(600 * TICKS_PER_MILLI);

/** The film's pictures; the last one stands until `end`, the end of its sound. */
export function standUntil(
  video: SpooledVideo,
  {
    end,
    frameRate,
    maxGop,
    format,
  }: { end: Ticks90k; frameRate: Ratio; format: AirFormat } & Pick<MediaSettings, 'maxGop'>,
): SpooledVideo {
  if (end - video.duration <= NO_SOUND) return video;
  const lastShown = video.pts.reduce((latest, time) => Math.max(latest, time), 0);
  const lastAccess = video.pts[video.randomAccess.lastIndexOf(1)] ?? 0;
  if (end - lastShown <= LONGEST_PICTURE && end - lastAccess <= maxGop * TICKS_PER_MILLI) {
    return { ...video, duration: end };
  }
  const { frame, unit } = lastPicture(video, format);
  // A film whose last group cannot be decoded has no picture that could stand.
  if (frame === null) return video;
  try {
    return withStill(video, encodeStill(frame, frameRate, format, unit), end);
  } finally {
    frame.free();
  }
}

/** Decodes the last group; the caller frees the frame, null where nothing can be decoded. `unit`: the last access unit. */
function lastPicture(video: SpooledVideo, { codec }: AirFormat): { frame: Frame | null; unit: Buffer } {
  let last: Frame | null = null;
  const decoder = new AnnexBDecoder(codec, (frame) => {
    if (last !== null && frame.pts < last.pts) return;
    last?.free();
    last = frame.clone();
  });
  const reader = video.open();
  try {
    const group = video.randomAccess.lastIndexOf(1);
    const unit = Buffer.allocUnsafe(video.sizes.reduce((most, size) => Math.max(most, size), 0));
    for (const [i, size] of video.sizes.entries()) {
      reader.read(unit, 0, size);
      if (i >= group) decoder.put(unit.subarray(0, size), video.pts[i]!);
    }
    decoder.finish();
    return { frame: last, unit: unit.subarray(0, video.sizes.at(-1)) };
  } finally {
    reader.close();
    decoder.free();
  }
}
