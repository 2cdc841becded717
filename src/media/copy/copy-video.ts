/** Copied pictures: those that every receiver of the station's format plays go on air without being decoded. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { DecoderConfiguration } from '../../wire/nal-units.js';
import { DecodeCheck } from '../decode-check.js';
import { decodingDelayOf } from '../input/decoding-times.js';
import { frameRateOf } from '../input/frame-rate.js';
import type { MediaInput, TimedPacket } from '../input/input.js';
import { lastDurationOf } from '../input/last-duration.js';
import { isWholeInTransport } from '../input/whole-in-transport.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
import { codecName } from '../names.js';
import { isDolbyVision } from '../pictures/dolby-vision.js';
import { heldLead } from '../pictures/late-pictures.js';
import { isUpright, orientationOf } from '../pictures/orientation.js';
import { scanOf } from '../pictures/scan.js';
import { VideoTable } from '../pictures/spooled-video.js';
import { isNearly, isSameAspect, isSameRate, quotient, tidyFrameRate } from '../ratio.js';
import type { MediaSettings, Ratio, StationLayout } from '../settings.js';
import { nowhere } from '../spool-file.js';
import { uint8Table, uint32Table } from '../tables.js';
import { AccessUnits } from './access-units.js';
import { codecOf } from './codecs.js';
import { containerEdit } from './container-edit.js';
import { CopiedVideoReader } from './copied-video-reader.js';
import { GroupRules } from './group-rules.js';
import { checkLastGroup } from './last-group.js';
import type { CopiedPictures } from './mended-video.js';
import { PeakRate } from './peak-rate.js';
import type { PictureCodec, Sequence } from './picture-codec.js';
import { Damaged, Unfit } from './unfit.js';

/** Most time between two pictures of a transport stream: ISO/IEC 13818-1, 2.7.5, allows 700 ms between their PTS. */
const LONGEST_INTERVAL = Ticks90k(700 * TICKS_PER_MILLI);

/** Pictures after which those that are reordered have been seen. */
const TRIAL = 64;
const megabits = (rate: number): string => (rate / 1e6).toFixed(1).replace(/\.0$/, '');

/** Share by which a header's frame rate may be off: pauses lower the average, and headers without one say 1,000. */
const FAR = 0.5;

const INTERLACED = 'interlaced pictures';
const BEYOND_LEVEL = 'pictures beyond level 5.2, which few players decode';
/** Why the pictures do not match the station's other items, or null. */
function unfitTarget(sequence: Sequence, frameRate: Ratio, target: StationLayout): string | null {
  if (sequence.width !== target.width || sequence.height !== target.height)
    return "a picture size other than the station's";
  if (sequence.bitDepth !== (target.bitDepth ?? 8)) return `${sequence.bitDepth}-bit pictures, unlike the station's`;
  if (!isSameAspect(sequence.sampleAspectRatio, target.sampleAspectRatio))
    return "a pixel shape other than the station's";
  return isSameRate(frameRate, target.frameRate) ? null : "a frame rate other than the station's";
}

export interface VideoCopy {
  copied: CopiedPictures;
  /** Pictures that are to be encoded, by their numbers in decoding order. */
  damaged: ReadonlySet<number>;
}

/**
 * Responsible for:
 * - deciding, packet by packet, whether pictures can be copied; throws Unfit as soon as they cannot
 * - dropping pictures before the first random access point, and those that an edit list cuts off where no other needs them
 * - throwing Damaged at the first damage that is seen without decoding, or decoding everything to find all damage
 */
export class VideoCopier {
  /** According to the header; the average of the pictures where that is far from them, once all are there. */
  frameRate: Ratio;
  /** Time of the first picture, on the source's clock. */
  origin: Ticks90k | null = null;
  /** Pictures before the first random access point, left out because they need others that are missing. */
  leftOut = 0;
  /** Whether the last access unit was damaged and left out. */
  endsDamaged = false;
  readonly #codec: PictureCodec;
  readonly #units: AccessUnits;
  readonly #table = new VideoTable(nowhere);
  readonly #rules: GroupRules;
  readonly #configuration: DecoderConfiguration;
  readonly #edit: SequenceEdit | null;
  readonly #source: string;
  /** Numbers of the source's video packets that are copied. */
  readonly #taken = uint32Table();
  readonly #peak = new PeakRate();
  #packets = 0;
  /** Where the last group begins in the file, where its pictures must be decoded to find whether they are whole. */
  #groupPosition: bigint | null = null;
  readonly #endsUnmarked: boolean;
  readonly #settings: MediaSettings;
  readonly #declaredEnd: Ticks90k | null;
  readonly #durations = { ofLast: Ticks90k(0), longest: Ticks90k(0) };
  readonly #mayReorder: boolean;
  #isReordered = false;
  /** Whether pictures up to the next random access point may need one that is cut off. */
  #needsCutOff = false;
  /** Whether the random access point before is the first of a recording, so that some leading pictures of it cannot be decoded. */
  #skipsLeading = false;
  /** Numbers of the packets with which another recording begins. */
  readonly #begins = new Set<number>();
  /** Whether what those need is there, but cut off. */
  #isBehindCut = false;
  /** Numbers of the packets of the last group that cannot be decoded where decoding begins with it. */
  readonly #skippedInGroup = new Set<number>();
  /** Of each picture that is copied: 1 where it cannot be decoded when decoding begins with its group. */
  readonly #leading = uint8Table();
  #firstSeen: Ticks90k | null = null;
  /** Null where nothing is decoded. */
  readonly #check: DecodeCheck | null;
  readonly #damaged = new Set<number>();
  #lastShown: Ticks90k = Ticks90k(-1);

  /** `check`: decodes every picture, and is freed with `free`. */
  constructor(options: { input: MediaInput; settings: MediaSettings; check?: boolean }) {
    const { input, settings, check = false } = options;
    const stream = input.video;
    const { codecpar } = stream;
    if (input.isStill) throw new Unfit('a still picture');
    const codec = codecOf(settings.format);
    if (codecpar.codecId !== codec.codecId) throw new Unfit(`${codecName(codecpar)} instead of ${codec.title}`);
    // Its base layer may have colours of its own; what else it holds is left out.
    if (codec.format === 'hevc' && isDolbyVision(input)) throw new Unfit('Dolby Vision');
    if (!isUpright(orientationOf(codecpar))) throw new Unfit('rotated pictures');
    const configuration = codec.parseExtradata(codecpar.extradata);
    if (configuration === null) throw new Unfit('damaged headers');
    const lead = heldLead(input);
    if (lead > 0) throw new Unfit(`pictures that begin ${(lead / TICKS_PER_SECOND).toFixed(1)} s behind the sound`);
    const rate = frameRateOf(input);
    if (rate === null) throw new Unfit('an unknown frame rate');
    this.frameRate = tidyFrameRate(rate);
    this.#declaredEnd = input.videoEnd;
    this.#mayReorder = codecpar.videoDelay > 0;
    this.#settings = settings;
    const limit = Ticks90k(Math.round(settings.maxGop * TICKS_PER_MILLI));
    this.#rules = new GroupRules(this.#table.pts, { limit, target: settings.target });
    this.#codec = codec;
    this.#configuration = configuration;
    this.#source = input.source;
    this.#endsUnmarked = input.endsUnmarked;
    this.#edit = containerEdit(stream, configuration, codec);
    this.#units = new AccessUnits(codec, configuration, this.#edit);
    const { sequence } = this.#units;
    if (sequence) this.#checkSequence(sequence);
    // Whole pictures may be marked as interlaced, and pictures of two fields coded as whole ones.
    if (sequence && sequence.fields !== 'none' && scanOf(input).kind === 'interlaced') throw new Unfit(INTERLACED);
    this.#check = check ? new DecodeCheck(codecpar, { isComplete: true }) : null;
  }

  /** The first sequence of the pictures; null where no header holds it. */
  get sequence(): Sequence | null {
    return this.#units.sequence;
  }

  /** Whether several recordings are joined, each with a random access point of its own. */
  get isJoined(): boolean {
    return this.#begins.size > 0;
  }

  free(): void {
    this.#check?.free();
  }

  take({ packet, pts, duration, corrupt, isCutOff, isBehindJump }: TimedPacket): void {
    const number = this.#packets++;
    const parsed = this.#units.parsePacket(packet);
    const kind = corrupt && !isWholeInTransport(this.#source, packet.pos) ? 'damaged' : parsed;
    if (kind === 'no picture') return;
    if (this.#units.hasFields) throw new Unfit(INTERLACED);
    if (this.endsDamaged && this.#check === null) throw new Damaged('damaged pictures');
    // Accepted at the very end, where files are cut off.
    this.endsDamaged = kind === 'damaged' && this.origin !== null;
    if (this.#units.leading === 'skipped' && this.origin !== null) {
      if (this.#units.isNeverShown) return;
      if (this.#skipsLeading && this.#takeSkipped(isCutOff)) return;
    }
    if (kind === 'damaged') {
      this.#takeDamaged(number, isCutOff ? null : pts);
      return;
    }
    if (isCutOff) {
      // No others than leading pictures need one of those.
      if (this.#units.leading !== 'skipped') this.#needsCutOff ||= this.#units.isReference;
      return;
    }
    if (pts === null) throw new Unfit('pictures without time stamps');
    const isRandomAccess = kind === 'random access' && this.#units.isDecodable;
    const isBehindJoin = isBehindJump && this.origin !== null;
    // Only decoding shows what of another recording is needed and missing.
    const mayMiss = isBehindJoin && !isRandomAccess && !this.#codec.countsPictures;
    if (mayMiss && this.#check === null) throw new Damaged('damaged pictures');
    if (isRandomAccess) {
      this.#isBehindCut = this.#needsCutOff;
      this.#needsCutOff = false;
      this.#skipsLeading = this.origin === null || isBehindJoin;
      this.#skippedInGroup.clear();
      if (isBehindJoin) this.#begins.add(number);
    }
    if (this.#needsCutOff) throw new Unfit('a cut between key pictures');
    if (isRandomAccess && this.#units.sequence) this.#checkSequence(this.#units.sequence);
    if (this.#units.sequenceChanged) throw new Unfit('pictures that change their kind');
    this.#firstSeen ??= pts;
    if (this.origin === null) {
      if (isRandomAccess) this.origin = pts;
      else if (packet.isKeyframe || pts - this.#firstSeen > this.#rules.limit) {
        throw new Unfit('no key picture at the beginning');
      } else {
        this.leftOut++;
        return;
      }
    }
    const time = Ticks90k(pts - this.origin);
    const { leading } = this.#units;
    this.#rules.take(time, { isRandomAccess, isLeading: leading !== 'no' });
    if (leading === 'skipped') this.#skippedInGroup.add(number);
    this.#leading.push(leading === 'skipped' ? 1 : 0);
    if (isRandomAccess) this.#groupPosition = packet.pos >= 0n ? packet.pos : null;
    if (this.#taken.length === 0 || this.#begins.has(number)) this.#units.beginSequence();
    this.#check?.put(this.#units.copy(), this.#taken.length);
    this.#taken.push(number);
    if (this.#taken.length === TRIAL) this.#checkOrder();
    this.#peak.add(time, this.#table.add(this.#units, { pts: time, isRandomAccess }));
    this.#durations.longest = Ticks90k(Math.max(this.#durations.longest, duration));
    if (time < this.#lastShown) this.#isReordered = true;
    else {
      this.#lastShown = time;
      this.#durations.ofLast = duration;
    }
  }

  /**
   * A picture that needs some of before the first random access point: players leave it out, unless what it needs is there and only
   * cut off. Returns whether it is left out.
   */
  #takeSkipped(isCutOff: boolean): boolean {
    if (isCutOff) return false;
    if (this.#isBehindCut) throw new Unfit('a cut between key pictures');
    this.leftOut++;
    this.endsDamaged = false;
    return true;
  }

  /** A picture of which nothing can be copied, but its place is known. */
  #takeDamaged(number: number, pts: Ticks90k | null): void {
    // The film may begin with it: a player shows what is left of it.
    const isFirst = this.origin === null && this.#units.isRandomAccess && pts !== null;
    if (isFirst && this.#check === null) throw new Damaged('damaged pictures');
    if (isFirst) {
      this.origin = pts;
      this.#skipsLeading = true;
    }
    if (this.origin === null) this.leftOut++;
    if (this.origin === null || this.#check === null || pts === null) return;
    const time = Ticks90k(pts - this.origin);
    this.#rules.takeDamaged(time, isFirst);
    this.#damaged.add(this.#taken.length);
    this.#taken.push(number);
    this.#leading.push(this.#units.leading === 'skipped' ? 1 : 0);
    this.#table.addDamaged({ pts: time, isRandomAccess: isFirst });
    this.#lastShown = Ticks90k(Math.max(this.#lastShown, time));
  }

  /** Throws Unfit when there are no pictures, or the last ones cannot be copied. */
  finish(): VideoCopy {
    const { sequence } = this.#units;
    if (this.origin === null || sequence === null) throw new Unfit('no key picture in the file');
    if (this.#check) this.#checkDecoded(this.#check.finish());
    else if (this.#table.pts.length > 0) this.#checkEnd();
    if (this.#taken.length < TRIAL) this.#checkOrder();
    const again = {
      source: this.#source,
      codec: this.#codec,
      configuration: this.#configuration,
      edit: this.#edit,
      taken: this.#taken.view(),
      begins: this.#begins,
    };
    const end = this.#end(this.origin);
    // The next random access point is the first of the next loop.
    this.#rules.finish(end);
    // Only now: the rate of some headers is wrong.
    if (!this.#codec.isWithinLevel(sequence, quotient(this.frameRate))) throw new Unfit(BEYOND_LEVEL);
    const { target, maxBitrate } = this.#settings;
    const peak = this.#peak.of(end);
    if (peak > maxBitrate) throw new Unfit(`${megabits(peak)} Mbit/s at its peak, more than ${megabits(maxBitrate)}`);
    const video = this.#table.finish(() => new CopiedVideoReader(again), { target, end });
    const leading = this.#leading.view();
    return { copied: { video, sequence, frameRate: this.frameRate, leading, again }, damaged: this.#damaged };
  }

  /** Throws Unfit when the times are those of decoding: the first pictures are in order, and their decoder reorders. */
  #checkOrder(): void {
    if (!this.#isReordered && this.#mayReorder && decodingDelayOf(this.#source) > 0) {
      throw new Unfit('time stamps of decoding only');
    }
  }

  /** When the last picture ends. Throws Unfit when pictures stand longer than a transport stream allows. */
  #end(origin: Ticks90k): Ticks90k {
    const shown = this.#table.pts.view().slice().sort();
    const { ofLast: ownDuration, longest: longestDuration } = this.#durations;
    const declaredEnd = this.#declaredEnd === null ? null : Ticks90k(this.#declaredEnd - origin);
    const duration = lastDurationOf({
      shown,
      isReordered: this.#isReordered,
      ownDuration,
      longestDuration,
      declaredEnd,
    });
    const end = Ticks90k(shown.at(-1)! + duration);
    if (shown.some((time, i) => (shown[i + 1] ?? end) - time > LONGEST_INTERVAL)) {
      throw new Unfit('pictures more than 0.7 s apart');
    }
    const average = tidyFrameRate([Math.round((shown.length / end) * TICKS_PER_SECOND * 1e6), 1e6]);
    if (!isNearly(this.frameRate, average, FAR)) this.frameRate = average;
    return end;
  }

  /** Takes what the decoder found; drops the last picture where it is cut off. */
  #checkDecoded(damaged: ReadonlySet<number>): void {
    for (const index of damaged) this.#damaged.add(index);
    const last = this.#taken.length - 1;
    const isOnly = this.#damaged.has(last) && ![...this.#damaged].some((i) => i >= this.#rules.start && i < last);
    const isCutOff = this.endsDamaged || (this.#endsUnmarked && isOnly);
    if (isOnly && isCutOff && last > this.#rules.start) this.#dropLast();
    else this.endsDamaged = false;
  }

  #dropLast(): void {
    this.endsDamaged = true;
    this.#damaged.delete(this.#taken.length - 1);
    this.#taken.pop();
    this.#leading.pop();
    this.#table.removeLast();
  }

  /** Drops the last picture where it is cut off. */
  #checkEnd(): void {
    if (this.endsDamaged || !this.#endsUnmarked || this.#groupPosition === null) return;
    const [first = 0, ...others] = this.#taken.view(this.#rules.start);
    const decodable = [...others].filter((number) => !this.#skippedInGroup.has(number));
    const pictures = [0, ...decodable.map((number) => number - first)];
    const end = checkLastGroup({ source: this.#source, position: this.#groupPosition, pictures });
    if (end === 'damaged') throw new Damaged('damaged pictures');
    if (end === 'whole') return;
    this.#dropLast();
  }

  #checkSequence(sequence: Sequence): void {
    const { target } = this.#settings;
    const reason =
      this.#codec.unfit(sequence) ??
      (this.#codec.isWithinLevel(sequence) ? null : BEYOND_LEVEL) ??
      (target ? unfitTarget(sequence, this.frameRate, target) : null);
    if (reason !== null) throw new Unfit(reason);
  }
}
