/** x264, as all pictures are encoded for which nothing else is asked. */
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  type AVPixelFormat,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { type CodecContext, type Frame, Rational } from 'node-av/lib';
import { codecThreads } from '../codec-threads.js';
import { Encoder } from '../encoder.js';
import { quotient } from '../ratio.js';
import type { Ratio, X264Preset } from '../settings.js';

/** Highest bit rate of 1080p at 30 frames a second, bit/s; that of other sizes grows less than in proportion. */
const FULL_HD_MAX_RATE = 8_000_000;
export const FULL_HD = 1_920 * 1_080;
const FULL_HD_PIXEL_RATE = FULL_HD * 30;
const LEAST_MAX_RATE = 800_000;
const GREATEST_MAX_RATE = 25_000_000;
/** Seconds of the VBV: fits into the time between sending and presentation. */
export const VBV_LENGTH = 0.75;

/**
 * Pictures that an encoder keeps to look ahead where they are larger than full HD: as many as `veryfast` does. Those of the better presets, up to
 * 40 of some 25 MB in 2160p, would not fit into the memory of the process beside MOST_THREADS of two codecs.
 */
export const LOOKAHEAD_OF_LARGE = 10;

export interface PictureKind {
  width: number;
  height: number;
  frameRate: Ratio;
}

/** The highest bit rate of encoded pictures where none is given, bit/s. */
export function usualMaxRate({ width, height, frameRate }: PictureKind): number {
  const size = (width * height * quotient(frameRate)) / FULL_HD_PIXEL_RATE;
  const rate = Math.min(GREATEST_MAX_RATE, Math.max(LEAST_MAX_RATE, FULL_HD_MAX_RATE * size ** 0.75));
  return Math.round(rate / 1_000) * 1_000;
}

/** How pictures are encoded. */
export interface EncodingPlan {
  frameRate: Ratio;
  /** Pictures from one IDR picture to the next. */
  group: number;
  /** B-pictures in a row, one of which others refer to; 0: none. */
  bPictures: number;
  /** The highest bit rate over VBV_LENGTH, bit/s. */
  maxRate: number;
  /** profile_idc of ITU-T H.264, A.2: Baseline, Main or High, which is the default. */
  profile?: number;
}

/** x264's names of profiles. */
const profileNames: Record<number, string> = { 66: 'baseline', 77: 'main', 100: 'high' };
const HIGH = 100;

/** What is chosen of x264's settings. */
export interface X264Quality {
  preset: X264Preset;
  /** Constant rate factor: the lower, the better. */
  crf: number;
}

/** Sets what all encoders need to know of frames such as `frame`. */
export function configurePictures(
  context: CodecContext,
  frame: Frame,
  { frameRate, group, bPictures, maxRate }: EncodingPlan,
): void {
  context.width = frame.width;
  context.height = frame.height;
  context.timeBase = new Rational(frameRate[1], frameRate[0]);
  context.framerate = new Rational(frameRate[0], frameRate[1]);
  context.sampleAspectRatio = frame.sampleAspectRatio;
  context.colorRange = frame.colorRange;
  context.colorSpace = frame.colorSpace;
  context.colorPrimaries = frame.colorPrimaries;
  context.colorTrc = frame.colorTrc;
  context.gopSize = group;
  context.maxBFrames = bPictures;
  context.rcMaxRate = BigInt(maxRate);
  context.rcBufferSize = Math.round(maxRate * VBV_LENGTH);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_CLOSED_GOP);
}

/** Opens x264 for frames such as `frame`; `extra`: further settings of it, as NAME=VALUE. */
export function openX264(
  frame: Frame,
  plan: EncodingPlan,
  { preset, crf }: X264Quality,
  extra: readonly string[] = [],
): Encoder {
  const { group } = plan;
  const isLarge = frame.width * frame.height > FULL_HD;
  const lookahead = isLarge ? [`rc-lookahead=${LOOKAHEAD_OF_LARGE}`] : [];
  return new Encoder({
    name: FF_ENCODER_LIBX264,
    configure(context) {
      configurePictures(context, frame, plan);
      context.pixelFormat = frame.format as AVPixelFormat;
      context.threadCount = codecThreads();
    },
    options: {
      preset,
      profile: profileNames[plan.profile ?? HIGH] ?? 'high',
      crf,
      'x264-params': ['scenecut=0:open-gop=0', `keyint=${group}:min-keyint=${group}`, ...lookahead, ...extra].join(':'),
    },
  });
}
