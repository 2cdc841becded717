/** Decoded pictures for an encoder: upright, progressive, in one size, at a constant rate. */
import { AV_PICTURE_TYPE_NONE, type AVColorSpace } from 'node-av/constants';
import { Frame, type Stream } from 'node-av/lib';
import { Problem } from '../../base/problem.js';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { Decoder, frameTimeOf } from '../decoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import type { MediaInput } from '../input/input.js';
import type { PictureTimes } from '../input/picture-times.js';
import type { Notes } from '../notes.js';
import { quotient, ratioOf } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { frameTime } from '../spool.js';
import type { Burner } from '../subtitles/burner.js';
import { dropCaptions, FieldCaptions } from './captions.js';
import { colourOf, convertColour, declaredColour, greyFilters, hdrName, setColour } from './colour.js';
import { type Crop, cropFilters, cropOf, croppedSize } from './cropping.js';
import { checkDolbyVision } from './dolby-vision.js';
import { FilmFrame } from './film-frame.js';
import { isSideways, orientationOf, orientationOfFrame, uprightFilters } from './orientation.js';
import { Pacer } from './pacer.js';
import { layoutFilters, type PictureLayout, type PictureShape, type PixelFormat } from './picture-layout.js';
import { areFields, isEachField, type Scan, scanFilters } from './scan.js';

export interface PictureOptions {
  input: MediaInput;
  notes: Notes;
  times: PictureTimes;
  /** For how long the first picture stands ahead of its own time. */
  lead?: Ticks90k;
  scan: Scan;
  frameRate: Ratio;
  pixelFormat: PixelFormat;
  /** The matrix of BT.601 or BT.709 that they have in any case; by default the first picture's own, or the nearest. */
  matrix?: AVColorSpace;
  layOut(shape: PictureShape): PictureLayout;
  /** The shape of most of the film, or null for that of the first picture; absent where the frame does not depend on it. */
  leading?: PictureShape | null;
  /** Picture number `index`, from 0. The frame is reused after the call; its `pts` is `index`. */
  onPicture(frame: Frame, index: number): void;
  /** What draws subtitles into pictures such as `frame`; null for none. */
  burnerFor?(frame: Frame): Burner | null;
  onProgress(done: number): void;
}

export interface PicturesDone {
  /** Time of the first picture, on the source's clock. */
  origin: Ticks90k;
  count: number;
  /** End of the last picture in the source. */
  end: Ticks90k;
  /** Pictures of the source, and those of them that are left out. */
  pictures: number;
  dropped: number;
  /** Pictures of the source with errors. */
  damaged: number;
}

/** Decodes the whole file. Throws a Problem when no picture can be decoded. */
export function forEachPicture(options: PictureOptions): PicturesDone {
  const { input, notes, onProgress } = options;
  checkDolbyVision(input, notes);
  const decoder = new Decoder(input.video, input.source);
  const flow = new PictureFlow(options);
  const onFrame = (frame: Frame) => flow.put(frame);
  try {
    let first: Ticks90k | null = null;
    input.forEachPacket(({ packet, isVideo, pts, duration }) => {
      if (!isVideo) return true;
      first ??= pts;
      flow.packetDuration = duration;
      onProgress(input.shareDone(pts === null || first === null ? null : pts - first));
      decoder.decode(packet, onFrame);
      return true;
    });
    decoder.decode(null, onFrame);
    const done = flow.finish();
    if (done === null) {
      throw new Problem(
        'source',
        `${input.source}: no picture in it can be decoded (damaged or encrypted)`,
        'See whether a player shows it; if so, convert it to MP4 with H.264 and AAC.',
      );
    }
    return { ...done, damaged: decoder.damaged };
  } finally {
    flow.free();
    decoder.free();
  }
}

/** Shape of a frame once it is upright. */
function shapeOf(frame: Frame, crop: Crop | null, sideways: boolean): PictureShape {
  const { width, height } = croppedSize(frame, crop);
  const aspect = ratioOf(frame.sampleAspectRatio) ?? [1, 1];
  if (!sideways) return { width, height, sampleAspectRatio: aspect };
  return { width: height, height: width, sampleAspectRatio: [aspect[1], aspect[0]] };
}

class PictureFlow {
  /** Duration of the packet decoded last, for frames without one. */
  packetDuration: Ticks90k = Ticks90k(0);
  readonly #options: PictureOptions;
  readonly #stream: Stream;
  readonly #pacer: Pacer;
  /** How long the frame decoded last stands. */
  readonly #lastDuration: Ticks90k;
  readonly #usualDuration: Ticks90k;
  #chain: FilterChain | null = null;
  #kind = '';
  /** Where a picture is made of each field. */
  #fieldCaptions: FieldCaptions | null = null;
  readonly #frame: FilmFrame;
  /** The matrix of the first pictures, which those of another one are converted to. */
  #matrix: AVColorSpace | null;
  readonly #lead: Ticks90k;
  #origin: Ticks90k | null = null;
  /** Whether a picture had a time of its own. */
  #isTimed = false;
  #frames = 0;
  #next: Ticks90k = Ticks90k(0);
  #end: Ticks90k = Ticks90k(0);
  /** Undefined before the first picture. */
  #burner: Burner | null | undefined;
  /** The picture that is shown until the next one. */
  #shown: Frame | null = null;
  #spare: Frame;

  constructor(options: PictureOptions) {
    this.#options = options;
    this.#matrix = options.matrix ?? null;
    this.#stream = options.input.video;
    this.#pacer = new Pacer(options.frameRate);
    // Whole pictures, so that none is off its time.
    const leadingPictures = Math.floor(((options.lead ?? 0) * quotient(options.frameRate)) / TICKS_PER_SECOND);
    this.#lead = frameTime(leadingPictures, options.frameRate);
    const rate = ratioOf(this.#stream.avgFrameRate) ?? options.frameRate;
    this.#usualDuration = Ticks90k(Math.round(TICKS_PER_SECOND / quotient(rate)));
    const { shown, lastDuration } = options.times;
    const whole = Ticks90k((shown.at(-1) ?? 0) - (shown[0] ?? 0) + lastDuration);
    // The two fields of the last frame may be packets of their own.
    this.#lastDuration = Ticks90k(lastDuration * (areFields(options.scan, shown.length, whole) ? 2 : 1));
    const { leading } = options;
    this.#frame = new FilmFrame({
      layOut: (shape) => options.layOut(shape),
      ...(leading === undefined ? {} : { leading }),
      whole,
    });
    this.#spare = newFrame();
  }

  put(frame: Frame): void {
    const given = this.#timeOf(frame);
    const isFirst = this.#origin === null;
    // Pictures without times at the beginning of a film come before the first one that has one.
    if (given !== null && !this.#isTimed && !isFirst) this.#origin = Ticks90k(given - this.#next);
    this.#isTimed ||= given !== null;
    this.#origin ??= Ticks90k((given ?? 0) - this.#lead);
    const own = given === null ? this.#next : given - this.#origin;
    const time = isFirst ? 0 : own;
    const duration = Number(frame.duration) || this.packetDuration || this.#usualDuration;
    this.#next = Ticks90k(own + duration);
    this.#end = Ticks90k(Math.max(this.#end, own + this.#lastDuration));
    frame.pts = BigInt(time);
    // The container's pixel shape takes precedence over the stream's, as in players.
    const aspect = ratioOf(this.#stream.sampleAspectRatio);
    if (aspect) frame.sampleAspectRatio = this.#stream.sampleAspectRatio;
    setColour(frame, colourOf(frame, this.#stream.codecpar));
    const description = descriptionOf(frame);
    const kind = `${description} ${frame.colorPrimaries} ${frame.colorTrc}`;
    if (kind !== this.#kind) {
      this.#flush();
      this.#kind = kind;
      this.#chain = this.#openChain(frame, description);
    }
    this.#chain?.put(frame);
    this.#frame.count(Ticks90k(duration));
    this.#moveOn();
  }

  /** When the frame is shown, on the clock of the packets; null where the file does not say. */
  #timeOf(frame: Frame): Ticks90k | null {
    const { shown, lastDuration, decodingDelay } = this.#options.times;
    if (decodingDelay === 0) return frameTimeOf(frame);
    const packet = this.#frames++ + decodingDelay;
    const beyond = Math.max(0, packet - (shown.length - 1));
    return Ticks90k((shown[packet - beyond] ?? 0) + beyond * lastDuration);
  }

  finish(): Omit<PicturesDone, 'damaged'> | null {
    this.#flush();
    if (this.#shown === null) return null;
    this.#frame.finish(this.#options.notes);
    this.#show(this.#pacer.untilEnd(this.#end));
    const { next: count, pictures, dropped } = this.#pacer;
    return { origin: this.#origin ?? Ticks90k(0), count, end: this.#end, pictures, dropped };
  }

  free(): void {
    this.#chain?.free();
    this.#burner?.free();
    this.#shown?.free();
    this.#spare.free();
  }

  #openChain(frame: Frame, description: string): FilterChain {
    const orientation = orientationOfFrame(frame) ?? orientationOf(this.#stream.codecpar);
    const crop = cropOf(frame, this.#stream.codecpar);
    const shape = shapeOf(frame, crop, isSideways(orientation));
    const layout = this.#frame.layoutOf(shape);
    const { pixelFormat } = this.#options;
    const declared = declaredColour(frame);
    const hdr = hdrName(declared);
    if (hdr) this.#options.notes.add(`HDR (${hdr}) is tone-mapped to BT.709`);
    const to = pixelFormat === 'yuvj420p' ? 'jpeg' : 'h264';
    const colour = convertColour(declared, { to, size: layout, matrix: this.#matrix });
    this.#matrix ??= colour.matrix;
    const deinterlacing = scanFilters(this.#options.scan, this.#stream, this.#options.frameRate);
    this.#fieldCaptions = deinterlacing.some(isEachField) ? new FieldCaptions() : null;
    const filters = [
      ...deinterlacing,
      ...(this.#options.input.isStill ? [] : greyFilters(frame)),
      ...cropFilters(crop, frame),
      // Transparent parts are black; without this, anything may show under them.
      ...(this.#options.input.isStill ? ['premultiply=inplace=1'] : []),
      ...uprightFilters(orientation),
      ...layoutFilters({ shape, layout, pixelFormat, colour }),
    ];
    return new FilterChain({ kind: 'video', description, filters });
  }

  #flush(): void {
    if (this.#chain === null) return;
    this.#chain.put(null);
    this.#moveOn();
    this.#chain.free();
    this.#chain = null;
  }

  #moveOn(): void {
    const chain = this.#chain;
    while (chain?.take(this.#spare)) {
      const taken = this.#spare;
      this.#show(this.#pacer.until(chain.timeOf(taken)));
      this.#spare = this.#shown ?? newFrame();
      this.#spare.unref();
      this.#shown = taken;
      this.#fieldCaptions?.take(taken);
      // Otherwise encoders would repeat the source's key pictures.
      taken.pictType = AV_PICTURE_TYPE_NONE;
      // Grey pictures come without one.
      if (this.#matrix !== null) taken.colorSpace = this.#matrix;
    }
  }

  #withSubtitles(frame: Frame, index: number): Frame {
    const { burnerFor, frameRate } = this.#options;
    if (this.#burner === undefined) this.#burner = burnerFor?.(frame) ?? null;
    const time = Ticks90k((this.#origin ?? 0) + frameTime(index, frameRate));
    return this.#burner?.burn(frame, time) ?? frame;
  }

  #show(times: number): void {
    const frame = this.#shown;
    if (frame === null) return;
    for (let i = times; i > 0; i--) {
      if (i < times) dropCaptions(frame);
      const index = this.#pacer.next - i;
      frame.pts = BigInt(index);
      this.#options.onPicture(this.#withSubtitles(frame, index), index);
      // A picture may be repeated for minutes.
      this.#options.onProgress(0);
    }
  }
}

function newFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}
