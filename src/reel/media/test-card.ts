/** The test card: colour bars with a running clock, and a tone with a pip at each second. */
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
import { FilterChain } from './filters.js';
import { silenceLog } from './input.js';
import { AAC_FRAME_SAMPLES, AUDIO_RATE } from './spool.js';
import { TEST_CARD_NAME, TestCardBoard } from './test-card-picture.js';

const WIDTH = 1_280;
const HEIGHT = 720;
const FRAMES_PER_SECOND = 30;
const CHANNELS = 2;
/** Hz; both have whole periods in a second, so that a loop does not click. */
const TONE = 440;
const PIP = 1_760;
const TONE_LEVEL = 0.06;
const PIP_LEVEL = 0.2;
/** Seconds. */
const PIP_LENGTH = 0.08;

const isVideo = 0;
const isAudio = 1;

/** Writes a film of whole `seconds` to `path`; its kind follows from the extension (.mp4, .mkv, .ts). */
export function makeTestCard(options: { path: string; seconds: number }): void {
  const { path, seconds } = options;
  silenceLog();
  const writer = new ContainerWriter(path);
  const video = openVideo(writer.wantsGlobalHeader);
  const audio = openAac(CHANNELS);
  writer.add(video);
  writer.add(audio);
  writer.begin({}, { title: TEST_CARD_NAME });
  const planes = { width: WIDTH, height: HEIGHT, data: colourBars() };
  const board = new TestCardBoard(planes, FRAMES_PER_SECOND);
  const samples = seconds * AUDIO_RATE;
  let sampled = 0;
  for (let picture = 0; picture < seconds * FRAMES_PER_SECOND; picture++) {
    board.show(picture);
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
      const sound = toneFrame(sampled, Math.min(AAC_FRAME_SAMPLES, samples - sampled));
      audio.encode(sound, (packet) => writer.write(isAudio, packet));
      sound.free();
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

function colourBars(): Buffer {
  const chain = new FilterChain({
    kind: 'video',
    source: `smptehdbars=size=${WIDTH}x${HEIGHT}:rate=${FRAMES_PER_SECOND}`,
    filters: ['format=pix_fmts=yuv420p'],
  });
  const frame = new Frame();
  frame.alloc();
  try {
    if (!chain.take(frame)) throw new Error('no colour bars');
    return frame.toBuffer();
  } finally {
    frame.free();
    chain.free();
  }
}

/** `length` samples from `first` on, the same on every channel. */
function toneFrame(first: number, length: number): Frame {
  const samples = new Float32Array(length * CHANNELS);
  for (let i = 0; i < length; i++) {
    const time = (first + i) / AUDIO_RATE;
    const inSecond = time % 1;
    let value = TONE_LEVEL * Math.sin(2 * Math.PI * TONE * time);
    if (inSecond < PIP_LENGTH) {
      value += PIP_LEVEL * Math.sin((Math.PI * inSecond) / PIP_LENGTH) * Math.sin(2 * Math.PI * PIP * time);
    }
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
