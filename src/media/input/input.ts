/** A media file, opened for reading its packets; all times in ticks of 90 kHz. */
import { constants } from 'node:os';
import {
  AV_DISPOSITION_ATTACHED_PIC,
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AV_PKT_DATA_SKIP_SAMPLES,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AVDISCARD_ALL,
  AVDISCARD_DEFAULT,
  AVFMT_NOTIMESTAMPS,
  AVFMT_TS_DISCONT,
  AVSEEK_FLAG_BACKWARD,
  AVSEEK_FLAG_BYTE,
} from 'node-av/constants';
import { Dictionary, FormatContext, InputFormat, Log, Packet, type Stream } from 'node-av/lib';
import { Problem } from '../../base/problem.js';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { Notes } from '../notes.js';
import { TICK_BASE } from '../tick-base.js';
import { type DolbyTrack, type FurtherTrack, knownLanguage, type SoundWanted } from './choose-sound.js';
import { type ChosenStreams, chooseStreams } from './choose-streams.js';
import { checkPacket, checkProtection } from './copy-protection.js';
import { fileUrl } from './file-url.js';
import { findLateSound } from './late-sound.js';
import { movTracks } from './mov-boxes.js';
import { checkPictureSize } from './picture-limit.js';
import { checkSource, refused } from './source-check.js';
import { stillDemuxer } from './still-picture.js';
import { Timeline } from './timeline.js';

/**
 * Containers of films, and of sound alone. Left out are playlists and lists of files, with
 * which FFmpeg would open other files, and text, which it would draw.
 */
const formats =
  'mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,kux,asf,ogg,h264,hevc,vvc,av1,obu,m4v,ivf,gif,apng,mxf,' +
  'webp_anim,nut,rm,wtv,dv,yuv4mpegpipe,nsv,vc1,vc1test,bink,smk,gxf,amv,dirac,mp3,aac,flac,wav,w64,aiff,ac3,eac3,dts,ape,tta,wv,caf';

export interface TimedPacket {
  packet: Packet;
  isVideo: boolean;
  /** Null where the file has none. */
  pts: Ticks90k | null;
  /** 0 where the file has none. */
  duration: Ticks90k;
  /** Whether the demuxer found it damaged. */
  corrupt: boolean;
  /** Whether it is decoded for others only: an edit list has cut it off, and no player shows or plays it. */
  isCutOff: boolean;
  /** Whether the clock jumped since the picture before, as where recordings are joined. */
  isBehindJump: boolean;
}

const ANY_SOUND: SoundWanted = { languages: [], unusable: new Set(), dolby: 'any' };

/** Packets among which the pictures that come with sound are looked for. */
const MOST_BEFORE_COVERS = 100;

/** Longest pause in sound; a later time stamp is a wrong one. */
const LONGEST_PAUSE = Ticks90k(3_600 * TICKS_PER_SECOND);

/** Keeps FFmpeg's log lines from the terminal: its return codes are enough. */
export const silenceLog = (): void => Log.setLevel(AV_LOG_QUIET);

/** A thousand years: a later time is a wrong one, and numbers would not tell its pictures apart. */
const LATEST = BigInt(1_000 * 365 * 86_400 * TICKS_PER_SECOND);

/** A time that cannot be right is none. */
const plausible = (value: bigint): bigint => (value > LATEST || value < -LATEST ? AV_NOPTS_VALUE : value);

const ticksOf = (value: bigint): Ticks90k | null => (value === AV_NOPTS_VALUE ? null : Ticks90k(Number(value)));

/**
 * Responsible for:
 * - opening a file, or the Problem why that is impossible
 * - choosing its streams
 * - its packets, with times in ticks that do not jump
 */
export class MediaInput {
  readonly source: string;
  readonly audio: Stream | null;
  /** Its language, RFC 5646 without a region; null where it has none. */
  readonly soundLanguage: string | null;
  /** Tracks in the languages that are wanted beside it. */
  readonly furtherSound: readonly FurtherTrack[];
  /** The track of AC-3 or E-AC-3 that goes with it; null where there is none, or none is wanted. */
  readonly dolby: DolbyTrack | null;
  /** Languages of all tracks of sound. */
  readonly soundLanguages: readonly string[];
  /** What is left out of the sound. */
  readonly soundNotes: readonly string[];
  /** According to the container; 0 where it has none. */
  readonly duration: Ticks90k;
  readonly title: string | null;
  /** Whether it is one picture, such as a photo. */
  readonly isStill: boolean;
  /** The end of the sound read so far, where it is read; null before the first. */
  soundEnd: Ticks90k | null = null;
  /** Duration of the packet of sound before. */
  #soundFrame = Ticks90k(0);
  /** Whether the last packet read is only a part of one, as at the end of a file that is cut off. */
  endsInPacket = false;
  /** Null where there is sound alone. */
  readonly #video: Stream | null;
  readonly #context: FormatContext;
  /** Whether its clock may jump, as those of broadcasts do. */
  readonly hasJumps: boolean;
  /** Bytes. */
  readonly #size: number;
  /** Whether durations come from a header: otherwise FFmpeg estimates them from the packets or from the file's size. */
  readonly #declares: boolean;

  /**
   * `sound`: how it is chosen; without it, sound that begins late is not looked for. `subtitles`: whether the caller sees to them;
   * else they are noted as left out. Throws a Problem of code `source` that names the file and the cause.
   */
  constructor(source: string, notes?: Notes, sound?: SoundWanted, subtitles = false) {
    this.#size = checkSource(source);
    silenceLog();
    this.source = source;
    this.#context = new FormatContext();
    const still = stillDemuxer(source);
    this.isStill = still !== null;
    const options = Dictionary.fromObject({ protocol_whitelist: 'file', format_whitelist: still ?? formats });
    // FFmpeg would take a picture for the first of many, by its name.
    const demuxer = still === null ? null : InputFormat.findInputFormat(still);
    const { url, release } = fileUrl(source);
    try {
      if (this.#context.openInputSync(url, demuxer, options) < 0) throw refused(source);
    } finally {
      release();
    }
    try {
      if (this.#context.findStreamInfoSync(null) < 0) throw refused(source);
      if (sound) findLateSound(this.#context, source);
      const { streams } = this.#context;
      const isMov = this.#context.iformat?.name?.includes('mov') ?? false;
      const tracks = isMov ? movTracks(source) : new Map();
      const chosen = chooseStreams(this.#context, { tracks, notes, sound: sound ?? ANY_SOUND, subtitles });
      const { video } = chosen;
      const audio = chosen.sound.stream;
      if (video === null && !(sound?.alone && audio)) throw withoutVideo(source, chosen);
      this.#video = video;
      this.audio = audio;
      this.soundLanguage = audio && knownLanguage(audio);
      this.furtherSound = chosen.sound.further;
      this.dolby = chosen.sound.dolby;
      this.soundLanguages = chosen.sound.languages;
      this.soundNotes = chosen.sound.notes;
      for (const stream of streams) {
        if (stream.index !== video?.index && stream.index !== audio?.index) stream.discard = AVDISCARD_ALL;
      }
      checkProtection(source, this.#context, [video, audio]);
      if (video) {
        const { width, height } = video.codecpar;
        checkPictureSize(source, { width, height, isStill: this.isStill });
      }
      const { duration, metadata, iformat } = this.#context;
      // AV_TIME_BASE is microseconds.
      this.duration = Ticks90k(duration > 0n ? Math.round(Number(duration) * (TICKS_PER_SECOND / 1e6)) : 0);
      this.title = metadata?.get('title') || null;
      const flags = iformat?.flags ?? 0;
      this.hasJumps = (flags & AVFMT_TS_DISCONT) !== 0;
      this.#declares = (flags & (AVFMT_TS_DISCONT | AVFMT_NOTIMESTAMPS)) === 0;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** When the pictures end according to the container, on the clock of the packets; null where it does not know. */
  get videoEnd(): Ticks90k | null {
    if (this.#video === null) return null;
    const { startTime, duration, timeBase } = this.video;
    if (!this.#declares) return null;
    // Matroska has no field for it; most writers add a tag.
    if (startTime === AV_NOPTS_VALUE || duration <= 0n) return durationOf(this.video.metadata?.get('DURATION'));
    return Ticks90k(Math.round((Number(startTime + duration) * TICKS_PER_SECOND * timeBase.num) / timeBase.den));
  }

  /** When the file ends according to its header, on the clock of the packets; null where no header says so. */
  get declaredEnd(): Ticks90k | null {
    if (!this.#declares) return null;
    if (this.videoEnd !== null) return this.videoEnd;
    return this.duration > 0 ? Ticks90k(this.start + this.duration) : null;
  }

  /** By how much the sound begins before the first picture, according to the probed packets; 0 where it does not. */
  get soundLead(): Ticks90k {
    const [pictures, sound] = [this.video, this.audio].map((stream) => (stream ? startOf(stream) : null));
    return Ticks90k(Math.max(0, (pictures ?? 0) - (sound ?? pictures ?? 0)));
  }

  /** Its pictures. Throws where there is sound alone, as only a caller that wants that may find. */
  get video(): Stream {
    if (this.#video === null) throw new Error(`${this.source} has no pictures`);
    return this.#video;
  }

  /**
   * The pictures that come with sound, such as its cover; the caller frees the packets. They come before all sound, so only an
   * input of which nothing else is read has them.
   */
  takeCovers(): { stream: Stream; packet: Packet }[] {
    const missing = new Map(
      this.#context.streams
        .filter((stream) => stream.hasDisposition(AV_DISPOSITION_ATTACHED_PIC))
        .map((stream) => [stream.index, stream]),
    );
    for (const stream of missing.values()) stream.discard = AVDISCARD_DEFAULT;
    const covers: { stream: Stream; packet: Packet }[] = [];
    const packet = new Packet();
    packet.alloc();
    for (let i = 0; i < MOST_BEFORE_COVERS && missing.size > 0 && this.#context.readFrameSync(packet) >= 0; i++) {
      const stream = missing.get(packet.streamIndex);
      const kept = stream ? packet.clone() : null;
      if (stream && kept) covers.push({ stream, packet: kept });
      missing.delete(packet.streamIndex);
      packet.unref();
    }
    packet.free();
    return covers;
  }

  /** All of its streams. */
  get streams(): readonly Stream[] {
    return this.#context.streams;
  }

  /** When the file begins, on the clock of the packets. */
  get start(): Ticks90k {
    const { startTime } = this.#context;
    return Ticks90k(startTime === AV_NOPTS_VALUE ? 0 : Math.round(Number(startTime) * (TICKS_PER_SECOND / 1e6)));
  }

  /** A tag of the file or, as in Ogg, of its sound; empty where there is none. */
  tag(name: string): string {
    return (this.#context.metadata?.get(name) || this.audio?.metadata?.get(name) || '').trim();
  }

  /** Skips the packets of the sound while reading, where the container allows it. */
  skipAudio(): void {
    if (this.audio && !this.hasJumps) this.audio.discard = AVDISCARD_ALL;
  }

  /** Skips the packets of the pictures while reading, where the container allows it. */
  skipVideo(): void {
    if (this.#video && !this.hasJumps) this.#video.discard = AVDISCARD_ALL;
  }

  /**
   * Seeks to the key picture at or before `time` after the beginning, in ticks that may have a fraction; false where the
   * container cannot.
   */
  seek(time: number): boolean {
    const { num, den } = this.video.timeBase;
    const start = this.video.startTime === AV_NOPTS_VALUE ? 0n : this.video.startTime;
    const target = start + BigInt(Math.round((time * den) / (num * TICKS_PER_SECOND)));
    return time > 0 && this.#context.seekFrameSync(this.video.index, target, AVSEEK_FLAG_BACKWARD) >= 0;
  }

  /**
   * The share of the file that is read, 0 to 1: by `time` after its beginning where the container gives its length, else by
   * its bytes.
   */
  shareDone(time: number | null): number {
    if (this.duration > 0 && time !== null) return time / this.duration;
    return Number(this.#context.pbBytes) / this.#size;
  }

  /** Seeks to a byte of the file, where a packet begins; false where the container cannot. */
  seekByte(position: bigint): boolean {
    return this.#context.seekFrameSync(-1, position, AVSEEK_FLAG_BYTE) >= 0;
  }

  /** Whether nothing in the container shows that the last picture is cut off: packets end where the next one begins. */
  get endsUnmarked(): boolean {
    return this.hasJumps || this.#context.iformat?.name === 'h264';
  }

  /**
   * Hands every packet of the two streams to `take`, until the end or until `take` returns false. The object is reused
   * for the next packet.
   * Throws a Problem when the packets are encrypted or the disk fails.
   */
  forEachPacket(take: (timed: TimedPacket) => boolean): void {
    for (const timed of this.packets()) if (!take(timed)) return;
  }

  /** The same as a generator. */
  *packets(): Generator<TimedPacket, void, undefined> {
    yield* this.#read(new Set());
  }

  /**
   * The packets of other streams, by their numbers, with times on the clock that those of `packets` have. Of an input of which nothing
   * else is read. Throws as `forEachPacket` does.
   */
  *packetsOf(streams: ReadonlySet<number>): Generator<TimedPacket, void, undefined> {
    this.skipAudio();
    this.skipVideo();
    for (const stream of this.#context.streams) if (streams.has(stream.index)) stream.discard = AVDISCARD_DEFAULT;
    for (const timed of this.#read(streams)) if (streams.has(timed.packet.streamIndex)) yield timed;
  }

  *#read(others: ReadonlySet<number>): Generator<TimedPacket, void, undefined> {
    const pictures = this.#video?.index ?? -1;
    const timeline = this.hasJumps ? new Timeline(this.#video ? pictures : (this.audio?.index ?? -1)) : null;
    const packet = new Packet();
    packet.alloc();
    const timed: TimedPacket = {
      packet,
      isVideo: false,
      pts: null,
      duration: Ticks90k(0),
      corrupt: false,
      isCutOff: false,
      isBehindJump: false,
    };
    /** What is added to times of the pictures. */
    let shifted = Ticks90k(0);
    const bases = this.#context.streams.map((stream) => stream.timeBase);
    try {
      for (;;) {
        const result = this.#context.readFrameSync(packet);
        if (result < 0) {
          const failure = diskErrors.find((error) => error.result === result);
          if (failure) throw diskProblem(this.source, failure.name);
          // The end, or damage that nothing can be read behind.
          return;
        }
        const { streamIndex } = packet;
        timed.isVideo = streamIndex === pictures;
        const isOther = others.has(streamIndex);
        if (timed.isVideo || streamIndex === this.audio?.index || isOther) {
          checkPacket(this.source, packet);
          packet.rescaleTs(bases[streamIndex]!, TICK_BASE);
          packet.pts = plausible(packet.pts);
          packet.dts = plausible(packet.dts);
          timed.duration = Ticks90k(Number(packet.duration));
          timed.pts = ticksOf(packet.pts);
          if (timeline) {
            const by = isOther ? timeline.sparseShift(timed.pts) : shiftOf(timeline, timed);
            shift(timed, by);
            timed.isBehindJump = timed.isVideo && by !== shifted;
            if (timed.isVideo) shifted = by;
          }
          const { flags } = packet;
          timed.corrupt = (flags & AV_PKT_FLAG_CORRUPT) !== 0;
          // Counters of broadcasts jump without that.
          this.endsInPacket = timed.corrupt && !this.hasJumps;
          timed.isCutOff = (flags & AV_PKT_FLAG_DISCARD) !== 0;
          if (!timed.isVideo && !isOther && !timed.isCutOff) this.#noteSound(timed);
          yield timed;
        }
        packet.unref();
      }
    } finally {
      packet.free();
    }
  }

  close(): void {
    this.#context.closeInputSync();
  }

  #noteSound({ packet, pts, duration, corrupt }: TimedPacket): void {
    if (pts === null || corrupt) return;
    const end = this.soundEnd ?? pts;
    if (pts - end > LONGEST_PAUSE) return;
    // The duration of the last frame may be the whole frame's, or what is played of it.
    const played = Math.max(duration, this.#soundFrame) - paddingOf(packet, this.audio?.codecpar.sampleRate ?? 0);
    this.#soundFrame = duration;
    this.soundEnd = Ticks90k(Math.max(end, pts + Math.min(duration, played)));
  }
}

/** Ticks at the end of a packet of sound that only fill its last frame, and are not played: AV_PKT_DATA_SKIP_SAMPLES. */
function paddingOf(packet: Packet, rate: number): number {
  const skipped = packet.getSideData(AV_PKT_DATA_SKIP_SAMPLES);
  if (skipped === null || skipped.length < 8 || rate <= 0) return 0;
  return Math.round((skipped.readUInt32LE(4) * TICKS_PER_SECOND) / rate);
}

/** A duration as Matroska's tags have it, "00:00:04.040000000"; null for anything else. */
function durationOf(tag: string | null | undefined): Ticks90k | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(tag ?? '') ?? [];
  if (seconds === undefined) return null;
  return Ticks90k(Math.round((Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * TICKS_PER_SECOND));
}

function startOf({ startTime, timeBase }: Stream): Ticks90k | null {
  if (startTime === AV_NOPTS_VALUE) return null;
  return Ticks90k(Math.round((Number(startTime) * TICKS_PER_SECOND * timeBase.num) / timeBase.den));
}

/** Only times of decoding rise, so only they can jump back. */
function shiftOf(timeline: Timeline, { packet, pts, duration }: TimedPacket): Ticks90k {
  const decoded = ticksOf(packet.dts);
  if (decoded === null) return timeline.currentShift(packet.streamIndex);
  return timeline.shift(
    packet.streamIndex,
    decoded,
    duration,
    pts === null ? null : Ticks90k(Math.max(0, pts - decoded)),
  );
}

function shift(timed: TimedPacket, by: Ticks90k): void {
  if (by === 0) return;
  const { packet } = timed;
  if (timed.pts !== null) {
    timed.pts = Ticks90k(timed.pts + by);
    packet.pts = BigInt(timed.pts);
  }
  if (packet.dts !== AV_NOPTS_VALUE) packet.dts += BigInt(by);
}

/** Errors of a disk or network file system, which FFmpeg passes on as negative numbers; damaged files give its own. */
const diskErrors = (['EIO', 'ESTALE', 'ETIMEDOUT'] as const).map((name) => ({ name, result: -constants.errno[name] }));

const diskProblem = (source: string, name: string) =>
  new Problem('source', `${source}: the disk or network file system fails (${name})`, 'Check it, then try again.');

/** Thrown for a file that has sound but no pictures, where pictures are wanted. */
export class SoundAlone extends Problem {
  constructor(source: string) {
    super(
      'source',
      `${source}: has sound but no pictures`,
      'A station of JPEG pictures, and a slate, need a video file.',
    );
  }
}

function withoutVideo(source: string, { sound, videoIsElsewhere }: ChosenStreams): Problem {
  if (videoIsElsewhere) return elsewhere(source);
  if (sound.stream !== null) return new SoundAlone(source);
  const message = `${source}: has neither pictures nor sound that can be read`;
  return new Problem('source', message, 'Name a file of video or sound.');
}

function elsewhere(source: string): Problem {
  return new Problem(
    'source',
    `${source}: its pictures are in another file, to which it refers`,
    'Save it as a self-contained film, or name the file with the pictures.',
  );
}
