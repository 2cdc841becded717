/** One picture as a small JPEG file. */
import { AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_QSCALE, AV_PIX_FMT_YUVJ420P, FF_ENCODER_MJPEG } from 'node-av/constants';
import { type CodecParameters, type Frame, Rational } from 'node-av/lib';
import { Encoder } from '../encoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import { quotient } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { colourOf, convertColour, setColour } from './colour.js';
import { cropFilters, cropOf, croppedSize } from './cropping.js';
import { isSideways, type Orientation, upright, uprightFilters } from './orientation.js';

/** FF_QP2LAMBDA: FFmpeg's unit of quality. */
export const LAMBDA = 118;

/**
 * Filters that scale `frame`, which they alone take, to at most `widest` pixels, upright and with square pixels, as `jpegOf`
 * wants it. `sampleAspectRatio` is that of the frame, before it is turned.
 */
export function openScaling(
  frame: Frame,
  options: {
    widest: number;
    sampleAspectRatio: Ratio;
    /** What the container says of colour and cropping. */
    container?: CodecParameters;
    orientation?: Orientation;
  },
): FilterChain {
  const { widest, sampleAspectRatio, container, orientation = upright } = options;
  const crop = container ? cropOf(frame, container) : null;
  const cropped = croppedSize(frame, crop);
  const shown = { width: cropped.width * quotient(sampleAspectRatio), height: cropped.height };
  const [width, height] = isSideways(orientation) ? [shown.height, shown.width] : [shown.width, shown.height];
  const even = (value: number) => Math.max(16, Math.round(value / 2) * 2);
  const scaledWidth = even(Math.min(widest, width));
  const scaledHeight = even((scaledWidth * height) / width);
  frame.pts = 0n;
  const colour = colourOf(frame, container);
  setColour(frame, colour);
  const conversion = convertColour(colour, {
    to: 'jpeg',
    size: { width: scaledWidth, height: scaledHeight },
    matrix: null,
  });
  return new FilterChain({
    kind: 'video',
    description: descriptionOf(frame),
    filters: [
      ...cropFilters(crop, frame),
      ...uprightFilters(orientation),
      ...conversion.before,
      `scale=w=${scaledWidth}:h=${scaledHeight}:flags=area${conversion.scale}`,
      ...conversion.filters,
      'format=pix_fmts=yuvj420p',
      'setsar=1/1',
    ],
  });
}

/** A JPEG file of a frame in `yuvj420p`. `quality` is on FFmpeg's scale of 1 (best) to 31. */
export function jpegOf(frame: Frame, quality: number): Buffer {
  const lambda = quality * LAMBDA;
  const encoder = new Encoder({
    name: FF_ENCODER_MJPEG,
    configure(context) {
      context.width = frame.width;
      context.height = frame.height;
      context.pixelFormat = AV_PIX_FMT_YUVJ420P;
      context.colorRange = frame.colorRange;
      context.timeBase = new Rational(1, 25);
      context.globalQuality = lambda;
      context.threadCount = 1;
      context.setFlags(AV_CODEC_FLAG_QSCALE, AV_CODEC_FLAG_BITEXACT);
    },
  });
  try {
    let jpeg = Buffer.alloc(0);
    const keep = ({ data }: { data: Buffer | null }) => {
      if (data) jpeg = Buffer.from(data);
    };
    frame.quality = lambda;
    encoder.encode(frame, keep);
    encoder.encode(null, keep);
    return jpeg;
  } finally {
    encoder.free();
  }
}
