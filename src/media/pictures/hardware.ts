/**
 * Encoders of graphics hardware. They are as fast as a film of any size needs, and take more bits than x264 for the same quality: used
 * where they are asked for, and a trial of this machine's succeeds.
 */
import {
  AV_CODEC_FLAG_QSCALE,
  AV_HWDEVICE_TYPE_VAAPI,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_VAAPI,
  FF_ENCODER_H264_NVENC,
  FF_ENCODER_H264_QSV,
  FF_ENCODER_H264_VAAPI,
  FF_ENCODER_H264_VIDEOTOOLBOX,
  type FFEncoderCodec,
} from 'node-av/constants';
import { type CodecContext, Frame, HardwareDeviceContext, HardwareFramesContext, type Packet } from 'node-av/lib';
import { Encoder } from '../encoder.js';
import { check } from '../ffmpeg-error.js';
import type { HardwareName } from '../settings.js';
import { configurePictures, type EncodingPlan } from './x264.js';

/** What is used of an encoder of pictures, x264 or another. */
export type PictureEncoder = Pick<Encoder, 'encode' | 'free' | 'extradata'>;

/** Average as a share of the highest rate, where an encoder keeps to rates rather than to a quality. */
const AVERAGE = 0.75;

/** Pictures that an encoder may hold back. */
const POOL = 32;

/** FF_QP2LAMBDA of libavutil. */
const LAMBDA = 118;

/** What VideoToolbox calls quality, from 0 to 100, for a constant rate factor. */
const percentOf = (crf: number): number => Math.round(100 - (crf * 100) / 60);

/** One way to have pictures encoded by hardware. */
export interface Hardware {
  name: HardwareName;
  /** As people know it. */
  title: string;
  /** What it keeps to, such as "CQ 21". */
  quality(plan: EncodingPlan, crf: number): string;
  /** Opens it for frames such as `frame`, which is NV12. Throws FfmpegError where this machine cannot do it. */
  open(frame: Frame, plan: EncodingPlan, crf: number): PictureEncoder;
}

interface Made {
  codec: FFEncoderCodec;
  options(crf: number): Record<string, string | number>;
  /** What differs in the context from what all encoders have. */
  configure?(context: CodecContext, plan: EncodingPlan, crf: number): void;
}

const megabits = (rate: number): string => `${Number((rate / 1e6).toFixed(1))} Mbit/s`;

function setAverage(context: CodecContext, { maxRate }: EncodingPlan): void {
  context.bitRate = BigInt(Math.round(maxRate * AVERAGE));
}

/** An encoder that takes pictures from memory. */
const fromMemory =
  ({ codec, options, configure }: Made): Hardware['open'] =>
  (frame, plan, crf) =>
    new Encoder({
      name: codec,
      configure(context) {
        configurePictures(context, frame, plan);
        context.pixelFormat = AV_PIX_FMT_NV12;
        configure?.(context, plan, crf);
      },
      options: options(crf),
    });

const vaapi = (title: string, rateControl: 'QVBR' | 'VBR'): Hardware => ({
  name: 'vaapi',
  title,
  quality: ({ maxRate }, crf) =>
    rateControl === 'QVBR' ? `quality ${crf}` : `${megabits(maxRate * AVERAGE)} on average`,
  open: (frame, plan, crf) =>
    new UploadingEncoder(frame, (frames) => {
      return new Encoder({
        name: FF_ENCODER_H264_VAAPI,
        configure(context) {
          configurePictures(context, frame, plan);
          context.pixelFormat = AV_PIX_FMT_VAAPI;
          context.hwFramesCtx = frames;
          setAverage(context, plan);
          if (rateControl === 'QVBR') context.globalQuality = crf;
        },
        options: { profile: 'high', rc_mode: rateControl, idr_interval: 0 },
      });
    }),
});

/** In the order in which they are tried. */
export const hardware: readonly Hardware[] = [
  {
    name: 'nvenc',
    title: 'NVENC',
    quality: (_, crf) => `CQ ${crf}`,
    open: fromMemory({
      codec: FF_ENCODER_H264_NVENC,
      configure(context) {
        context.bitRate = 0n;
      },
      // Every group begins with an IDR picture, at its time.
      options: (crf) => ({
        ...{ preset: 'p5', tune: 'hq', profile: 'high', rc: 'vbr', cq: crf },
        ...{ 'forced-idr': 1, 'no-scenecut': 1, strict_gop: 1, b_ref_mode: 'disabled' },
      }),
    }),
  },
  {
    name: 'qsv',
    title: 'Quick Sync',
    quality: (_, crf) => `quality ${crf}`,
    open: fromMemory({
      codec: FF_ENCODER_H264_QSV,
      configure(context, plan, crf) {
        setAverage(context, plan);
        context.globalQuality = crf;
      },
      options: () => ({ profile: 'high', preset: 'slower', idr_interval: 0, adaptive_i: 0 }),
    }),
  },
  vaapi('VA-API', 'QVBR'),
  // Older drivers keep to rates alone.
  vaapi('VA-API', 'VBR'),
  {
    name: 'videotoolbox',
    title: 'VideoToolbox',
    quality: (_, crf) => `quality ${percentOf(crf)} of 100`,
    open: fromMemory({
      codec: FF_ENCODER_H264_VIDEOTOOLBOX,
      configure(context, _, crf) {
        context.setFlags(AV_CODEC_FLAG_QSCALE);
        context.globalQuality = percentOf(crf) * LAMBDA;
      },
      options: () => ({ profile: 'high', allow_sw: 0 }),
    }),
  },
];

/** Responsible for bringing pictures to the memory of the hardware, where its encoder takes none from elsewhere. */
class UploadingEncoder implements PictureEncoder {
  readonly #device = new HardwareDeviceContext();
  readonly #frames = new HardwareFramesContext();
  readonly #uploaded = new Frame();
  readonly #encoder: Encoder;

  constructor(frame: Frame, open: (frames: HardwareFramesContext) => Encoder) {
    try {
      check(this.#device.create(AV_HWDEVICE_TYPE_VAAPI), 'opening a VA-API device');
      this.#frames.alloc(this.#device);
      this.#frames.format = AV_PIX_FMT_VAAPI;
      this.#frames.swFormat = AV_PIX_FMT_NV12;
      this.#frames.width = frame.width;
      this.#frames.height = frame.height;
      this.#frames.initialPoolSize = POOL;
      check(this.#frames.init(), 'memory of the hardware');
      this.#uploaded.alloc();
      this.#encoder = open(this.#frames);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get extradata(): Buffer | null {
    return this.#encoder.extradata;
  }

  encode(frame: Frame | null, take: (packet: Packet) => void): void {
    if (frame === null) {
      this.#encoder.encode(null, take);
      return;
    }
    try {
      check(this.#frames.getBuffer(this.#uploaded), 'memory of the hardware');
      check(this.#frames.transferDataSync(this.#uploaded, frame), 'bringing a picture to the hardware');
      check(this.#uploaded.copyProps(frame), 'the properties of a picture');
      this.#encoder.encode(this.#uploaded, take);
    } finally {
      this.#uploaded.unref();
    }
  }

  free(): void {
    this.#encoder.free();
    this.#release();
  }

  #release(): void {
    this.#uploaded.free();
    this.#frames.free();
    this.#device.free();
  }
}
