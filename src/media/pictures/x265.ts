/** x265, as pictures of H.265 are encoded. */
import { AV_PIX_FMT_YUV420P10LE, type AVPixelFormat, FF_ENCODER_LIBX265 } from 'node-av/constants';
import { Frame, type Packet } from 'node-av/lib';
import { codecThreads } from '../codec-threads.js';
import { Encoder } from '../encoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import type { PictureEncoder } from './hardware.js';
import { configurePictures, type EncodingPlan, FULL_HD, LOOKAHEAD_OF_LARGE } from './x264.js';

/** What is chosen of x265's settings. */
export interface X265Quality {
  preset: string;
  crf: number;
  bitDepth: number;
}

/** Opens x265 for frames such as `frame`, of 8 bits or of `bitDepth`; `extra`: further settings of it, as NAME=VALUE. */
export function openX265(
  frame: Frame,
  plan: EncodingPlan,
  { preset, crf, bitDepth }: X265Quality,
  extra: readonly string[] = [],
): PictureEncoder {
  const { group } = plan;
  const isDeep = bitDepth === 10;
  const isLarge = frame.width * frame.height > FULL_HD;
  const lookahead = isLarge ? [`rc-lookahead=${LOOKAHEAD_OF_LARGE}`] : [];
  const encoder = new Encoder({
    name: FF_ENCODER_LIBX265,
    configure(context) {
      configurePictures(context, frame, plan);
      context.pixelFormat = isDeep ? AV_PIX_FMT_YUV420P10LE : (frame.format as AVPixelFormat);
    },
    options: {
      preset,
      profile: isDeep ? 'main10' : 'main',
      crf,
      'x265-params': [
        // It would write to the terminal, and its settings into the stream.
        'log-level=none:info=0',
        `pools=${codecThreads()}`,
        `scenecut=0:open-gop=0:keyint=${group}:min-keyint=${group}`,
        ...lookahead,
        ...extra,
      ].join(':'),
    },
  });
  return isDeep && frame.format !== AV_PIX_FMT_YUV420P10LE ? new DeepEncoder(encoder, frame) : encoder;
}

/** Responsible for pictures of 8 bits that are encoded with 10. */
class DeepEncoder implements PictureEncoder {
  readonly #encoder: Encoder;
  readonly #chain: FilterChain;
  readonly #deep = new Frame();

  constructor(encoder: Encoder, frame: Frame) {
    this.#encoder = encoder;
    const filters = ['format=pix_fmts=yuv420p10le'];
    this.#chain = new FilterChain({ kind: 'video', description: descriptionOf(frame), filters });
    this.#deep.alloc();
  }

  get extradata(): Buffer | null {
    return this.#encoder.extradata;
  }

  encode(frame: Frame | null, take: (packet: Packet) => void): void {
    if (frame === null) {
      this.#encoder.encode(null, take);
      return;
    }
    this.#chain.put(frame);
    if (!this.#chain.take(this.#deep)) throw new Error('a filter that holds pictures back');
    this.#deep.pts = frame.pts;
    this.#deep.pictType = frame.pictType;
    try {
      this.#encoder.encode(this.#deep, take);
    } finally {
      this.#deep.unref();
    }
  }

  free(): void {
    this.#deep.free();
    this.#chain.free();
    this.#encoder.free();
  }
}
