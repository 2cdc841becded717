/** One picture as a JPEG file. */
import { AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_QSCALE, AV_PIX_FMT_YUVJ420P, FF_ENCODER_MJPEG } from 'node-av/constants';
import { type Frame, Rational } from 'node-av/lib';
import { Encoder } from './encoder.js';

/** FF_QP2LAMBDA: FFmpeg's unit of quality. */
export const LAMBDA = 118;

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
