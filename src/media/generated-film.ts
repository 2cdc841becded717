/** Films that are generated: a picture that is drawn, and a sound, as a file like any other. */
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PIX_FMT_YUV420P,
  AV_SAMPLE_FMT_FLTP,
  AVCOL_PRI_BT709,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { avChannelLayoutDefault, Frame, Rational } from 'node-av/lib';
import { ContainerWriter } from './container-writer.js';
import { openAac } from './encode-audio.js';
import { Encoder } from './encoder.js';
import { silenceLog } from './input.js';
import type { Planes } from './lamps.js';
import { AAC_FRAME_SAMPLES, AUDIO_RATE } from './spool.js';

export const WIDTH = 1_280;
export const HEIGHT = 720;
export const FRAMES_PER_SECOND = 30;
const CHANNELS = 2;

const isVideo = 0;
const isAudio = 1;

export interface GeneratedFilm {
  /** Its kind follows from the extension (.mp4, .mkv, .ts). */
  path: string;
  /** Whole ones. */
  seconds: number;
  title: string;
  /** WIDTH × HEIGHT; what is encoded. */
  planes: Planes & { data: Buffer };
  /** Draws picture number `picture`. */
  show?(picture: number): void;
  /** The sound at `time`, in seconds, −1 to 1; silence without it. */
  sound?(time: number): number;
}

export function writeGeneratedFilm({ path, seconds, title, planes, show, sound }: GeneratedFilm): void {
  silenceLog();
  const writer = new ContainerWriter(path);
  const video = openVideo(writer.wantsGlobalHeader);
  const audio = openAac(CHANNELS);
  writer.add(video);
  writer.add(audio);
  writer.begin({}, { title });
  const samples = seconds * AUDIO_RATE;
  let sampled = 0;
  for (let picture = 0; picture < seconds * FRAMES_PER_SECOND; picture++) {
    show?.(picture);
    const frame = Frame.fromVideoBuffer(planes.data, {
      width: WIDTH,
      height: HEIGHT,
      format: AV_PIX_FMT_YUV420P,
      pts: BigInt(picture),
      sampleAspectRatio: { num: 1, den: 1 },
    });
    frame.duration = 1n;
    video.encode(frame, (packet) => writer.write(isVideo, packet));
    frame.free();
    for (
      ;
      sampled < samples && sampled * FRAMES_PER_SECOND < (picture + 1) * AUDIO_RATE;
      sampled += AAC_FRAME_SAMPLES
    ) {
      const heard = soundFrame(sampled, Math.min(AAC_FRAME_SAMPLES, samples - sampled), sound);
      audio.encode(heard, (packet) => writer.write(isAudio, packet));
      heard.free();
    }
  }
  video.encode(null, (packet) => writer.write(isVideo, packet));
  audio.encode(null, (packet) => writer.write(isAudio, packet));
  writer.finish();
  video.free();
  audio.free();
}

function openVideo(globalHeader: boolean): Encoder {
  return new Encoder({
    name: FF_ENCODER_LIBX264,
    configure(context) {
      context.width = WIDTH;
      context.height = HEIGHT;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      context.timeBase = new Rational(1, FRAMES_PER_SECOND);
      context.framerate = new Rational(FRAMES_PER_SECOND, 1);
      context.sampleAspectRatio = new Rational(1, 1);
      context.colorSpace = AVCOL_SPC_BT709;
      context.colorPrimaries = AVCOL_PRI_BT709;
      context.colorTrc = AVCOL_TRC_BT709;
      context.gopSize = FRAMES_PER_SECOND;
      context.maxBFrames = 2;
      context.threadCount = 0;
      context.setFlags(AV_CODEC_FLAG_CLOSED_GOP, AV_CODEC_FLAG_FRAME_DURATION);
      if (globalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    },
    options: {
      preset: 'superfast',
      profile: 'high',
      crf: 20,
      'x264-params': [
        ...['scenecut=0', 'open-gop=0', `keyint=${FRAMES_PER_SECOND}`, `min-keyint=${FRAMES_PER_SECOND}`],
        // Looking ahead finds nothing in a picture that stands still.
        ...['rc-lookahead=5', 'sync-lookahead=0', 'mbtree=0'],
      ].join(':'),
    },
  });
}

/** `length` samples from `first` on, the same on every channel. */
function soundFrame(first: number, length: number, sound: GeneratedFilm['sound']): Frame {
  const samples = new Float32Array(length * CHANNELS);
  for (let i = 0; i < length && sound; i++) {
    const value = sound((first + i) / AUDIO_RATE);
    for (let channel = 0; channel < CHANNELS; channel++) samples[channel * length + i] = value;
  }
  return Frame.fromAudioBuffer(Buffer.from(samples.buffer), {
    nbSamples: length,
    format: AV_SAMPLE_FMT_FLTP,
    sampleRate: AUDIO_RATE,
    channelLayout: avChannelLayoutDefault(CHANNELS),
    timeBase: { num: 1, den: AUDIO_RATE },
    pts: BigInt(first),
  });
}
