/** Size and shape of encoded pictures: arithmetic only. */
import { LARGEST_JPEG_SIDE } from '../../wire/jpeg-file.js';
import type { PictureCodec } from '../copy/picture-codec.js';
import { quotient, reduce } from '../ratio.js';
import type { Ratio } from '../settings.js';
import type { ColourConversion } from './colour.js';

/** Pictures of a source, already upright. */
export interface PictureShape {
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
}

/** The picture within its frame; the rest is black. */
export interface PictureLayout {
  /** Pixels of the whole frame. */
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
  /** Pixels of the scaled picture, which is centred in the frame. */
  innerWidth: number;
  innerHeight: number;
}

/** 4:2:0 has one colour sample for two pixels. */
const LEAST = 16;

const toMultiple = (value: number, of: number): number => Math.max(LEAST, Math.round(value / of) * of);
/** Rounds down, so that an odd edge is cut off instead of the picture being scaled. */
const toEven = (value: number): number => Math.max(LEAST, value - (value % 2));

const whole = (shape: PictureShape): PictureLayout => ({
  ...shape,
  innerWidth: shape.width,
  innerHeight: shape.height,
});

/** Pixels of 2160p, which level 5.2 of H.264 and H.265 has at 60 pictures a second. */
const REDUCED_PIXELS = 3_840 * 2_160;
/** Pixels on a side that hardware decodes. */
const LONGEST_SIDE = 4_096;

/** Pictures keep size and pixel shape, up to what most receivers decode; what is larger becomes 2160p. */
export function videoLayout(
  { width, height, sampleAspectRatio }: PictureShape,
  { isWithinLevel }: Pick<PictureCodec, 'isWithinLevel'>,
): PictureLayout {
  if (isWithinLevel({ width, height })) {
    return whole({ width: toEven(width), height: toEven(height), sampleAspectRatio });
  }
  const scale = Math.min(Math.sqrt(REDUCED_PIXELS / (width * height)), LONGEST_SIDE / Math.max(width, height));
  return whole({ width: toMultiple(width * scale, 2), height: toMultiple(height * scale, 2), sampleAspectRatio });
}

/** JPEG has square pixels. */
export function jpegLayout({ width, height, sampleAspectRatio }: PictureShape): PictureLayout {
  const displayWidth = width * quotient(sampleAspectRatio);
  const scale = Math.min(1, LARGEST_JPEG_SIDE / displayWidth, LARGEST_JPEG_SIDE / height);
  return whole({
    width: toMultiple(displayWidth * scale, 8),
    height: toMultiple(height * scale, 8),
    sampleAspectRatio: [1, 1],
  });
}

/** The frame of photos and slides where the station has none: full HD. */
export const SLIDE_FRAME: PictureShape = { width: 1_920, height: 1_080, sampleAspectRatio: [1, 1] };

/** As films of 25 pictures a second, so that a slide and a film can follow each other; what stands costs next to nothing. */
export const SLIDE_RATE: Ratio = [25, 1];

/** As large as fits into the station's frame with the picture's own aspect ratio. */
export function fittedLayout(shape: PictureShape, target: PictureShape): PictureLayout {
  const { width, height, sampleAspectRatio } = target;
  const displayWidth = shape.width * quotient(shape.sampleAspectRatio);
  const targetPixel = quotient(sampleAspectRatio);
  const scale = Math.min((width * targetPixel) / displayWidth, height / shape.height);
  return {
    width,
    height,
    sampleAspectRatio: reduce(sampleAspectRatio),
    innerWidth: Math.min(width, toMultiple((displayWidth * scale) / targetPixel, 2)),
    innerHeight: Math.min(height, toMultiple(shape.height * scale, 2)),
  };
}

const even = (value: number) => value - (value % 2);

/** Formats of pictures that are encoded, in 4:2:0. */
export type PixelFormat = 'yuv420p' | 'yuv420p10le' | 'nv12' | 'yuvj420p';

/** FFmpeg filters from `shape` to `layout`, and to the colour that goes on the air. */
export function layoutFilters(options: {
  shape: PictureShape;
  layout: PictureLayout;
  pixelFormat: PixelFormat;
  colour: ColourConversion;
}): string[] {
  const { shape, layout, pixelFormat, colour } = options;
  const { width, height, innerWidth, innerHeight, sampleAspectRatio } = layout;
  const filters: string[] = [];
  const cutOff = [shape.width - innerWidth, shape.height - innerHeight];
  const onlyOddEdge = cutOff.every((edge) => edge === 0 || edge === 1) && pixelFormat !== 'yuvj420p';
  if (onlyOddEdge && cutOff.includes(1)) filters.push(`crop=${innerWidth}:${innerHeight}:0:0`);
  filters.push(
    ...colour.before,
    `scale=w=${innerWidth}:h=${innerHeight}${colour.scale}`,
    ...colour.filters,
    `format=pix_fmts=${pixelFormat}`,
  );
  if (width !== innerWidth || height !== innerHeight) {
    filters.push(
      `pad=w=${width}:h=${height}:x=${even((width - innerWidth) >> 1)}:y=${even((height - innerHeight) >> 1)}`,
    );
  }
  filters.push(`setsar=${sampleAspectRatio.join('/')}`);
  return filters;
}
