/** Orientation of a camera: the display matrix of a file, and the filters that turn its pictures upright. */
import { AV_FRAME_DATA_DISPLAYMATRIX, AV_PKT_DATA_DISPLAYMATRIX } from 'node-av/constants';
import type { CodecParameters, Frame } from 'node-av/lib';

/** The pictures are first turned, then mirrored. */
export interface Orientation {
  /** Degrees, clockwise. */
  turn: 0 | 90 | 180 | 270;
  /** Whether left and right are swapped. */
  isMirrored: boolean;
}

/**
 * ISO/IEC 14496-12, 6.2.2: (a b u, c d v, x y w), 32 bits each, in the machine's byte order as FFmpeg hands it over.
 * A point (p, q) of the coded picture is shown at (a·p + c·q, b·p + d·q), q counting downwards.
 * Any other angle is rounded to the nearest of the four.
 */
export function parseDisplayMatrix(matrix: Buffer): Orientation {
  const [a = 1, b = 0, , c = 0, d = 1] = new Int32Array(matrix.buffer.slice(matrix.byteOffset, matrix.byteOffset + 36));
  const isMirrored = a * d - b * c < 0;
  const quarters = Math.round(Math.atan2(b, isMirrored ? -a : a) / (Math.PI / 2));
  const turn = ([0, 90, 180, 270] as const)[(quarters + 4) % 4]!;
  return { turn, isMirrored };
}

export const upright: Orientation = { turn: 0, isMirrored: false };

/** The orientation in a stream's side data; upright where it has none. */
export function orientationOf(parameters: CodecParameters): Orientation {
  const matrix = parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  return matrix && matrix.length >= 36 ? parseDisplayMatrix(matrix) : upright;
}

/** The orientation that a picture itself tells, such as a photo by its Exif data; null where it does not. */
export function orientationOfFrame(frame: Frame): Orientation | null {
  const matrix = frame.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  return matrix && matrix.length >= 36 ? parseDisplayMatrix(matrix) : null;
}

export const isUpright = ({ turn, isMirrored }: Orientation): boolean => turn === 0 && !isMirrored;

/** Whether width and height are swapped. */
export const isSideways = ({ turn }: Orientation): boolean => turn === 90 || turn === 270;

/** FFmpeg filters. */
export function uprightFilters({ turn, isMirrored }: Orientation): string[] {
  const turning = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] }[turn];
  return isMirrored ? [...turning, 'hflip'] : turning;
}
