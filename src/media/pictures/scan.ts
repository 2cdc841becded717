/** How the pictures of a file were scanned: whole, as two fields of different times, or as film with repeated fields. */
import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_VP8,
  AV_CODEC_ID_VP9,
  AV_FRAME_FLAG_INTERLACED,
  AVCOL_SPC_UNSPECIFIED,
} from 'node-av/constants';
import { Frame, type Stream } from 'node-av/lib';
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import { Decoder, frameTimeOf } from '../decoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import { parseExtradata } from '../h264/h264-nal.js';
import { parseSequenceParameters } from '../h264/h264-sps.js';
import { MediaInput } from '../input/input.js';
import type { Notes } from '../notes.js';
import { GREATEST_RATE, isNearly, quotient, reduce } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { FieldMotion } from './field-motion.js';

/**
 *     progressive   whole pictures
 *     dressed       whole pictures that are marked as interlaced
 *     interlaced    two fields, one after the other
 *     film          whole pictures whose fields a television repeats 2:3
 */
export type ScanKind = 'progressive' | 'dressed' | 'interlaced' | 'film';

export interface Scan {
  kind: ScanKind;
  /** Decoded pictures a second; null where it is not known. */
  rate: number | null;
}

/** Of sources that have no fields. */
export const progressive: Scan = { kind: 'progressive', rate: null };

/** Parts of the file that are looked at. */
const positions = [0, 0.2, 0.4, 0.6, 0.8];
/** Pictures decoded at each: enough for several of a second to move. */
const PICTURES = 16;
/** As many are enough where none is marked and no field is repeated. */
const FEW = 3;
/** Least share of pictures, among those of which it can be said, that consist of two fields. */
const LEAST_INTERLACED = 0.15;
/** 2:3 pulldown: fields to a picture. */
const PULLDOWN = 2.5;
const PULLDOWN_ERROR = 0.15;

const progressiveCodecs: ReadonlySet<number> = new Set([AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1]);

/** Whether the stream's headers exclude fields. */
export function isSurelyProgressive({ codecpar }: Stream): boolean {
  if (progressiveCodecs.has(codecpar.codecId)) return true;
  if (codecpar.codecId !== AV_CODEC_ID_H264) return false;
  const sets = (parseExtradata(codecpar.extradata)?.parameterSets ?? []).flatMap(
    (set) => parseSequenceParameters(set) ?? [],
  );
  // Pulldown is possible with whole pictures too, but is not used so.
  return sets.length > 0 && sets.every(({ frameMbsOnly }) => frameMbsOnly);
}

interface Counts {
  pictures: number;
  /** Fields that a television shows of them. */
  fields: number;
  marked: number;
  /** Of the marked pictures, those that are seen to be of two fields, or whole. */
  twoFields: number;
  whole: number;
  /** Of times between two pictures, in ticks. */
  intervals: number[];
}

/** Decodes some pictures of the file. */
export function scanOf({ source, video, duration }: MediaInput): Scan {
  if (isSurelyProgressive(video)) return progressive;
  const counts: Counts = { pictures: 0, fields: 0, marked: 0, twoFields: 0, whole: 0, intervals: [] };
  for (const position of positions) {
    if (position > 0 && duration <= 0) break;
    look(source, position * duration, counts);
  }
  const { pictures, fields, marked, twoFields, whole } = counts;
  if (pictures === 0) return progressive;
  const interval = counts.intervals.reduce((sum, value) => sum + value, 0) / counts.intervals.length;
  const rate = interval > 0 ? TICKS_PER_SECOND / interval : null;
  if (marked > 0) {
    const known = twoFields + whole;
    // Where nothing moves, the marks are all there is.
    const isInterlaced = known === 0 || twoFields >= known * LEAST_INTERLACED;
    return { kind: isInterlaced ? 'interlaced' : 'dressed', rate };
  }
  const isFilm = Math.abs(fields / pictures - PULLDOWN) < PULLDOWN_ERROR;
  return { kind: isFilm ? 'film' : 'progressive', rate };
}

/** Counts the first pictures from `time` on. */
function look(source: string, time: number, counts: Counts): void {
  const input = new MediaInput(source);
  const out = new Frame();
  let decoder: Decoder | null = null;
  let chain: FilterChain | null = null;
  const motion = new FieldMotion();
  let description: string | null = null;
  let left = PICTURES;
  let before: Ticks90k | null = null;
  const drain = () => {
    while (chain?.take(out)) {
      const verdict = motion.add(out);
      if (verdict === 'two times') counts.twoFields++;
      else if (verdict === 'one time') counts.whole++;
      out.unref();
    }
  };
  const take = (frame: Frame) => {
    if (left-- <= 0) return;
    counts.pictures++;
    counts.fields += 2 + frame.repeatPict;
    const isMarked = frame.hasFlags(AV_FRAME_FLAG_INTERLACED);
    if (isMarked) counts.marked++;
    const isPlain = counts.marked === 0 && counts.fields === 2 * counts.pictures;
    if (isPlain && PICTURES - left >= FEW) left = 0;
    const now = frameTimeOf(frame);
    if (now !== null && before !== null && now > before) counts.intervals.push(now - before);
    before = now;
    frame.pts = BigInt(counts.pictures);
    if (!isMarked) return;
    // Only luma is looked at; its matrix may be one with which the filters may have difficulties.
    frame.colorSpace = AVCOL_SPC_UNSPECIFIED;
    const described = descriptionOf(frame);
    chain ??= new FilterChain({ kind: 'video', description: described, filters: ['format=pix_fmts=gray'] });
    description ??= described;
    if (described !== description) return;
    chain.put(frame);
    drain();
  };
  try {
    input.skipAudio();
    if (time > 0 && !input.seek(time)) return;
    out.alloc();
    const used = new Decoder(input.video, source);
    decoder = used;
    input.forEachPacket(({ packet, isVideo }) => {
      if (isVideo) used.decode(packet, take);
      return left > 0;
    });
    if (left > 0) used.decode(null, take);
    (chain as FilterChain | null)?.put(null);
    drain();
  } finally {
    (chain as FilterChain | null)?.free();
    (decoder as Decoder | null)?.free();
    out.free();
    input.close();
  }
}

/** The frame rate at which pictures of that kind are encoded, where `rate` is that of whole pictures. */
export function scannedRate(scan: Scan, rate: Ratio): Ratio {
  if (scan.kind === 'film') return FILM;
  if (scan.kind !== 'interlaced') return rate;
  // Some containers count fields.
  if (scan.rate !== null && isNearly(rate, [2 * scan.rate, 1], 0.05)) return rate;
  const doubled = reduce([2 * rate[0], rate[1]]);
  return quotient(doubled) < GREATEST_RATE + 0.1 ? doubled : rate;
}

const FILM: Ratio = [24_000, 1_001];

/** Least share by which the pictures on the air have to be more than the frames, for each field to become one. */
const MORE = 1.5;

/** FFmpeg filters for pictures of that kind that go on the air at `rate`. */
export function scanFilters({ kind, rate: decoded }: Scan, stream: Stream, rate: Ratio): string[] {
  if (kind === 'dressed' || isSurelyProgressive(stream)) return [];
  const hasEachField = kind === 'interlaced' && decoded !== null && quotient(rate) > decoded * MORE;
  return [`bwdif=mode=${hasEachField ? 'send_field' : 'send_frame'}:deint=interlaced`];
}

/** Whether `packets` in `duration` are fields: there are more than decoded frames. */
export const areFields = ({ kind, rate }: Scan, packets: number, duration: Ticks90k): boolean =>
  kind === 'interlaced' && rate !== null && packets > (rate * MORE * duration) / TICKS_PER_SECOND;

/** Whether a filter makes a picture of each field. */
export const isEachField = (filter: string): boolean => filter.includes('send_field');

const tidy = (rate: number): string => String(Number(rate.toFixed(3)));

export function noteScan(notes: Notes, { kind, rate: decoded }: Scan, rate: Ratio): void {
  const after = quotient(rate);
  if (kind === 'film') notes.add(`2:3 pulldown is taken back: ${tidy(after)} pictures a second`);
  else if (kind === 'dressed') notes.add('pictures marked as interlaced are whole, and shown as they are');
  else if (kind === 'interlaced') {
    const frames = decoded === null ? '' : `${tidy(Math.round(decoded * 100) / 100)} `;
    notes.add(`interlaced pictures are deinterlaced: ${frames}frames become ${tidy(after)} pictures a second`);
  }
}
