/** Small media files for tests, reproducible, made with the FFmpeg that prepares reels. */
import { utimesSync } from 'node:fs';
import {
  AV_CODEC_FLAG_BITEXACT,
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_FLAG_INTERLACED_DCT,
  AV_CODEC_FLAG_INTERLACED_ME,
  AV_PICTURE_TYPE_NONE,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_DOVI_CONF,
  AV_PKT_DATA_FRAME_CROPPING,
  type AVColorPrimaries,
  type AVColorRange,
  type AVColorSpace,
  type AVColorTransferCharacteristic,
  FF_ENCODER_AAC,
  FF_ENCODER_LIBX264,
  type FFEncoderCodec,
} from 'node-av/constants';
import { avChannelLayoutDefault, avGetPixFmtFromName, avGetSampleFmtFromName, Frame, Rational } from 'node-av/lib';
import { ContainerWriter } from '../../src/media/container-writer.js';
import { Encoder } from '../../src/media/encoder.js';
import { FilterChain } from '../../src/media/filters.js';
import { silenceLog } from '../../src/media/input/input.js';
import type { Ratio } from '../../src/media/settings.js';

export interface SourceVideo {
  codec?: FFEncoderCodec;
  width?: number;
  height?: number;
  frameRate?: Ratio;
  /** FFmpeg's name. */
  pixelFormat?: string;
  /** A source filter for other pictures than the moving test picture. */
  picture?: string;
  /** Code points of ITU-T H.273 that the stream says; a range of 2 is full. */
  colour?: { matrix?: number; primaries?: number; transfer?: number; range?: number };
  sampleAspectRatio?: Ratio;
  /** The same, said by the container alone. */
  containerColour?: { matrix: number; primaries: number; transfer: number; range?: number };
  /** Pixels at the edges that the container alone says not to show. */
  containerCrop?: { left: number; right: number; top: number; bottom: number };
  /** What the container says of Dolby Vision. */
  dolbyVision?: { profile: number; compatibility: number };
  /** Pictures from one key picture to the next. */
  group?: number;
  bPictures?: number;
  openGroups?: boolean;
  interlaced?: boolean;
  /** Degrees, clockwise, that a player has to turn the pictures by. */
  turn?: 0 | 90 | 180 | 270;
  /** Every third picture is missing, and the next one is late by half a picture. */
  variable?: boolean;
  /** The container's header lacks the frame rate. */
  untoldRate?: boolean;
  /** Seconds before the first picture. */
  start?: number;
  options?: Record<string, string | number>;
}

export interface SourceAudio {
  codec?: FFEncoderCodec;
  channels?: number;
  sampleRate?: number;
  sampleFormat?: string;
  /** Seconds before the first sound. */
  start?: number;
}

export interface SourceOptions {
  /** Its extension chooses the container. */
  path: string;
  seconds: number;
  /** Null for none. */
  video?: SourceVideo | null;
  audio?: SourceAudio | null;
  muxer?: Record<string, string>;
  title?: string;
}

/** Units of time stamps in a picture's duration, where the frame rate varies. */
const FINE = 2;

/** A moving test picture and a tone of 440 Hz that begins with the first picture. */
export function makeSource(options: SourceOptions): string {
  const { path, seconds, video = {}, audio = {}, muxer = {}, title } = options;
  silenceLog();
  const writer = new ContainerWriter(path);
  const tracks: { next(): number | null; close(): void }[] = [];
  if (video) tracks.push(videoTrack({ writer, track: tracks.length, video, seconds }));
  if (audio) tracks.push(audioTrack({ writer, track: tracks.length, audio, seconds }));
  // FFmpeg writes Dolby Vision's record only when it need not keep to standards.
  const strictness: Record<string, string> = video?.dolbyVision ? { strict: 'unofficial' } : {};
  writer.begin({ ...strictness, ...muxer }, title === undefined ? {} : { title });
  const times = tracks.map(() => 0);
  for (;;) {
    const first = times.indexOf(Math.min(...times));
    if (times[first] === Number.POSITIVE_INFINITY) break;
    times[first] = tracks[first]!.next() ?? Number.POSITIVE_INFINITY;
  }
  for (const track of tracks) track.close();
  writer.finish();
  // As old as films are: one that was just written may still be copied.
  const before = Date.now() / 1_000 - 60;
  utimesSync(path, before, before);
  return path;
}

interface TrackOptions {
  writer: ContainerWriter;
  track: number;
  seconds: number;
}

/** `next` encodes one picture and returns when it ends, in seconds; null after the last one. */
function videoTrack({ writer, track, seconds, video }: TrackOptions & { video: SourceVideo }) {
  const { codec = FF_ENCODER_LIBX264, width = 320, height = 180, frameRate = [25, 1] } = video;
  const { pixelFormat = 'yuv420p', sampleAspectRatio = [1, 1], group = 25, bPictures = 2, start = 0 } = video;
  const { picture = `testsrc2=size=${width}x${height}:rate=${frameRate.join('/')}`, colour = {} } = video;
  const { openGroups = false, interlaced = false, variable = false, turn = 0, untoldRate = variable } = video;
  const fine = variable ? FINE : 1;
  const isX264 = codec === FF_ENCODER_LIBX264;
  const encoder = new Encoder({
    name: codec,
    configure(context) {
      context.width = width;
      context.height = height;
      const format = avGetPixFmtFromName(pixelFormat);
      context.pixelFormat = format;
      context.timeBase = new Rational(frameRate[1], frameRate[0] * fine);
      context.framerate = new Rational(...frameRate);
      context.sampleAspectRatio = new Rational(...sampleAspectRatio);
      if (colour.matrix !== undefined) context.colorSpace = colour.matrix as AVColorSpace;
      if (colour.primaries !== undefined) context.colorPrimaries = colour.primaries as AVColorPrimaries;
      if (colour.transfer !== undefined) context.colorTrc = colour.transfer as AVColorTransferCharacteristic;
      if (colour.range !== undefined) context.colorRange = colour.range as AVColorRange;
      context.gopSize = group;
      context.maxBFrames = bPictures;
      context.threadCount = 1;
      context.setFlags(AV_CODEC_FLAG_BITEXACT, AV_CODEC_FLAG_FRAME_DURATION);
      if (!openGroups) context.setFlags(AV_CODEC_FLAG_CLOSED_GOP);
      if (writer.wantsGlobalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      if (interlaced) context.setFlags(AV_CODEC_FLAG_INTERLACED_DCT, AV_CODEC_FLAG_INTERLACED_ME);
    },
    options: {
      ...(isX264 && {
        preset: 'ultrafast',
        'x264-params': [
          `bframes=${bPictures}:b-adapt=0:scenecut=0:keyint=${group}:min-keyint=${group}:open-gop=${openGroups ? 1 : 0}`,
          ...(interlaced ? ['tff=1'] : []),
        ].join(':'),
      }),
      ...video.options,
    },
  });
  const stream = writer.add(encoder);
  if (untoldRate) stream.avgFrameRate = new Rational(0, 1);
  if (turn !== 0) stream.codecpar.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, displayMatrix(turn));
  if (video.containerColour) {
    const { matrix, primaries, transfer, range = 1 } = video.containerColour;
    stream.codecpar.colorSpace = matrix as AVColorSpace;
    stream.codecpar.colorPrimaries = primaries as AVColorPrimaries;
    stream.codecpar.colorTrc = transfer as AVColorTransferCharacteristic;
    stream.codecpar.colorRange = range as AVColorRange;
  }
  if (video.containerCrop) {
    const { left, right, top, bottom } = video.containerCrop;
    const crop = Buffer.from(new Uint32Array([top, bottom, left, right]).buffer);
    stream.codecpar.addCodedSideData(AV_PKT_DATA_FRAME_CROPPING, crop);
  }
  if (video.dolbyVision) {
    const { profile, compatibility } = video.dolbyVision;
    // Version 1.0, level 6, with metadata and a base layer.
    const record = Buffer.from([1, 0, profile, 6, 1, 0, 1, compatibility, 0]);
    stream.codecpar.addCodedSideData(AV_PKT_DATA_DOVI_CONF, record);
  }
  const count = Math.round((seconds * frameRate[0]) / frameRate[1]);
  const pictures = new FilterChain({
    kind: 'video',
    source: picture,
    filters: [`format=pix_fmts=${pixelFormat}`, `setsar=${sampleAspectRatio.join('/')}`],
  });
  const frame = new Frame();
  frame.alloc();
  const offset = Math.round((start * frameRate[0] * fine) / frameRate[1]);
  let index = 0;
  return {
    next(): number | null {
      if (index === count) return null;
      pictures.take(frame);
      const late = variable && index % 3 === 1 ? 1 : 0;
      const missing = variable && index % 3 === 0 && index > 0;
      frame.pts = BigInt(offset + index * fine + late);
      frame.duration = BigInt(fine);
      // The generator marks every picture as a key picture.
      frame.pictType = AV_PICTURE_TYPE_NONE;
      if (interlaced) frame.flags |= INTERLACED | TOP_FIELD_FIRST;
      if (!missing) encoder.encode(frame, (packet) => writer.write(track, packet));
      frame.unref();
      index++;
      return start + (index * frameRate[1]) / frameRate[0];
    },
    close() {
      encoder.encode(null, (packet) => writer.write(track, packet));
      encoder.free();
      pictures.free();
      frame.free();
    },
  };
}

/** AV_FRAME_FLAG_INTERLACED and AV_FRAME_FLAG_TOP_FIELD_FIRST. */
const INTERLACED = 1 << 3;
const TOP_FIELD_FIRST = 1 << 4;

/** ISO/IEC 14496-12, 6.2.2: 16.16 fixed point, the last column 2.30. */
function displayMatrix(turn: number): Buffer {
  const [cos, sin] = [Math.round(Math.cos((turn * Math.PI) / 180)), Math.round(Math.sin((turn * Math.PI) / 180))];
  const one = 1 << 16;
  return Buffer.from(new Int32Array([cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30]).buffer);
}

function audioTrack({ writer, track, seconds, audio }: TrackOptions & { audio: SourceAudio }) {
  const { codec = FF_ENCODER_AAC, channels = 2, sampleRate = 48_000, sampleFormat = 'fltp', start = 0 } = audio;
  const layout = avChannelLayoutDefault(channels);
  const encoder = new Encoder({
    name: codec,
    configure(context) {
      context.sampleRate = sampleRate;
      context.sampleFormat = avGetSampleFmtFromName(sampleFormat);
      context.channelLayout = layout;
      context.timeBase = new Rational(1, sampleRate);
      context.bitRate = BigInt(64_000 * channels);
      context.setFlags(AV_CODEC_FLAG_BITEXACT);
      if (writer.wantsGlobalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    },
  });
  writer.add(encoder);
  const samples = encoder.frameSize || 1_024;
  const tone = new FilterChain({
    kind: 'audio',
    source: `sine=frequency=440:sample_rate=${sampleRate}`,
    filters: [
      `aformat=sample_fmts=${sampleFormat}:channel_layouts=0x${layout.mask.toString(16)}`,
      `asetnsamples=n=${samples}`,
    ],
  });
  const frame = new Frame();
  frame.alloc();
  const count = Math.floor((seconds * sampleRate) / samples);
  let index = 0;
  return {
    next(): number | null {
      if (index === count) return null;
      tone.take(frame);
      frame.pts = BigInt(Math.round(start * sampleRate) + index * samples);
      encoder.encode(frame, (packet) => writer.write(track, packet));
      frame.unref();
      index++;
      return start + (index * samples) / sampleRate;
    },
    close() {
      encoder.encode(null, (packet) => writer.write(track, packet));
      encoder.free();
      tone.free();
      frame.free();
    },
  };
}

/** Width and height in a JPEG file's frame header, SOF0 (ITU-T T.81, B.2.2). */
export function jpegSize(jpeg: Buffer): [width: number, height: number] {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
}
