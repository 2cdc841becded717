/** A picture that stands: one second of it is encoded, and repeated for as long as it stands. */
import { AV_PICTURE_TYPE_NONE, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P } from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { AccessUnits } from '../copy/access-units.js';
import type { Sequence } from '../copy/picture-codec.js';
import { idrPictureId } from '../h264/idr-picture-id.js';
import { quotient } from '../ratio.js';
import { defaultMediaSettings, type Ratio, type StationLayout } from '../settings.js';
import { type AccessUnitReader, frameTime, type SpooledVideo } from '../spool.js';
import type { AirFormat } from './air-format.js';
import { dropCaptions } from './captions.js';
import { openSoftware, type Software, type SoftwareQuality } from './software.js';
import { usualMaxRate } from './x264.js';

/**
 * Fewest pictures a second. Time stamps of a transport stream are at most 700 ms apart; and two IDR pictures one after the
 * other, as with one picture a second, have to have different numbers.
 */
const LEAST_RATE = 5;

/** Bits of the first picture of a group, as a multiple of those in a film: nothing improves it later. */
const FIRST_PICTURE = 1.5;

/** A better preset gains nothing in one picture. */
const QUALITY: SoftwareQuality = { preset: 'veryfast', crf: defaultMediaSettings.crf };

/** One second of a standing picture. */
export interface StillGroup {
  /** The access units; the first one is an IDR picture, and each refers to those before it. */
  units: Buffer[];
  frameRate: Ratio;
  sequence: Sequence;
  /** How it was encoded; see MediaProperties. */
  encoding: string;
}

/** `rate`, or the least of its multiples at which a picture can stand. */
export function stillRate([frames, seconds]: Ratio): Ratio {
  const factor = Math.max(1, Math.ceil((LEAST_RATE * seconds) / frames));
  return [frames * factor, seconds];
}

/** An encoder for standing pictures and what is between them: groups of one second, in which no picture is reordered. */
export function openInOrder(
  frame: Frame,
  frameRate: Ratio,
  format: AirFormat,
  extra: readonly string[] = [],
): Software {
  const { width, height } = frame;
  const group = Math.max(1, Math.round(quotient(frameRate)));
  const plan = { frameRate, group, bPictures: 0, maxRate: usualMaxRate({ width, height, frameRate }) };
  return openSoftware(frame, plan, { ...QUALITY, format, extra });
}

/**
 * Encodes `frame`, in 4:2:0 with 8 bits or those of `format` and any range, as often as it is shown in a second. `before`: the access unit
 * that it follows, where that is known.
 */
export function encodeStill(frame: Frame, rate: Ratio, format: AirFormat, before: Buffer | null = null): StillGroup {
  const frameRate = stillRate(rate);
  // Full range has a format of its own, with the same layout.
  if (frame.format === AV_PIX_FMT_YUVJ420P) frame.format = AV_PIX_FMT_YUV420P;
  frame.pictType = AV_PICTURE_TYPE_NONE;
  dropCaptions(frame);
  const count = Math.round(quotient(frameRate));
  // The pictures after the first refer to it and add nothing: otherwise they would improve it, and it would pulse each second.
  const zones = [0, count].map((at) => `${at},${at},b=${FIRST_PICTURE}/${at + 1},${at + count - 1},q=51`);
  const { encoder, text } = openInOrder(frame, frameRate, format, [`zones=${zones.join('/')}`]);
  try {
    const parsed = AccessUnits.ofEncoder(format.codec, encoder.extradata);
    const units: Buffer[] = [];
    const keep = ({ data }: Packet) => {
      if (data === null) return;
      parsed.parse(data);
      units.push(parsed.copy());
    };
    // Of two groups, the first IDR pictures have different numbers.
    const other = format.codec.format === 'h264' && before !== null ? idrPictureId(before) : null;
    for (let i = 0; i < (other === null ? count : 2 * count); i++) {
      frame.pts = BigInt(i);
      encoder.encode(frame, keep);
    }
    encoder.encode(null, keep);
    const isSame = other !== null && idrPictureId(units[0]!) === other;
    if (parsed.sequence === null) throw new Error('the encoder gave no sequence parameter set');
    return {
      units: isSame ? units.slice(count) : units.slice(0, count),
      frameRate,
      sequence: parsed.sequence,
      encoding: `${text}, one picture that stands`,
    };
  } finally {
    encoder.free();
  }
}

/** `before`, and behind it the picture of `group` until `end`, to the nearest picture. */
export function withStill(before: SpooledVideo, group: StillGroup, end: Ticks90k): SpooledVideo {
  const { units, frameRate } = group;
  const from = before.duration;
  const known = before.sizes.length;
  const count = Math.max(1, Math.round(((end - from) * quotient(frameRate)) / TICKS_PER_SECOND));
  const sizes = new Uint32Array(known + count);
  const pts = new Float64Array(known + count);
  const randomAccess = new Uint8Array(known + count);
  sizes.set(before.sizes);
  pts.set(before.pts);
  randomAccess.set(before.randomAccess);
  for (let i = 0; i < count; i++) {
    const inGroup = i % units.length;
    sizes[known + i] = units[inGroup]!.length;
    pts[known + i] = from + frameTime(i, frameRate);
    randomAccess[known + i] = inGroup === 0 ? 1 : 0;
  }
  return {
    ...before,
    sizes,
    pts,
    randomAccess,
    duration: Ticks90k(from + frameTime(count, frameRate)),
    open: () => new StillReader(before.open(), known, units),
  };
}

/** The picture of `group` alone, for `duration`. */
export function stillVideo(
  group: StillGroup,
  { duration, target }: { duration: Ticks90k; target: StationLayout | null },
): SpooledVideo {
  const nothing: SpooledVideo = {
    open: () => ({ read: () => undefined, close: () => undefined }),
    sizes: new Uint32Array(),
    pts: new Float64Array(),
    randomAccess: new Uint8Array(),
    duration: Ticks90k(0),
    reorderDelay: target?.reorderDelay ?? Ticks90k(0),
  };
  return withStill(nothing, group, duration);
}

/** Reads the access units of a film, then those of a group, again and again. */
class StillReader implements AccessUnitReader {
  readonly #film: AccessUnitReader;
  readonly #units: Buffer[];
  #filmLeft: number;
  #next = 0;

  constructor(film: AccessUnitReader, filmUnits: number, units: Buffer[]) {
    this.#film = film;
    this.#filmLeft = filmUnits;
    this.#units = units;
  }

  read(out: Buffer, offset: number, length: number): void {
    if (this.#filmLeft > 0) {
      this.#filmLeft--;
      this.#film.read(out, offset, length);
    } else this.#units[this.#next++ % this.#units.length]!.copy(out, offset);
  }

  close(): void {
    this.#film.close();
  }
}
