/** Pictures that stand: a photo, a slide, the pages of a document. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PKT_FLAG_KEY } from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import { Ticks90k } from '../base/units.js';
import { AccessUnits } from './copy/access-units.js';
import type { Sequence } from './copy/picture-codec.js';
import { MediaInput } from './input/input.js';
import { AAC_CODEC_STRING, aacName } from './names.js';
import { Notes } from './notes.js';
import { type AirFormat, airFormatOf, layoutDepth } from './pictures/air-format.js';
import { encodeMjpeg, openMjpeg } from './pictures/encode-jpeg.js';
import type { PictureEncoder } from './pictures/hardware.js';
import { SLIDE_FRAME, SLIDE_RATE } from './pictures/picture-layout.js';
import { posterOf } from './pictures/poster.js';
import { forEachSlide, type SlideSink } from './pictures/slides.js';
import { encodeStill, openInOrder, stillRate } from './pictures/still-group.js';
import { aspectName } from './ratio.js';
import type { MediaProperties, Ratio } from './settings.js';
import { channelsWanted, soundWanted, spoolFurther } from './sound/further-sound.js';
import { encodeSound, type SoundOptions } from './sound/make-sound.js';
import { type AccessUnitReader, frameTime, type Spool, type SpooledVideo, type SpoolOptions } from './spool.js';
import { SpoolFile } from './spool-file.js';
import { jpegProperties, rateOf } from './spool-jpeg.js';
import { carrySubtitles, withFurther } from './subtitles/make-subtitles.js';
import { float64Table, uint8Table, uint32Table } from './tables.js';

/** Spools a source of pictures that stand; `pages` are its pictures, where it has several. Throws as `spoolMedia` does. */
export function spoolSlides(options: SpoolOptions): Spool {
  const { source, before = null, pages = [source], settings, onProgress } = options;
  const { format, target, slide, fade, fps } = settings;
  const isJpeg = format === 'jpeg';
  const own = isJpeg && fps !== 'source' ? rateOf(fps) : SLIDE_RATE;
  const frameRate = isJpeg ? (target?.frameRate ?? own) : stillRate(target?.frameRate ?? SLIDE_RATE);
  const notes = new Notes();
  const sink = isJpeg ? new JpegSlides(options, frameRate) : new StreamSlides(options, frameRate);
  let poster: Buffer | null = null;
  let isFirst = true;
  const taking: SlideSink = {
    fade: (frame, isBegin) => sink.fade(frame, isBegin),
    stand(frame, count) {
      if (isFirst) poster = posterOf(frame);
      isFirst = false;
      sink.stand(frame, count);
    },
  };
  const pixelFormat = isJpeg ? 'yuvj420p' : 'yuv420p';
  const frame = target ?? SLIDE_FRAME;
  try {
    forEachSlide({ pictures: pages, before, notes, frame, frameRate, pixelFormat, slide, fade, onProgress }, taking);
    return sink.finish({ poster, notes, title: titleOf(pages[0]!) });
  } finally {
    sink.free();
  }
}

/** The title in the picture's own metadata. */
function titleOf(picture: string): string | null {
  const input = new MediaInput(picture);
  try {
    return input.title;
  } finally {
    input.close();
  }
}

interface Described {
  poster: Buffer | null;
  notes: Notes;
  title: string | null;
}

/** Responsible for slides as a stream: a group for each fade, and for each picture one that is repeated while it stands. */
class StreamSlides implements SlideSink {
  readonly #options: SpoolOptions;
  readonly #format: AirFormat;
  readonly #frameRate: Ratio;
  readonly #path: string;
  readonly #file: SpoolFile;
  /** Where the access units begin in the file: those of a picture that stands are there once. */
  readonly #starts = float64Table();
  readonly #sizes = uint32Table();
  readonly #randomAccess = uint8Table();
  #fading: { encoder: PictureEncoder; units: AccessUnits } | null = null;
  #sequence: Sequence | null = null;
  #encoding = '';

  constructor(options: SpoolOptions, frameRate: Ratio) {
    this.#options = options;
    this.#format = airFormatOf(options.settings);
    this.#frameRate = frameRate;
    this.#path = join(options.folder, 'video');
    this.#file = new SpoolFile(this.#path);
  }

  fade(frame: Frame, isFirst: boolean): void {
    if (isFirst) this.#endFade();
    if (frame.format === AV_PIX_FMT_YUVJ420P) frame.format = AV_PIX_FMT_YUV420P;
    const encoder = this.#fading?.encoder ?? openInOrder(frame, this.#frameRate, this.#format).encoder;
    const units = this.#fading?.units ?? AccessUnits.ofEncoder(this.#format.codec, encoder.extradata);
    this.#fading = { encoder, units };
    encoder.encode(frame, this.#keep);
  }

  stand(frame: Frame, count: number): void {
    this.#endFade();
    const { units, sequence, encoding } = encodeStill(frame, this.#frameRate, this.#format);
    this.#sequence = sequence;
    this.#encoding = encoding;
    const starts = units.map((unit) => {
      const start = this.#file.bytes;
      this.#file.append(unit);
      return start;
    });
    for (let i = 0; i < count; i++) {
      const inGroup = i % units.length;
      this.#add(starts[inGroup]!, units[inGroup]!.length, inGroup === 0);
    }
  }

  finish({ poster, notes, title }: Described): Spool {
    this.#file.finish();
    const sequence = this.#sequence;
    if (sequence === null) throw new Error('slides without a picture');
    const { folder, settings } = this.#options;
    const video = this.#video();
    const { width, height, sampleAspectRatio } = sequence;
    const { target } = settings;
    const wanted: SoundOptions = {
      source: this.#options.pages?.[0] ?? this.#options.source,
      path: join(folder, 'audio.aac'),
      sound: soundWanted(settings),
      channels: channelsWanted(settings),
      surround: false,
      loudness: null,
      origin: Ticks90k(0),
      duration: video.duration,
      onProgress: () => this.#options.onProgress(1),
    };
    const main = encodeSound(wanted);
    const { spooled, channels } = main;
    const further = spoolFurther({ wanted, main, target, folder, notes, copies: false });
    const { origin, duration } = wanted;
    const carried = carrySubtitles(this.#options, null, { frame: sequence, origin, duration });
    const properties: MediaProperties = {
      width,
      height,
      sampleAspectRatio,
      aspectRatio: aspectName({ width, height, sampleAspectRatio }),
      frameRate: this.#frameRate,
      videoCodec: sequence.name,
      audioCodec: aacName(channels),
      codecs: `${sequence.codecString},${AAC_CODEC_STRING}`,
      video: 'encoded',
      encoding: this.#encoding,
      audio: 'silent',
      channels,
      reason: 'a still picture',
      notes: notes.texts,
      title,
    };
    return {
      format: this.#format.codec.format,
      video,
      ...layoutDepth(sequence),
      audio: spooled,
      ...withFurther(further, carried),
      properties,
      poster,
    };
  }

  free(): void {
    this.#fading?.encoder.free();
    this.#fading = null;
    this.#file.discard();
  }

  readonly #keep = (packet: Packet): void => {
    const { data } = packet;
    if (data === null || this.#fading === null) return;
    const { units } = this.#fading;
    units.parse(data);
    const start = this.#file.bytes;
    this.#add(start, units.write(this.#file), packet.hasFlags(AV_PKT_FLAG_KEY));
  };

  #endFade(): void {
    if (this.#fading === null) return;
    this.#fading.encoder.encode(null, this.#keep);
    this.#fading.encoder.free();
    this.#fading = null;
  }

  #add(start: number, size: number, isRandomAccess: boolean): void {
    this.#starts.push(start);
    this.#sizes.push(size);
    this.#randomAccess.push(isRandomAccess ? 1 : 0);
  }

  #video(): SpooledVideo {
    const starts = this.#starts.view();
    const pts = Float64Array.from(starts, (_, index) => frameTime(index, this.#frameRate));
    return {
      open: () => openUnits(this.#path, starts),
      sizes: this.#sizes.view(),
      pts,
      randomAccess: this.#randomAccess.view(),
      duration: frameTime(starts.length, this.#frameRate),
      reorderDelay: this.#options.settings.target?.reorderDelay ?? Ticks90k(0),
    };
  }
}

/** Reads access units that begin at `starts` of a file. */
function openUnits(path: string, starts: Float64Array): AccessUnitReader {
  const file = openSync(path, 'r');
  let next = 0;
  return {
    read(out, offset, length) {
      if (readSync(file, out, offset, length, starts[next++]!) < length) throw new Error(`${path} ended early`);
    },
    close: () => closeSync(file),
  };
}

/** Responsible for slides as JPEG pictures. */
class JpegSlides implements SlideSink {
  readonly #frameRate: Ratio;
  readonly #path: string;
  readonly #file: SpoolFile;
  readonly #sizes = uint32Table();
  #size = { width: 0, height: 0, sampleAspectRatio: [1, 1] as Ratio };

  constructor({ folder }: SpoolOptions, frameRate: Ratio) {
    this.#frameRate = frameRate;
    this.#path = join(folder, 'frames.mjpeg');
    this.#file = new SpoolFile(this.#path);
  }

  fade(frame: Frame): void {
    this.stand(frame, 1);
  }

  stand(frame: Frame, count: number): void {
    this.#size = { ...this.#size, width: frame.width, height: frame.height };
    const encoder = openMjpeg(frame, this.#frameRate);
    const keep = ({ data }: Packet) => {
      if (data === null) return;
      for (let i = 0; i < count; i++) {
        this.#file.append(data);
        this.#sizes.push(data.length);
      }
    };
    try {
      encodeMjpeg(encoder, frame, keep);
      encoder.encode(null, keep);
    } finally {
      encoder.free();
    }
  }

  finish({ poster, notes, title }: Described): Spool {
    this.#file.finish();
    const sizes = this.#sizes.view();
    return {
      format: 'jpeg',
      frames: { path: this.#path, sizes },
      frameRate: this.#frameRate,
      duration: frameTime(sizes.length, this.#frameRate),
      poster,
      properties: jpegProperties(this.#size, { frameRate: this.#frameRate, notes, title }),
    };
  }

  free(): void {
    this.#file.discard();
  }
}
