/** Codecs of sound on the air, and their encoders. */
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_EAC3,
  AV_SAMPLE_FMT_FLTP,
  FF_ENCODER_AAC,
  FF_ENCODER_AC3,
  FF_ENCODER_EAC3,
  type FFAudioEncoder,
} from 'node-av/constants';
import { avChannelLayoutDefault, Rational } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { Encoder } from '../encoder.js';
import type { DolbyCodec } from '../settings.js';
import { AAC_FRAME_SAMPLES, AUDIO_RATE } from '../spool.js';

export interface SoundCodec {
  /** Samples a channel in a frame. */
  samples: number;
  /** Length of a frame. */
  ticks: Ticks90k;
  /** Whether the encoder's frames lack a header: they get one of ADTS. */
  isRaw: boolean;
  /** An encoder at AUDIO_RATE. */
  open(channels: number): Encoder;
}

/** bit/s of mono, stereo and more. */
type Rates = [mono: bigint, stereo: bigint, more: bigint];

function soundCodec(
  name: FFAudioEncoder,
  { samples, isRaw, rates }: { samples: number; isRaw: boolean; rates: Rates },
) {
  return {
    samples,
    ticks: Ticks90k((samples * TICKS_PER_SECOND) / AUDIO_RATE),
    isRaw,
    open: (channels: number) =>
      new Encoder({
        name,
        configure(context) {
          context.sampleRate = AUDIO_RATE;
          context.sampleFormat = AV_SAMPLE_FMT_FLTP;
          context.channelLayout = avChannelLayoutDefault(channels);
          context.timeBase = new Rational(1, AUDIO_RATE);
          context.bitRate = rates[channels === 1 ? 0 : channels === 2 ? 1 : 2];
          context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_BITEXACT);
        },
      }),
  } satisfies SoundCodec;
}

/** AAC-LC. */
export const AAC: SoundCodec = soundCodec(FF_ENCODER_AAC, {
  samples: AAC_FRAME_SAMPLES,
  isRaw: true,
  rates: [96_000n, 160_000n, 384_000n],
});

/** Six blocks of 256 samples (ETSI TS 102 366). */
const AC3_SAMPLES = 1_536;
const dolby: Parameters<typeof soundCodec>[1] = {
  samples: AC3_SAMPLES,
  isRaw: false,
  rates: [96_000n, 192_000n, 448_000n],
};

export const dolbyCodecs: Readonly<Record<DolbyCodec, SoundCodec & { id: number }>> = {
  'ac-3': { ...soundCodec(FF_ENCODER_AC3, dolby), id: AV_CODEC_ID_AC3 },
  'e-ac-3': { ...soundCodec(FF_ENCODER_EAC3, dolby), id: AV_CODEC_ID_EAC3 },
};
