/** Encoding pictures that cannot be copied, with x264. */
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PIX_FMT_YUV420P,
  AV_PKT_FLAG_KEY,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { type Frame, type Packet, Rational } from 'node-av/lib';
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import { codecThreads } from '../codec-threads.js';
import { Encoder } from '../encoder.js';
import { AccessUnits } from '../h264/access-units.js';
import { parseExtradata } from '../h264/h264-nal.js';
import type { SequenceParameters } from '../h264/h264-sps.js';
import type { MediaInput } from '../input/input.js';
import { measurePictures } from '../input/picture-times.js';
import { type Notes, noteDamaged, noteDropped, noteReduced } from '../notes.js';
import { quotient, ratioOf } from '../ratio.js';
import type { MediaSettings, Ratio, StationLayout } from '../settings.js';
import { frameTime, type SpooledVideo } from '../spool.js';
import { SpoolFile } from '../spool-file.js';
import { SpoolReader } from '../spool-reader.js';
import { forLongestShape } from './film-frame.js';
import { keptRate } from './kept-rate.js';
import { heldLead, noteLead } from './late-pictures.js';
import { fittedLayout, h264Layout, type PictureShape } from './picture-layout.js';
import { forEachPicture } from './pictures.js';
import { noteScan, scannedRate, scanOf } from './scan.js';
import { VideoTable } from './spooled-video.js';

/** Highest bit rate of 1080p at 30 frames a second, bit/s; that of other sizes grows less than in proportion. */
const FULL_HD_MAX_RATE = 8_000_000;
const FULL_HD = 1_920 * 1_080 * 30;
const LEAST_MAX_RATE = 800_000;
const GREATEST_MAX_RATE = 25_000_000;
/** Seconds of the VBV: fits into the time between sending and presentation. */
const VBV_LENGTH = 0.75;
/** Lowest frame rate at which the delay of two B-pictures is acceptable. */
const LEAST_RATE_FOR_B_PICTURES = 10;

/** The encoder's maximum rate, bit/s. */
function maxRate(options: { width: number; height: number; frameRate: Ratio }): number {
  const { width, height, frameRate } = options;
  const size = (width * height * quotient(frameRate)) / FULL_HD;
  const rate = Math.min(GREATEST_MAX_RATE, Math.max(LEAST_MAX_RATE, FULL_HD_MAX_RATE * size ** 0.75));
  return Math.round(rate / 1_000) * 1_000;
}

/** B-pictures in a row: two where frame rate and the station's delay allow it, else none. */
function bPicturesFor(frameRate: Ratio, target: StationLayout | null): number {
  const rate = quotient(frameRate);
  // One refers to the other, so both are delayed.
  const needed = (2 * TICKS_PER_SECOND) / rate;
  return rate >= LEAST_RATE_FOR_B_PICTURES && needed <= (target?.reorderDelay ?? needed) ? 2 : 0;
}

interface EncoderOptions {
  x264?: readonly string[];
  bitrate?: number;
  maxBitrate?: number;
}

/**
 * An encoder for frames such as `frame`, with groups of one second. `x264`: further settings of the encoder; `bitrate`: its
 * highest, bit/s, by default by size and frame rate; `maxBitrate`: what it may be at most.
 */
export function openX264(
  frame: Frame,
  frameRate: Ratio,
  bPictures: number,
  { x264 = [], bitrate, maxBitrate = Number.POSITIVE_INFINITY }: EncoderOptions = {},
): Encoder {
  const usual = bitrate ?? maxRate({ width: frame.width, height: frame.height, frameRate });
  const rate = Math.min(maxBitrate, usual);
  const group = Math.max(1, Math.round(quotient(frameRate)));
  return new Encoder({
    name: FF_ENCODER_LIBX264,
    configure(context) {
      context.width = frame.width;
      context.height = frame.height;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      context.timeBase = new Rational(frameRate[1], frameRate[0]);
      context.framerate = new Rational(frameRate[0], frameRate[1]);
      context.sampleAspectRatio = frame.sampleAspectRatio;
      context.colorRange = frame.colorRange;
      context.colorSpace = frame.colorSpace;
      context.colorPrimaries = frame.colorPrimaries;
      context.colorTrc = frame.colorTrc;
      context.gopSize = group;
      context.maxBFrames = bPictures;
      context.rcMaxRate = BigInt(rate);
      context.rcBufferSize = Math.round(rate * VBV_LENGTH);
      context.threadCount = codecThreads();
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_FLAG_CLOSED_GOP);
    },
    options: {
      preset: 'veryfast',
      profile: 'high',
      crf: 21,
      'x264-params': ['scenecut=0:open-gop=0', `keyint=${group}:min-keyint=${group}`, ...x264].join(':'),
    },
  });
}

export interface EncodedVideo {
  video: SpooledVideo;
  /** Time of the first picture, on the source's clock. */
  origin: Ticks90k;
  sequence: SequenceParameters;
  frameRate: Ratio;
  /** When the source's last picture ended. */
  end: Ticks90k;
}

export interface EncodeOptions {
  input: MediaInput;
  notes: Notes;
  path: string;
  settings: Pick<MediaSettings, 'target' | 'bitrate' | 'maxBitrate'>;
  onProgress(done: number): void;
}

/** Encodes all pictures of `input` to `path`. Throws a Problem when none can be decoded. */
export const encodeVideo = (options: EncodeOptions): EncodedVideo =>
  forLongestShape(options.input, (input, leading) => encodeFor({ ...options, input }, leading));

function encodeFor(options: EncodeOptions, leading: PictureShape | null): EncodedVideo {
  const { input, notes, path, settings, onProgress } = options;
  const { target, bitrate, maxBitrate } = settings;
  const times = measurePictures(input.source);
  const scan = scanOf(input);
  const { avgFrameRate, rFrameRate } = input.video;
  const header = { average: ratioOf(avgFrameRate), base: ratioOf(rFrameRate) };
  const frameRate = target?.frameRate ?? scannedRate(scan, keptRate(times, header));
  noteLead(notes, input);
  noteScan(notes, scan, frameRate);
  const file = new SpoolFile(path);
  const table = new VideoTable(file);
  let encoder: Encoder | null = null;
  let units: AccessUnits | null = null;
  const keep = (packet: Packet) => {
    const { data } = packet;
    if (data === null || units === null) return;
    units.parse(data);
    const pts = frameTime(Number(packet.pts), frameRate);
    table.add(units, { pts, isIdr: packet.hasFlags(AV_PKT_FLAG_KEY) });
  };
  try {
    const done = forEachPicture({
      input,
      notes,
      times,
      lead: heldLead(input),
      scan,
      frameRate,
      pixelFormat: 'yuv420p',
      layOut(shape) {
        if (target) return fittedLayout(shape, target);
        const layout = h264Layout(shape);
        noteReduced(notes, shape, layout);
        return layout;
      },
      ...(target ? {} : { leading }),
      onPicture(picture) {
        if (encoder === null) {
          encoder = openX264(picture, frameRate, bPicturesFor(frameRate, target), { bitrate, maxBitrate });
          units = new AccessUnits(parseExtradata(encoder.extradata) ?? { nalLengthSize: 0, parameterSets: [] });
        }
        encoder.encode(picture, keep);
      },
      onProgress,
    });
    // TypeScript does not see the assignments in the callbacks.
    const used = { encoder, units } as { encoder: Encoder | null; units: AccessUnits | null };
    used.encoder?.encode(null, keep);
    if (!used.units?.sequence) throw new Error('x264 gave no sequence parameter set');
    file.finish();
    noteDamaged(notes, done.damaged);
    noteDropped(notes, { ...done, frameRate });
    const video = table.finish(() => new SpoolReader(path), { target, end: frameTime(done.count, frameRate) });
    return {
      video,
      origin: done.origin,
      end: done.end,
      sequence: used.units.sequence,
      frameRate,
    };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    (encoder as Encoder | null)?.free();
  }
}
