/** Cropping that the container asks for: a clean aperture of MP4, PixelCrop of Matroska. */
import { AV_PKT_DATA_FRAME_CROPPING } from 'node-av/constants';
import type { CodecParameters, Frame } from 'node-av/lib';

/** Pixels at each edge that are not shown. */
export interface Crop {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** In addition to what the stream itself crops; null where there is none, or nothing would be left. */
export function containerCrop(parameters: CodecParameters): Crop | null {
  const data = parameters.getCodedSideData(AV_PKT_DATA_FRAME_CROPPING);
  if (data === null || data.length < 16) return null;
  // FFmpeg's own order, little-endian.
  const [top, bottom, left, right] = [0, 4, 8, 12].map((at) => data.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const isNothing = top + bottom + left + right === 0;
  const isAll = left + right >= parameters.width || top + bottom >= parameters.height;
  return isNothing || isAll ? null : { left, right, top, bottom };
}

/** The crop of the container, for a decoded picture of the size that the container gives. */
export const cropOf = (frame: Frame, parameters: CodecParameters): Crop | null =>
  frame.width === parameters.width && frame.height === parameters.height ? containerCrop(parameters) : null;

interface Size {
  width: number;
  height: number;
}

export const croppedSize = ({ width, height }: Size, crop: Crop | null): Size => ({
  width: width - (crop ? crop.left + crop.right : 0),
  height: height - (crop ? crop.top + crop.bottom : 0),
});

/** FFmpeg filters for pictures of `size`. */
export function cropFilters(crop: Crop | null, size: Size): string[] {
  if (crop === null) return [];
  const { width, height } = croppedSize(size, crop);
  return [`crop=${width}:${height}:${crop.left}:${crop.top}`];
}
