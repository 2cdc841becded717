/**
 * Copied pictures of which some are damaged: from the random access point before the damage to the next one they are encoded,
 * as a player shows them; the others stay copied.
 *
 *     source        | IDR ………… | IDR … damaged … | IDR ………… |
 *     on the air    | copied   | encoded         | copied   |
 */
import {
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV420P10LE,
  AV_PIX_FMT_YUVJ420P,
  AV_PKT_FLAG_KEY,
} from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import { Ticks90k } from '../../base/units.js';
import { MediaInput } from '../input/input.js';
import type { PictureEncoder } from '../pictures/hardware.js';
import { openSoftware } from '../pictures/software.js';
import { VideoTable } from '../pictures/spooled-video.js';
import { usualMaxRate } from '../pictures/x264.js';
import { quotient } from '../ratio.js';
import type { MediaSettings, Ratio } from '../settings.js';
import type { AccessUnitReader, SpooledVideo } from '../spool.js';
import { SpoolFile } from '../spool-file.js';
import { SpoolReader } from '../spool-reader.js';
import { AccessUnits } from './access-units.js';
import { AnnexBDecoder } from './annex-b-decoder.js';
import { type CopiedSource, CopiedVideoReader } from './copied-video-reader.js';
import type { Sequence } from './picture-codec.js';
import { Damaged } from './unfit.js';

/** Largest share of a film that is encoded around its damage: one that is damaged everywhere is encoded as a whole. */
const MOST_ENCODED = 0.5;

const picturesIn = ({ from, to, leading }: Region): number => to - from + leading.length;

/** What is copied, and how it is read again. */
export interface CopiedPictures {
  video: SpooledVideo;
  sequence: Sequence;
  frameRate: Ratio;
  /** Of each picture: 1 where it cannot be decoded when decoding begins with its group. */
  leading: Uint8Array;
  again: CopiedSource;
}

/** Whole groups of pictures, by their numbers in decoding order; `to` is excluded. */
interface Region {
  from: number;
  to: number;
  /** Pictures of the next group that need some of the region: they are encoded with it, since they are shown right behind it. */
  leading: readonly number[];
}

interface Pictures {
  randomAccess: Uint8Array;
  /** 1 where one needs pictures of the group before. */
  leading: Uint8Array;
}

/** The groups with damaged pictures; those that follow each other are one region. */
export function damagedRegions({ randomAccess, leading }: Pictures, damaged: ReadonlySet<number>): Region[] {
  // A leading picture is encoded with the group before its own.
  const inGroups = new Set([...damaged].map((i) => (leading[i] === 1 ? randomAccess.lastIndexOf(1, i) - 1 : i)));
  const regions = damagedGroups(randomAccess, inGroups).map((region) => ({
    ...region,
    leading: leadingBehind(region.to, { randomAccess, leading }),
  }));
  const merged: Region[] = [];
  for (const region of regions) {
    const last = merged.at(-1);
    // The group between two regions cannot be both what the one shows and what the other is decoded from.
    if (last && last.leading.length > 0 && randomAccess.lastIndexOf(1, region.from - 1) === last.to) {
      merged[merged.length - 1] = { ...region, from: last.from };
    } else merged.push(region);
  }
  return merged;
}

function leadingBehind(to: number, { randomAccess, leading }: Pictures): number[] {
  const found: number[] = [];
  for (let i = to + 1; i < leading.length && randomAccess[i] === 0; i++) if (leading[i] === 1) found.push(i);
  return found;
}

function damagedGroups(randomAccess: Uint8Array, damaged: ReadonlySet<number>): { from: number; to: number }[] {
  const regions: { from: number; to: number }[] = [];
  let from = 0;
  let isDamaged = false;
  for (let i = 0; i <= randomAccess.length; i++) {
    if (i > 0 && (i === randomAccess.length || randomAccess[i] === 1)) {
      const last = regions.at(-1);
      if (isDamaged && last?.to === from) last.to = i;
      else if (isDamaged) regions.push({ from, to: i });
      from = i;
      isDamaged = false;
    }
    isDamaged ||= damaged.has(i);
  }
  return regions;
}

export interface MendOptions {
  /** Pictures, by their numbers in decoding order. */
  damaged: ReadonlySet<number>;
  /** The file for what is encoded. */
  path: string;
  settings: Pick<MediaSettings, 'bitrate' | 'maxBitrate' | 'crf'>;
  onProgress(done: number): void;
}

/**
 * The pictures, with the groups of the damaged ones encoded, and the ticks that these take. Throws Damaged where that is most of
 * the film, or where nothing of a group can be shown.
 */
export function mendVideo(copied: CopiedPictures, options: MendOptions): { video: SpooledVideo; encoded: Ticks90k } {
  const { video, again } = copied;
  const regions = damagedRegions({ ...video, leading: copied.leading }, options.damaged);
  const count = regions.reduce((sum, region) => sum + picturesIn(region), 0);
  if (count > video.sizes.length * MOST_ENCODED) throw new Damaged('damaged pictures');
  const file = new SpoolFile(options.path);
  const table = new VideoTable(file);
  try {
    encodeRegions(copied, regions, table, options);
    file.finish();
  } catch (error) {
    file.discard();
    throw error;
  }
  // Each picture of a region is encoded, so that their number stays.
  const encodedVideo = table.finish(() => new SpoolReader(options.path), { target: null, end: video.duration });
  const mended = replaceRegions(video, { regions, encoded: encodedVideo });
  const { order } = mended;
  const isCopied = new Set(order);
  const taken = again.taken.filter((_, i) => isCopied.has(i));
  const begins = new Set([...again.begins, ...regions.flatMap(({ to }) => again.taken[to] ?? [])]);
  const open = () =>
    new MendedReader(new CopiedVideoReader({ ...again, taken, begins }), new SpoolReader(options.path), order);
  return { video: { ...video, ...mended.table, open }, encoded: mended.ticks };
}

/** In the place of an encoded picture. */
const ENCODED = -1;

/** The table of the film with its regions replaced. */
function replaceRegions(
  video: SpooledVideo,
  { regions, encoded }: { regions: readonly Region[]; encoded: SpooledVideo },
): {
  table: Pick<SpooledVideo, 'sizes' | 'pts' | 'randomAccess'>;
  /** The pictures by their numbers before, or ENCODED. */
  order: number[];
  ticks: Ticks90k;
} {
  const order: number[] = [];
  let ticks = 0;
  let next = 0;
  const moved = new Set(regions.flatMap(({ leading }) => leading));
  const copyUntil = (end: number) => {
    for (; next < end; next++) if (!moved.has(next)) order.push(next);
  };
  for (const region of regions) {
    copyUntil(region.from);
    for (let i = picturesIn(region); i > 0; i--) order.push(ENCODED);
    const isLast = region.to === video.sizes.length;
    next = region.to;
    ticks += (isLast ? video.duration : video.pts[region.to]!) - timesOf(region, video)[0]!;
  }
  copyUntil(video.sizes.length);
  const table = {
    sizes: new Uint32Array(order.length),
    pts: new Float64Array(order.length),
    randomAccess: new Uint8Array(order.length),
  };
  let at = 0;
  for (const [i, number] of order.entries()) {
    const [from, index] = number === ENCODED ? [encoded, at++] : [video, number];
    table.sizes[i] = from.sizes[index]!;
    table.pts[i] = from.pts[index]!;
    table.randomAccess[i] = from.randomAccess[index]!;
  }
  return { table, order, ticks: Ticks90k(ticks) };
}

/** When the pictures of a region are shown, in that order. */
const timesOf = ({ from, to, leading }: Region, { pts }: SpooledVideo): Float64Array =>
  Float64Array.from([...pts.subarray(from, to), ...leading.map((index) => pts[index]!)]).sort();

/** Reads copied and encoded access units in their order. */
class MendedReader implements AccessUnitReader {
  readonly #copied: AccessUnitReader;
  readonly #encoded: SpoolReader;
  readonly #order: readonly number[];
  #next = 0;

  constructor(copied: AccessUnitReader, encoded: SpoolReader, order: readonly number[]) {
    this.#copied = copied;
    this.#encoded = encoded;
    this.#order = order;
  }

  read(out: Buffer, offset: number, length: number): void {
    const reader = this.#order[this.#next++] === ENCODED ? this.#encoded : this.#copied;
    reader.read(out, offset, length);
  }

  close(): void {
    this.#copied.close();
    this.#encoded.close();
  }
}

/** Decodes each region from the group before it on, whose last picture stands where the first ones of the region are lost. */
function encodeRegions(copied: CopiedPictures, regions: Region[], table: VideoTable, options: MendOptions): void {
  const { video, again } = copied;
  const { taken } = again;
  const indexOf = new Map<number, number>();
  const ranges = regions.map((region) => {
    const { from, to, leading } = region;
    const start = from === 0 ? 0 : video.randomAccess.lastIndexOf(1, from - 1);
    // Leading pictures are decoded behind the random access point that they follow.
    const end = leading.length > 0 ? leading.at(-1)! + 1 : to;
    for (let i = start; i < end; i++) indexOf.set(taken[i]!, i);
    return { region, first: taken[start]!, end: taken[end] ?? Number.POSITIVE_INFINITY };
  });
  const input = new MediaInput(again.source);
  input.skipAudio();
  const units = new AccessUnits(again.codec, again.configuration, again.edit);
  let encoding: RegionEncoder | null = null;
  let number = -1;
  const finish = () => {
    encoding?.finish();
    encoding?.free();
    encoding = null;
    ranges.shift();
  };
  try {
    input.forEachPacket(({ packet, isVideo }) => {
      if (!isVideo) return true;
      number++;
      if (number >= (ranges[0]?.end ?? 0)) finish();
      const [range] = ranges;
      if (range === undefined) return false;
      // Also packets before it are parsed: they may hold parameter sets.
      units.parsePacket(packet);
      const index = indexOf.get(number);
      if (number < range.first || index === undefined) return true;
      encoding ??= new RegionEncoder(copied, range.region, table, options);
      encoding.put(units.copy(), index);
      options.onProgress(0);
      return true;
    });
    if (ranges.length > 0) finish();
  } finally {
    (encoding as RegionEncoder | null)?.free();
    input.close();
  }
}

/** Formats of decoded pictures that can be encoded again, by their depth. */
const formats: Readonly<Record<number, readonly number[]>> = {
  8: [AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P],
  10: [AV_PIX_FMT_YUV420P10LE],
};

/** Encodes the pictures of one region: one for each of its access units, that before it again where one cannot be decoded. */
class RegionEncoder {
  readonly #copied: CopiedPictures;
  readonly #region: Region;
  readonly #table: VideoTable;
  readonly #settings: MendOptions['settings'];
  readonly #decoder: AnnexBDecoder;
  /** When the pictures of the region are shown, in that order. */
  readonly #times: Float64Array;
  #encoder: PictureEncoder | null = null;
  #units: AccessUnits | null = null;
  /** The picture that is shown until the next one. */
  #standing: Frame | null = null;
  #shown = 0;

  constructor(copied: CopiedPictures, region: Region, table: VideoTable, { settings }: MendOptions) {
    this.#copied = copied;
    this.#region = region;
    this.#table = table;
    this.#settings = settings;
    this.#times = timesOf(region, copied.video);
    this.#decoder = new AnnexBDecoder(copied.again.codec, (frame) => this.#take(frame));
  }

  put(unit: Buffer, index: number): void {
    this.#decoder.put(unit, index);
  }

  /** Throws Damaged where no picture can be decoded. */
  finish(): void {
    this.#decoder.finish();
    this.#standUntil(this.#times.length);
    this.#encoder?.encode(null, this.#keep);
  }

  free(): void {
    this.#decoder.free();
    this.#encoder?.free();
    this.#standing?.free();
  }

  #take(frame: Frame): void {
    const { width, height, bitDepth } = this.#copied.sequence;
    // Damaged parameter sets describe other pictures.
    if (!formats[bitDepth]?.includes(frame.format) || frame.width !== width || frame.height !== height) return;
    const index = Number(frame.pts);
    const isBefore = index < this.#region.from;
    const place = isBefore ? 0 : this.#times.indexOf(this.#copied.video.pts[index]!);
    if (place < this.#shown) return;
    // Those before it stay as they were; without any, this one is shown already.
    if (this.#standing !== null) this.#standUntil(place);
    this.#standing?.free();
    this.#standing = frame.clone();
    if (!isBefore) this.#standUntil(place + 1);
  }

  /** Encodes the standing picture for all places up to `end`, excluded. */
  #standUntil(end: number): void {
    const frame = this.#standing;
    for (; this.#shown < end; this.#shown++) {
      if (frame === null) throw new Damaged('damaged pictures');
      // Full range has a format of its own, with the same layout.
      if (frame.format === AV_PIX_FMT_YUVJ420P) frame.format = AV_PIX_FMT_YUV420P;
      // Otherwise the encoder would repeat the source's key pictures.
      frame.pictType = AV_PICTURE_TYPE_NONE;
      frame.pts = BigInt(this.#shown);
      this.#encoder ??= this.#open(frame);
      this.#encoder.encode(frame, this.#keep);
    }
  }

  #open(frame: Frame): PictureEncoder {
    const { sequence, frameRate, again } = this.#copied;
    const { bitrate, maxBitrate, crf } = this.#settings;
    const { width, height, profile } = sequence;
    const maxRate = Math.min(maxBitrate, bitrate ?? usualMaxRate({ width, height, frameRate }));
    const group = Math.max(1, Math.round(quotient(frameRate)));
    // Not reordered: the delay of the copied pictures is enough, even if it is 0.
    const plan = { frameRate, group, bPictures: 0, maxRate, profile };
    const format = { codec: again.codec, bitDepth: sequence.bitDepth };
    const { encoder } = openSoftware(frame, plan, { format, preset: 'veryfast', crf });
    this.#units = AccessUnits.ofEncoder(this.#copied.again.codec, encoder.extradata);
    return encoder;
  }

  readonly #keep = (packet: Packet): void => {
    const { data } = packet;
    if (data === null || this.#units === null) return;
    this.#units.parse(data);
    const pts = Ticks90k(this.#times[Number(packet.pts)]!);
    this.#table.add(this.#units, { pts, isRandomAccess: packet.hasFlags(AV_PKT_FLAG_KEY) });
  };
}
