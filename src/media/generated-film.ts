/** Films made of FFmpeg's own sources of pictures and sound, as files like any other. No font is needed. */
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AVCOL_PRI_BT709,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Frame, Rational } from 'node-av/lib';
import { codecThreads } from './codec-threads.js';
import { ContainerWriter } from './container-writer.js';
import { Encoder } from './encoder.js';
import { FilterChain } from './filters.js';
import { silenceLog } from './input/input.js';
import type { GeneratedFilm } from './settings.js';
import { AAC } from './sound/sound-codecs.js';
import { AAC_FRAME_SAMPLES, AUDIO_RATE } from './spool.js';

const WIDTH = 1_280;
const HEIGHT = 720;
const FRAME_RATE = 30;

/** The clock is the one that testsrc2 writes into its corner, cut out and enlarged. */
const testCard = [
  `smptehdbars=size=${WIDTH}x${HEIGHT}:rate=${FRAME_RATE}[bars]`,
  `testsrc2=size=320x180:rate=${FRAME_RATE},crop=w=100:h=16:x=2:y=2,format=gray,lut=c0=1.8*val-60,` +
    'pad=w=108:h=24:x=4:y=4,scale=w=864:h=192:flags=neighbor[clock]',
  `[bars][clock]overlay=x=(W-w)/2:y=(H-h)/2`,
].join(';');

/** "Back soon" */
const slateText = [
  '####              #                                ',
  '#   #             #                                ',
  '#   #  ###   ###  #  #       ###   ###   ###  # ## ',
  '####      # #     # #       #     #   # #   # ##  #',
  '#   #  #### #     ##         ###  #   # #   # #   #',
  '#   # #   # #   # # #           # #   # #   # #   #',
  '####   ####  ###  #  #      ####   ###   ###  #   #',
];
/** Pixels from one dot of the text to the next; a dot leaves a gap of 2. */
const PITCH = 14;

function slate(): string {
  const left = (WIDTH - slateText[0]!.length * PITCH) / 2;
  const top = (HEIGHT - slateText.length * PITCH) / 2;
  const dots = slateText.flatMap((row, y) =>
    [...row.matchAll(/#/g)].map(
      ({ index }) =>
        `drawbox=x=${left + index * PITCH}:y=${top + y * PITCH}:w=${PITCH - 2}:h=${PITCH - 2}:color=0xE8ECF4:t=fill`,
    ),
  );
  return [`color=color=0x050B1C:size=${WIDTH}x${HEIGHT}:rate=${FRAME_RATE}`, ...dots].join(',');
}

/** Sources in FFmpeg's notation. The tone of 440 Hz has a pip of four times that at the beginning of each second. */
const films: Readonly<Record<GeneratedFilm, { title: string; pictures: string; sound: string }>> = {
  'test-card': {
    title: 'MultiStreamCast test card',
    pictures: testCard,
    sound: `sine=frequency=440:beep_factor=4:sample_rate=${AUDIO_RATE}`,
  },
  slate: { title: 'Back soon', pictures: slate(), sound: `anullsrc=sample_rate=${AUDIO_RATE}` },
};

/** Writes a film of `seconds`, a whole number, to `path`; the container follows from the extension (.mp4, .mkv, .ts). */
export function generateFilm(film: GeneratedFilm, { path, seconds }: { path: string; seconds: number }): void {
  silenceLog();
  const { title, pictures, sound } = films[film];
  const writer = new ContainerWriter(path);
  const encoders = { video: openVideo(writer.wantsGlobalHeader), audio: AAC.open(2) };
  const video = new FilterChain({
    kind: 'video',
    source: pictures,
    filters: [`trim=end_frame=${seconds * FRAME_RATE}`, 'format=pix_fmts=yuv420p', 'setsar=1'],
  });
  const audio = new FilterChain({
    kind: 'audio',
    source: sound,
    filters: [
      `atrim=end_sample=${seconds * AUDIO_RATE}`,
      'aformat=sample_fmts=fltp:channel_layouts=stereo',
      `asetnsamples=n=${AAC_FRAME_SAMPLES}:p=0`,
    ],
  });
  const tracks = [
    { encoder: encoders.video, chain: video, frameTime: 1 / FRAME_RATE, step: 1 },
    { encoder: encoders.audio, chain: audio, frameTime: AAC_FRAME_SAMPLES / AUDIO_RATE, step: AAC_FRAME_SAMPLES },
  ].map((track, index) => ({ ...track, index, frames: 0 }));
  for (const { encoder } of tracks) writer.add(encoder);
  writer.begin({}, { title });
  const frame = new Frame();
  frame.alloc();
  for (let open = tracks; open.length > 0; ) {
    const [next] = open.toSorted((a, b) => a.frames * a.frameTime - b.frames * b.frameTime);
    const { encoder, chain, step, index } = next!;
    const taken = chain.take(frame);
    if (taken) {
      frame.pts = BigInt(next!.frames++ * step);
      frame.duration = BigInt(step);
      // testsrc2 marks every picture as a key picture.
      frame.pictType = AV_PICTURE_TYPE_NONE;
    } else open = open.filter((track) => track !== next);
    encoder.encode(taken ? frame : null, (packet) => writer.write(index, packet));
    frame.unref();
  }
  writer.finish();
  frame.free();
  for (const { encoder, chain } of tracks) {
    encoder.free();
    chain.free();
  }
}

function openVideo(globalHeader: boolean): Encoder {
  return new Encoder({
    name: FF_ENCODER_LIBX264,
    configure(context) {
      context.width = WIDTH;
      context.height = HEIGHT;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      context.timeBase = new Rational(1, FRAME_RATE);
      context.framerate = new Rational(FRAME_RATE, 1);
      context.sampleAspectRatio = new Rational(1, 1);
      context.colorSpace = AVCOL_SPC_BT709;
      context.colorPrimaries = AVCOL_PRI_BT709;
      context.colorTrc = AVCOL_TRC_BT709;
      context.gopSize = FRAME_RATE;
      context.maxBFrames = 2;
      context.threadCount = codecThreads();
      context.setFlags(AV_CODEC_FLAG_CLOSED_GOP, AV_CODEC_FLAG_FRAME_DURATION);
      if (globalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    },
    options: {
      preset: 'superfast',
      profile: 'high',
      crf: 20,
      'x264-params': [
        ...['scenecut=0', 'open-gop=0', `keyint=${FRAME_RATE}`, `min-keyint=${FRAME_RATE}`],
        // Lookahead gains nothing where little moves.
        ...['rc-lookahead=5', 'sync-lookahead=0', 'mbtree=0'],
      ].join(':'),
    },
  });
}
