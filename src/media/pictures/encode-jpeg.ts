/** Encoding pictures as JPEG files that RTP can carry (RFC 2435): baseline, 4:2:0, standard Huffman tables. */
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_YUVJ420P,
  FF_ENCODER_MJPEG,
  FF_THREAD_FRAME,
} from 'node-av/constants';
import { type Frame, type Packet, Rational } from 'node-av/lib';
import { codecThreads } from '../codec-threads.js';
import { Encoder } from '../encoder.js';
import type { MediaInput } from '../input/input.js';
import type { PictureTimes } from '../input/picture-times.js';
import type { Notes } from '../notes.js';
import type { Ratio, StationLayout } from '../settings.js';
import type { SpooledFrames } from '../spool.js';
import { SpoolFile } from '../spool-file.js';
import { type FilmSubtitles, frameOf } from '../subtitles/make-subtitles.js';
import { uint32Table } from '../tables.js';
import { forLongestShape } from './film-frame.js';
import { LAMBDA } from './jpeg-of.js';
import { fittedLayout, jpegLayout, type PictureLayout, type PictureShape } from './picture-layout.js';
import { forEachPicture, type PicturesDone } from './pictures.js';
import { scanOf } from './scan.js';

/** FFmpeg's scale of 1 (best) to 31. */
const QUALITY = 5;

/** An encoder for frames such as `frame`. */
export function openMjpeg(frame: Frame, frameRate: Ratio): Encoder {
  return new Encoder({
    name: FF_ENCODER_MJPEG,
    configure(context) {
      context.width = frame.width;
      context.height = frame.height;
      context.pixelFormat = AV_PIX_FMT_YUVJ420P;
      context.colorRange = frame.colorRange;
      context.timeBase = new Rational(frameRate[1], frameRate[0]);
      context.qMin = QUALITY;
      context.qMax = QUALITY;
      context.globalQuality = QUALITY * LAMBDA;
      // Slice threads would insert restart markers.
      context.threadType = FF_THREAD_FRAME;
      context.threadCount = codecThreads();
      context.setFlags(AV_CODEC_FLAG_QSCALE, AV_CODEC_FLAG_BITEXACT);
    },
    options: { huffman: 'default' },
  });
}

/** Encodes `picture`; `keep` gets the files that are finished. */
export function encodeMjpeg(encoder: Encoder, picture: Frame, keep: (packet: Packet) => void): void {
  picture.quality = QUALITY * LAMBDA;
  encoder.encode(picture, keep);
}

export interface JpegOptions {
  input: MediaInput;
  notes: Notes;
  times: PictureTimes;
  path: string;
  frameRate: Ratio;
  target: StationLayout | null;
  subtitles: FilmSubtitles | null;
  onProgress(done: number): void;
}

interface EncodedJpeg {
  frames: SpooledFrames;
  layout: PictureLayout;
  done: PicturesDone;
}

/** Encodes all pictures of `input` to `path`. Throws a Problem when none can be decoded. */
export const encodeJpeg = (options: JpegOptions): EncodedJpeg =>
  forLongestShape(options.input, (input, leading) => encodeFor({ ...options, input }, leading));

function encodeFor(options: JpegOptions, leading: PictureShape | null): EncodedJpeg {
  const { input, times, notes, path, frameRate, target, subtitles, onProgress } = options;
  const file = new SpoolFile(path);
  const sizes = uint32Table();
  let encoder: Encoder | null = null;
  let layout: PictureLayout | null = null;
  const keep = ({ data }: Packet) => {
    if (data === null) return;
    file.append(data);
    sizes.push(data.length);
  };
  try {
    const done = forEachPicture({
      input,
      notes,
      times,
      scan: scanOf(input),
      frameRate,
      pixelFormat: 'yuvj420p',
      ...(target ? {} : { leading }),
      layOut(shape) {
        layout = target ? fittedLayout(shape, target) : jpegLayout(shape);
        return layout;
      },
      burnerFor: (picture) => subtitles?.burner(frameOf(picture)) ?? null,
      onPicture(picture) {
        encoder ??= openMjpeg(picture, frameRate);
        encodeMjpeg(encoder, picture, keep);
      },
      onProgress,
    });
    const used = { encoder, layout } as { encoder: Encoder | null; layout: PictureLayout | null };
    used.encoder?.encode(null, keep);
    if (used.layout === null) throw new Error('pictures without a layout');
    file.finish();
    return { frames: { path, sizes: sizes.view() }, layout: used.layout, done };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    (encoder as Encoder | null)?.free();
  }
}
