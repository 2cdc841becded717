/** Encoding pictures that cannot be copied, with x264. */
import { AV_PKT_FLAG_KEY } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import type { Encoder } from '../encoder.js';
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
import { type EncodingPlan, openX264, type PictureKind, usualMaxRate } from './x264.js';
import { presetFor } from './x264-preset.js';

/** Seconds of a group of pictures: longer ones save little, and all but our own viewers wait for the next on tuning. */
const GROUP_LENGTH = 2;
/** Lowest frame rate at which the delay of two B-pictures is acceptable. */
const LEAST_RATE_FOR_B_PICTURES = 10;

/** B-pictures in a row: two where frame rate and the station's delay allow it, else none. */
function bPicturesFor(frameRate: Ratio, target: StationLayout | null): number {
  const rate = quotient(frameRate);
  // One refers to the other, so both are delayed.
  const needed = (2 * TICKS_PER_SECOND) / rate;
  return rate >= LEAST_RATE_FOR_B_PICTURES && needed <= (target?.reorderDelay ?? needed) ? 2 : 0;
}

/** How pictures of that kind are encoded. */
function planFor(kind: PictureKind, { target, maxGop, bitrate, maxBitrate }: EncodeSettings): EncodingPlan {
  const { frameRate } = kind;
  const seconds = Math.min(GROUP_LENGTH, maxGop / 1_000);
  return {
    frameRate,
    group: Math.max(1, Math.round(quotient(frameRate) * seconds)),
    bPictures: bPicturesFor(frameRate, target),
    maxRate: Math.min(maxBitrate, bitrate ?? usualMaxRate(kind)),
  };
}

export interface EncodedVideo {
  video: SpooledVideo;
  /** Time of the first picture, on the source's clock. */
  origin: Ticks90k;
  sequence: SequenceParameters;
  frameRate: Ratio;
  /** When the source's last picture ended. */
  end: Ticks90k;
  /** How the pictures were encoded; see MediaProperties. */
  encoding: string;
}

type EncodeSettings = Pick<MediaSettings, 'target' | 'maxGop' | 'bitrate' | 'maxBitrate' | 'preset' | 'crf'>;

export interface EncodeOptions {
  input: MediaInput;
  notes: Notes;
  path: string;
  settings: EncodeSettings;
  onProgress(done: number): void;
}

/** e.g. "at most 8 Mbit/s, groups of 2 s" */
export function planText({ maxRate, group, frameRate }: EncodingPlan): string {
  const seconds = Number((group / quotient(frameRate)).toFixed(1));
  return `at most ${Number((maxRate / 1e6).toFixed(1))} Mbit/s, groups of ${seconds} s`;
}

/** Encodes all pictures of `input` to `path`. Throws a Problem when none can be decoded. */
export const encodeVideo = (options: EncodeOptions): EncodedVideo =>
  forLongestShape(options.input, (input, leading) => encodeFor({ ...options, input }, leading));

function encodeFor(options: EncodeOptions, leading: PictureShape | null): EncodedVideo {
  const { input, notes, path, settings, onProgress } = options;
  const { target, crf } = settings;
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
  let encoding = '';
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
          const kind = { width: picture.width, height: picture.height, frameRate };
          const plan = planFor(kind, settings);
          const preset = settings.preset === 'auto' ? presetFor(kind) : settings.preset;
          encoder = openX264(picture, plan, { preset, crf });
          encoding = `x264 ${preset}, CRF ${crf}, ${planText(plan)}`;
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
      encoding,
    };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    (encoder as Encoder | null)?.free();
  }
}
