/**
 * Copied pictures of which some are damaged: from the random access point before the damage to the next one they are encoded,
 * as a player shows them; the others stay copied.
 *
 *     source        | IDR ………… | IDR … damaged … | IDR ………… |
 *     on the air    | copied   | encoded         | copied   |
 */
import { AV_PICTURE_TYPE_NONE, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PKT_FLAG_KEY } from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import { Ticks90k } from '../../base/units.js';
import { MediaInput } from '../input/input.js';
import type { DecoderConfiguration } from '../nal/nal-units.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
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
import { CopiedVideoReader } from './copied-video-reader.js';
import type { PictureCodec, Sequence } from './picture-codec.js';
import { Damaged } from './unfit.js';

/** Largest share of a film that is encoded around its damage: one that is damaged everywhere is encoded as a whole. */
const MOST_ENCODED = 0.5;

/** What is copied, and how it is read again. */
export interface CopiedPictures {
  video: SpooledVideo;
  sequence: Sequence;
  frameRate: Ratio;
  again: {
    source: string;
    codec: PictureCodec;
    configuration: DecoderConfiguration;
    edit: SequenceEdit | null;
    /** Numbers of the source's video packets, one for each picture. */
    taken: Uint32Array;
  };
}

/** Whole groups of pictures, by their numbers in decoding order; `to` is excluded. */
interface Region {
  from: number;
  to: number;
}

/** The groups with damaged pictures; those that follow each other are one region. */
export function damagedRegions(randomAccess: Uint8Array, damaged: ReadonlySet<number>): Region[] {
  const regions: Region[] = [];
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
  const regions = damagedRegions(video.randomAccess, options.damaged);
  const count = regions.reduce((sum, { from, to }) => sum + to - from, 0);
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
  const { sizes, pts, randomAccess } = table.finish(() => new SpoolReader(options.path), {
    target: null,
    end: video.duration,
  });
  const mended = { sizes: video.sizes.slice(), pts: video.pts.slice(), randomAccess: video.randomAccess.slice() };
  const isEncoded = new Uint8Array(video.sizes.length);
  let at = 0;
  let encoded = 0;
  for (const { from, to } of regions) {
    const end = at + to - from;
    mended.sizes.set(sizes.subarray(at, end), from);
    mended.pts.set(pts.subarray(at, end), from);
    mended.randomAccess.set(randomAccess.subarray(at, end), from);
    isEncoded.fill(1, from, to);
    at = end;
    encoded += (video.pts[to] ?? video.duration) - video.pts[from]!;
  }
  const taken = again.taken.filter((_, i) => isEncoded[i] === 0);
  const open = () =>
    new MendedReader(new CopiedVideoReader({ ...again, taken }), new SpoolReader(options.path), isEncoded);
  return { video: { ...video, ...mended, open }, encoded: Ticks90k(encoded) };
}

/** Reads copied and encoded access units in their order. */
class MendedReader implements AccessUnitReader {
  readonly #copied: AccessUnitReader;
  readonly #encoded: SpoolReader;
  readonly #isEncoded: Uint8Array;
  #next = 0;

  constructor(copied: AccessUnitReader, encoded: SpoolReader, isEncoded: Uint8Array) {
    this.#copied = copied;
    this.#encoded = encoded;
    this.#isEncoded = isEncoded;
  }

  read(out: Buffer, offset: number, length: number): void {
    const reader = this.#isEncoded[this.#next++] === 1 ? this.#encoded : this.#copied;
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
  const ranges = regions.map(({ from, to }) => {
    const start = from === 0 ? 0 : video.randomAccess.lastIndexOf(1, from - 1);
    for (let i = start; i < to; i++) indexOf.set(taken[i]!, i);
    return { region: { from, to }, first: taken[start]!, end: taken[to] ?? Number.POSITIVE_INFINITY };
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
    this.#times = copied.video.pts.slice(region.from, region.to).sort();
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
    const { width, height } = this.#copied.sequence;
    const isUsable = frame.format === AV_PIX_FMT_YUV420P || frame.format === AV_PIX_FMT_YUVJ420P;
    // Damaged parameter sets describe other pictures.
    if (!isUsable || frame.width !== width || frame.height !== height) return;
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
      frame.format = AV_PIX_FMT_YUV420P;
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
