/** What an encoder makes, checked as the pictures of a film are that is copied. */
import type { Packet } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { AccessUnits } from '../copy/access-units.js';
import { GroupRules } from '../copy/group-rules.js';
import { PeakRate } from '../copy/peak-rate.js';
import type { PictureCodec, Sequence } from '../copy/picture-codec.js';
import { Unfit } from '../copy/unfit.js';
import { quotient } from '../ratio.js';
import type { StationLayout } from '../settings.js';
import { type AccessUnitReader, frameTime, type SpooledVideo } from '../spool.js';
import type { ByteSink } from '../spool-file.js';
import { VideoTable } from './spooled-video.js';
import { type EncodingPlan, VBV_LENGTH } from './x264.js';

/** What the busiest second may have, as a multiple of the highest rate: a full buffer besides, and a tenth for headers. */
const MOST_PEAK = 1.1 * (1 + VBV_LENGTH);

export interface EncodedOptions {
  codec: PictureCodec;
  /** The encoder's, with its parameter sets. */
  extradata: Buffer | null;
  plan: EncodingPlan;
  target: StationLayout | null;
  /** Takes the access units. */
  sink: ByteSink;
  /** Whether the rate is checked too: x264 exceeds it only where a picture does not fit at its worst quality. */
  isHardware: boolean;
}

/** Responsible for the access units of an encoder. Throws Unfit as soon as they break the rules of what is on the air. */
export class EncodedUnits {
  readonly #codec: PictureCodec;
  readonly #plan: EncodingPlan;
  readonly #target: StationLayout | null;
  readonly #units: AccessUnits;
  readonly #table: VideoTable;
  readonly #rules: GroupRules;
  readonly #peak: PeakRate | null;

  constructor({ codec, extradata, plan, target, sink, isHardware }: EncodedOptions) {
    this.#peak = isHardware ? new PeakRate() : null;
    this.#codec = codec;
    this.#plan = plan;
    this.#target = target;
    this.#units = AccessUnits.ofEncoder(codec, extradata);
    this.#table = new VideoTable(sink);
    const limit = Ticks90k(Math.ceil((plan.group * TICKS_PER_SECOND) / quotient(plan.frameRate)));
    this.#rules = new GroupRules(this.#table.pts, { limit, target });
  }

  take({ data, pts }: Packet): void {
    if (data === null) return;
    const kind = this.#units.parse(data);
    if (kind === 'damaged') throw new Unfit('damaged pictures');
    if (kind === 'no picture') return;
    const isRandomAccess = kind === 'random access' && this.#units.isDecodable;
    if (this.#table.pts.length === 0 && !isRandomAccess) throw new Unfit('no key picture at the beginning');
    const time = frameTime(Number(pts), this.#plan.frameRate);
    this.#rules.take(time, { isRandomAccess, isLeading: this.#units.leading !== 'no' });
    const bytes = this.#table.add(this.#units, { pts: time, isRandomAccess });
    this.#peak?.add(time, bytes);
  }

  /** Checks the whole of `count` pictures; `open` reads the access units again. */
  finish(count: number, open: () => AccessUnitReader): { video: SpooledVideo; sequence: Sequence } {
    const { sequence, sequenceChanged, hasFields } = this.#units;
    const { frameRate, maxRate } = this.#plan;
    const found = this.#table.pts.length;
    if (found !== count || sequence === null) throw new Unfit(`${found} of ${count} pictures`);
    const end = frameTime(count, frameRate);
    this.#rules.finish(end);
    const kind = this.#codec.unfit(sequence);
    if (kind !== null) throw new Unfit(kind);
    if (!this.#codec.isWithinLevel(sequence)) throw new Unfit('pictures beyond level 5.2');
    if (sequenceChanged) throw new Unfit('pictures that change their kind');
    if (hasFields) throw new Unfit('pictures of two fields');
    const peak = this.#peak?.of(end) ?? 0;
    if (end > TICKS_PER_SECOND && peak > maxRate * MOST_PEAK) {
      throw new Unfit(`${(peak / 1e6).toFixed(1)} Mbit/s at its peak, more than ${(maxRate / 1e6).toFixed(1)}`);
    }
    return { video: this.#table.finish(open, { target: this.#target, end }), sequence };
  }
}
