/** Pictures that stand one after another: photos, slides, pages. Each may fade in from the one before it. */
import type { AVColorSpace } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { nullIfProblem } from '../../base/problem.js';
import { type Millis, TICKS_PER_MILLI, TICKS_PER_SECOND } from '../../base/units.js';
import { check } from '../ffmpeg-error.js';
import { MediaInput } from '../input/input.js';
import { measurePictures } from '../input/picture-times.js';
import type { Notes } from '../notes.js';
import { quotient } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { fittedLayout, type PictureShape } from './picture-layout.js';
import { forEachPicture, type PictureOptions } from './pictures.js';
import { progressive } from './scan.js';

/** Fewest pictures of a fade: with less, it is a cut. */
const LEAST_FADE = 3;
/** Largest share of a slide's time in which it fades in. */
const LONGEST_FADE = 0.5;

/** What becomes of the pictures of slides, in order. A frame is reused or freed after the call. */
export interface SlideSink {
  /** One picture of a fade; `isFirst` of the first one of each. */
  fade(frame: Frame, isFirst: boolean): void;
  /** A picture that stands for `count` pictures. */
  stand(frame: Frame, count: number): void;
}

export interface SlideOptions {
  /** Files of one picture each, in order. */
  pictures: readonly string[];
  /** The file of the picture that the first one fades in from; null: it does not. */
  before: string | null;
  notes: Notes;
  frame: PictureShape;
  frameRate: Ratio;
  pixelFormat: 'yuv420p' | 'yuvj420p';
  /** How long each one stands, its fade included. */
  slide: Millis;
  /** How long each one fades in; 0: not at all. */
  fade: Millis;
  onProgress(done: number): void;
}

type OnePicture = Pick<SlideOptions, 'notes' | 'frame' | 'frameRate' | 'pixelFormat' | 'onProgress'>;

/** Decodes the pictures one after another. Throws a Problem where one cannot be decoded. */
export function forEachSlide(options: SlideOptions, sink: SlideSink): void {
  const { pictures, slide, fade, frameRate, onProgress } = options;
  const picturesIn = (time: number) => Math.round((time * TICKS_PER_MILLI * quotient(frameRate)) / TICKS_PER_SECOND);
  let last: Frame | null = null;
  try {
    for (const [index, source] of pictures.entries()) {
      const frame = pictureOf(source, options, last?.colorSpace ?? null);
      const count = Math.max(1, picturesIn(slide * (index + 1)) - picturesIn(slide * index));
      const fading = Math.min(picturesIn(fade), Math.floor(count * LONGEST_FADE));
      const isFading = fading >= LEAST_FADE;
      if (isFading && index === 0) last = pictureBefore(options, frame.colorSpace);
      if (isFading && last !== null) forEachBlend(last, frame, fading, (blend, i) => sink.fade(blend, i === 0));
      sink.stand(frame, isFading && last !== null ? count - fading : count);
      last?.free();
      last = frame;
      onProgress((index + 1) / pictures.length);
    }
  } finally {
    last?.free();
  }
}

/** The picture that the first one fades in from. Null where there is none, or it cannot be decoded, which is noted. */
function pictureBefore(options: SlideOptions, matrix: AVColorSpace): Frame | null {
  if (options.before === null) return null;
  try {
    return pictureOf(options.before, options, matrix);
  } catch (error) {
    nullIfProblem(error);
    options.notes.add('it does not fade in: the picture before it cannot be decoded');
    return null;
  }
}

/** The picture as it goes on the air; the caller frees the frame. `matrix` as in `PictureOptions`. */
export function pictureOf(source: string, options: OnePicture, matrix: AVColorSpace | null): Frame {
  const { notes, frame, frameRate, pixelFormat, onProgress } = options;
  const input = new MediaInput(source);
  let picture: Frame | null = null;
  const given: PictureOptions = {
    input,
    notes,
    times: measurePictures(source),
    scan: progressive,
    frameRate,
    pixelFormat,
    ...(matrix === null ? {} : { matrix }),
    layOut: (shape) => fittedLayout(shape, frame),
    onPicture(each) {
      picture ??= each.clone();
    },
    onProgress: () => onProgress(0),
  };
  try {
    forEachPicture(given);
    if (picture === null) throw new Error('a picture without a picture');
    return picture;
  } finally {
    input.close();
  }
}

/** Calls `use` with `count` pictures on the way from `from` to `to`, which have one layout; neither of the two is among them. */
function forEachBlend(from: Frame, to: Frame, count: number, use: (blend: Frame, index: number) => void): void {
  const blend = new Frame();
  blend.alloc();
  try {
    blend.format = to.format;
    blend.width = to.width;
    blend.height = to.height;
    check(blend.getBuffer(), 'memory for a picture');
    check(blend.copyProps(to), 'the properties of a picture');
    for (let i = 0; i < count; i++) {
      // An encoder may still have the one before.
      check(blend.makeWritable(), 'memory for a picture');
      blend.pts = BigInt(i);
      mix(from, to, blend, (i + 1) / (count + 1));
      use(blend, i);
    }
  } finally {
    blend.free();
  }
}

/** Writes `share` of `to`, and the rest of `from`, into `out`: planes of 8 bits. */
function mix(from: Frame, to: Frame, out: Frame, share: number): void {
  const weight = Math.round(share * 256);
  for (const [plane, target] of (out.data ?? []).entries()) {
    const [a, b] = [from.data?.[plane], to.data?.[plane]];
    if (!a || !b) throw new Error('a picture without planes');
    const [height, width] = plane === 0 ? [out.height, out.width] : [(out.height + 1) >> 1, (out.width + 1) >> 1];
    for (let y = 0; y < height; y++) {
      const rows = [a, b, target].map((_, i) => y * [from, to, out][i]!.linesize[plane]!) as [number, number, number];
      for (let x = 0; x < width; x++) {
        const before = a[rows[0] + x]!;
        target[rows[2] + x] = before + (((b[rows[1] + x]! - before) * weight + 128) >> 8);
      }
    }
  }
}
