/** Encoding pictures that cannot be copied, with x264. */
import type { Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import type { Sequence } from '../copy/picture-codec.js';
import { Unfit } from '../copy/unfit.js';
import { FfmpegError } from '../ffmpeg-error.js';
import { MediaInput } from '../input/input.js';
import { measurePictures } from '../input/picture-times.js';
import { type Notes, noteDamaged, noteDropped, noteReduced } from '../notes.js';
import { quotient, ratioOf } from '../ratio.js';
import type { MediaSettings, Ratio, StationLayout } from '../settings.js';
import type { SpooledVideo } from '../spool.js';
import { type ByteSink, SpoolFile } from '../spool-file.js';
import { SpoolReader } from '../spool-reader.js';
import { type FilmSubtitles, frameOf } from '../subtitles/make-subtitles.js';
import { airFormatOf } from './air-format.js';
import { chooseEncoder, tryEncoding } from './choose-encoder.js';
import { EncodedUnits } from './encoded-units.js';
import { forLongestShape } from './film-frame.js';
import type { Hardware, PictureEncoder } from './hardware.js';
import { keptRate } from './kept-rate.js';
import { heldLead, noteLead } from './late-pictures.js';
import { fittedLayout, type PictureShape, type PixelFormat, videoLayout } from './picture-layout.js';
import { forEachPicture } from './pictures.js';
import { noteScan, scannedRate, scanOf } from './scan.js';
import { openSoftware } from './software.js';
import { type EncodingPlan, type PictureKind, usualMaxRate } from './x264.js';

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
  sequence: Sequence;
  frameRate: Ratio;
  /** When the source's last picture ended. */
  end: Ticks90k;
  /** How the pictures were encoded; see MediaProperties. */
  encoding: string;
}

type EncodeSettings = Pick<
  MediaSettings,
  'format' | 'target' | 'maxGop' | 'bitrate' | 'maxBitrate' | 'preset' | 'crf' | 'encoder'
>;

export interface EncodeOptions {
  input: MediaInput;
  notes: Notes;
  path: string;
  settings: EncodeSettings;
  /** Those that may be burned in. */
  subtitles?: FilmSubtitles | null;
  onProgress(done: number): void;
}

/** e.g. "at most 8 Mbit/s, groups of 2 s" */
export function planText({ maxRate, group, frameRate }: EncodingPlan): string {
  const seconds = Number((group / quotient(frameRate)).toFixed(1));
  return `at most ${Number((maxRate / 1e6).toFixed(1))} Mbit/s, groups of ${seconds} s`;
}

/** Thrown where hardware fails, or makes what cannot go on the air, although its trial succeeded. */
class HardwareFailed extends Error {
  readonly hardware: Hardware;

  constructor(hardware: Hardware, reason: string) {
    super(reason);
    this.hardware = hardware;
  }
}

/** Encodes all pictures of `input` to `path`. Throws a Problem when none can be decoded. `all`: other hardware in tests. */
export function encodeVideo(options: EncodeOptions, all?: readonly Hardware[]): EncodedVideo {
  const excluded = new Map<Hardware, string>();
  let input = options.input;
  for (;;) {
    try {
      return forLongestShape(input, (again, leading) =>
        encodeFor({ ...options, input: again, leading, excluded, all }),
      );
    } catch (error) {
      if (!(error instanceof HardwareFailed)) throw error;
      excluded.set(error.hardware, error.message);
    } finally {
      if (input !== options.input) input.close();
    }
    input = new MediaInput(options.input.source);
    input.skipAudio();
  }
}

/** The encoder that is opened for the first picture, and what it makes. */
interface Encoding {
  encoder: PictureEncoder;
  units: EncodedUnits;
  /** Null: x264. */
  hardware: Hardware | null;
  /** How pictures are encoded; see MediaProperties. */
  text: string;
}

interface OpenOptions extends Pick<EncodeOptions, 'notes' | 'settings'> {
  frameRate: Ratio;
  sink: ByteSink;
  excluded: ReadonlyMap<Hardware, string>;
  all: readonly Hardware[] | undefined;
}

function openEncoding(frame: Frame, { notes, settings, frameRate, sink, excluded, all }: OpenOptions): Encoding {
  const { target, crf } = settings;
  const format = airFormatOf(settings);
  const { codec } = format;
  const kind = { width: frame.width, height: frame.height, frameRate };
  const plan = planFor(kind, settings);
  const trial = (candidate: Hardware) => tryEncoding(candidate, { codec, frame, plan, crf, target });
  // Of stations that were added while a server of others encodes by hardware.
  const isHardware = codec.format === 'h264';
  if (!isHardware && settings.encoder !== 'x264') notes.add('encoded by x265, because hardware is used for H.264 only');
  const { hardware, refused } = chooseEncoder(isHardware ? settings.encoder : 'x264', { trial, excluded, all });
  if (hardware === null && refused.length > 0) {
    notes.add(`encoded by x264, because hardware cannot be used (${refused.join('; ')})`);
  }
  if (hardware !== null) notes.add(`encoded by ${hardware.title} instead of x264`);
  const { encoder, text } = hardware
    ? { encoder: hardware.open(frame, plan, crf), text: `${hardware.title}, ${hardware.quality(plan, crf)}` }
    : openSoftware(frame, plan, { format, preset: settings.preset, crf });
  const units = new EncodedUnits({
    codec,
    extradata: encoder.extradata,
    plan,
    target,
    sink,
    isHardware: hardware !== null,
  });
  return { encoder, units, hardware, text: `${text}, ${planText(plan)}` };
}

/** Runs a step of encoding; what fails of hardware excludes it. */
function step<T>({ hardware }: Encoding, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (hardware === null || !(error instanceof FfmpegError || error instanceof Unfit)) throw error;
    throw new HardwareFailed(hardware, error.message);
  }
}

function pixelFormatFor(settings: EncodeSettings): PixelFormat {
  if (airFormatOf(settings).bitDepth === 10) return 'yuv420p10le';
  // Hardware takes no other, and x264 both.
  return settings.encoder === 'x264' ? 'yuv420p' : 'nv12';
}

function encodeFor(
  options: EncodeOptions & Pick<OpenOptions, 'excluded' | 'all'> & { leading: PictureShape | null },
): EncodedVideo {
  const { input, notes, path, settings, subtitles, leading, excluded, all, onProgress } = options;
  const { target } = settings;
  const { codec } = airFormatOf(settings);
  const times = measurePictures(input.source);
  const scan = scanOf(input);
  const { avgFrameRate, rFrameRate } = input.video;
  const header = { average: ratioOf(avgFrameRate), base: ratioOf(rFrameRate) };
  const frameRate = target?.frameRate ?? scannedRate(scan, keptRate(times, header));
  noteLead(notes, input);
  noteScan(notes, scan, frameRate);
  const file = new SpoolFile(path);
  let encoding = null as Encoding | null;
  const encode = (open: Encoding, picture: Frame | null) =>
    step(open, () => open.encoder.encode(picture, (packet) => open.units.take(packet)));
  try {
    const done = forEachPicture({
      input,
      notes,
      times,
      lead: heldLead(input),
      scan,
      frameRate,
      pixelFormat: pixelFormatFor(settings),
      layOut(shape) {
        if (target) return fittedLayout(shape, target);
        const layout = videoLayout(shape, codec);
        noteReduced(notes, shape, layout);
        return layout;
      },
      ...(target ? {} : { leading }),
      burnerFor: (picture) => subtitles?.burner(frameOf(picture)) ?? null,
      onPicture(picture) {
        encoding ??= openEncoding(picture, { notes, settings, frameRate, sink: file, excluded, all });
        encode(encoding, picture);
      },
      onProgress,
    });
    const used = encoding;
    if (used === null) throw new Error('a film without pictures');
    encode(used, null);
    file.finish();
    const { video, sequence } = step(used, () => used.units.finish(done.count, () => new SpoolReader(path)));
    noteDamaged(notes, done.damaged);
    noteDropped(notes, { ...done, frameRate });
    const { origin, end } = done;
    return { video, origin, end, sequence, frameRate, encoding: used.text };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    encoding?.encoder.free();
  }
}
