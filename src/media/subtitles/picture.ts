/** A picture of subtitles on a transparent ground, and its bitmaps for DVB. */
import type { SubtitleRegion } from '../../wire/dvb-subtitle.js';
import { paletteOf } from './palette.js';

export interface SubtitlePicture {
  width: number;
  height: number;
  /** Red, green, blue and opacity of each pixel, not premultiplied. */
  rgba: Uint8Array;
}

/** Most pixels of a picture: hostile streams name any size. */
export const MOST_PICTURE_PIXELS = 4_096 * 2_304;

/** A transparent one. */
export const emptyPicture = ({ width, height }: { width: number; height: number }): SubtitlePicture => ({
  ...{ width, height },
  rgba: new Uint8Array(width * height * 4),
});

/** Lines without a pixel that a region may have inside: fewer regions cost less than they do. */
const LARGEST_GAP = 16;
const MOST_REGIONS = 16;

/**
 * The bands of lines with pixels, from the top, each cut to what it shows and a column behind it: GStreamer refuses lines that are as long
 * as their region. Quantised to at most `colours` colours, 256 at
 * most.
 */
export function regionsOf(picture: SubtitlePicture, colours: number): SubtitleRegion[] {
  const { width, height, rgba } = picture;
  const words = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
  const bands: { top: number; bottom: number; left: number; right: number }[] = [];
  for (let y = 0; y < height; y++) {
    const line = words.subarray(y * width, (y + 1) * width);
    // Decoders leave transparent pixels at 0.
    const left = line.findIndex((word) => word !== 0);
    if (left < 0) continue;
    const right = line.findLastIndex((word) => word !== 0);
    const band = bands.at(-1);
    if (band && (y - band.bottom <= LARGEST_GAP || bands.length === MOST_REGIONS)) {
      band.bottom = y;
      band.left = Math.min(band.left, left);
      band.right = Math.max(band.right, right);
    } else bands.push({ top: y, bottom: y, left, right });
  }
  return bands.map(({ top, bottom, left, right }) => {
    const end = Math.min(width, right + 2);
    const [w, h] = [end - left, bottom - top + 1];
    const cut = new Uint32Array(w * h);
    for (let y = 0; y < h; y++) cut.set(words.subarray((top + y) * width + left, (top + y) * width + end), y * w);
    return { x: left, y: top, width: w, height: h, ...paletteOf(cut, colours) };
  });
}

/** A colour as a pixel is stored: red in the lowest byte. */
export const packed = (red: number, green: number, blue: number, alpha: number): number =>
  alpha === 0 ? 0 : ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
