/** The subtitles of a film: chosen, then burned in or made into pages. */
import type { Frame as AvFrame, Stream } from 'node-av/lib';
import type { Ticks90k } from '../../base/units.js';
import {
  candidatesOf,
  chooseSubtitles,
  firstSubtitles,
  noteOthers,
  type Subtitles,
} from '../input/choose-subtitles.js';
import { MediaInput } from '../input/input.js';
import { languageName } from '../input/track-names.js';
import { Notes } from '../notes.js';
import { isSideways, orientationOf } from '../pictures/orientation.js';
import { quotient, ratioOf } from '../ratio.js';
import type { Ratio } from '../settings.js';
import type { FilmSpool, SpooledFurther, SpoolOptions } from '../spool.js';
import { type Burner, PageBurner, ScriptBurner } from './burner.js';
import { carriedLanguages, wantsSubtitles } from './carried.js';
import { type Placement, SubtitlePages } from './pages.js';
import { areBitmaps, readBitmaps, readScript, writeFonts } from './read-subtitles.js';
import { renderScript, textOf } from './render-script.js';
import { plainText, type Script } from './script.js';

/** Lines of the pictures that text is drawn on; receivers scale them to theirs. */
const CANVAS_HEIGHT = 720;
/** Colours of rendered text: steps from its colour to that of its outline, and of their edges. Decoders of 4 bits show them. */
const TEXT_COLOURS = 16;
/** Shapes that differ by less are taken for the same. */
const SAME_SHAPE = 1.03;

/** Lines of text that are drawn to see whether there are fonts: one may be invisible on purpose. */
const TRIED = 10;

const withoutFonts = ({ name }: Subtitles): string =>
  `the subtitles (${name}) are left out: no font is installed, such as those of the package fonts-dejavu-core`;

const listed = new Intl.ListFormat('en-GB');

interface Frame {
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
}

/** The frame of pictures such as `picture`. */
export const frameOf = ({ width, height, sampleAspectRatio }: AvFrame): Frame => ({
  ...{ width, height },
  sampleAspectRatio: ratioOf(sampleAspectRatio) ?? [1, 1],
});

const shapeOf = ({ width, height, sampleAspectRatio }: Frame): number => (width * quotient(sampleAspectRatio)) / height;

/** A size of that shape for text. */
const canvasOf = (frame: Frame) => ({
  width: Math.max(2, 2 * Math.round((CANVAS_HEIGHT * shapeOf(frame)) / 2)),
  height: CANVAS_HEIGHT,
});

/** The subtitles of a source that are to be shown; null where the settings want none. Throws as `MediaInput` does. */
export const filmSubtitles = (options: SpoolOptions): FilmSubtitles | null =>
  wantsSubtitles(options.settings) ? new FilmSubtitles(options) : null;

type Sub = SpooledFurther & { stream: { kind: 'subtitles' } };

/**
 * A stream of subtitles for each language that the station carries, in the layout's order: for pictures of `frame`, the first of which
 * is at `origin`. Those that the film lacks are empty. `subtitles`: the film's; null where it has none or none are wanted.
 */
export function carrySubtitles(
  { settings }: Pick<SpoolOptions, 'settings'>,
  subtitles: FilmSubtitles | null,
  { frame, origin, duration }: { frame: Frame; origin: Ticks90k; duration: Ticks90k },
): Sub[] {
  return carriedLanguages(settings).map((language): Sub => {
    const pages = subtitles?.pagesIn(language, frame) ?? new SubtitlePages();
    return { stream: { kind: 'subtitles', language }, pages: pages.spooled({ origin, duration }) };
  });
}

type Further = Pick<FilmSpool, 'language' | 'further'>;

/** The further streams: tracks of sound in AAC, the subtitles, and sound in other codecs. */
export function withFurther(sound: Further, subtitles: readonly SpooledFurther[]): Further {
  if (subtitles.length === 0) return sound;
  const { further = [] } = sound;
  const aac = further.filter(({ stream }) => stream.kind === 'sound' && !stream.codec);
  const others = further.filter((each) => !aac.includes(each));
  return { ...sound, further: [...aac, ...subtitles, ...others] };
}

/** What is shown of the subtitles of one source. */
export class FilmSubtitles {
  readonly notes = new Notes();
  /** The subtitles that are burned in; null for none. */
  readonly burned: Subtitles | null;
  readonly #options: SpoolOptions;
  /** By language. */
  readonly #carried: ReadonlyMap<string, Subtitles>;
  /** The film's own shape, upright. */
  readonly #shape: number;
  #fonts: string | null | undefined;

  /** Throws as `MediaInput` does. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    const { source, settings, subtitleFiles: files = [] } = options;
    const input = new MediaInput(source);
    try {
      const candidates = candidatesOf({ streams: input.streams, files }, this.notes);
      const carried = carriedLanguages(settings);
      const choice = chooseSubtitles(candidates, carried);
      this.#carried = new Map(carried.flatMap((language, i) => (choice[i] ? [[language, choice[i]] as const] : [])));
      const burned = settings.burnSubtitles ? firstSubtitles(candidates, settings.subtitles) : null;
      this.burned = burned;
      noteOthers(candidates, [...choice, burned], this.notes);
      const missing = carried.filter((language) => !this.#carried.has(language));
      if (missing.length > 0) this.notes.add(`no subtitles in ${listed.format(missing.map(languageName))}`);
      this.#shape = shapeOfFilm(input.video);
    } finally {
      input.close();
    }
  }

  /** Draws the subtitles into pictures of `frame`; null where none are to be burned in. */
  burner(frame: Frame): Burner | null {
    const { source, folder } = this.#options;
    const { burned } = this;
    if (burned === null) return null;
    if (areBitmaps(burned)) return new PageBurner(this.#pagesOf(burned, frame));
    const script = readScript(source, burned, canvasOf(frame));
    if (!this.#isDrawn(script, canvasOf(frame))) this.notes.add(withoutFonts(burned));
    return new ScriptBurner(script, { folder, fonts: this.#fontFolder() });
  }

  /** Whether something is seen of the first lines of text; true where there is no text. */
  #isDrawn(script: Script, size: { width: number; height: number }): boolean {
    const events = script.events.filter((event) => plainText(event) !== '').slice(0, TRIED);
    let isDrawn = events.length === 0;
    renderScript({ ...script, events }, { ...this.#rendering(), size }, ({ picture }) => {
      isDrawn ||= picture !== null;
    });
    return isDrawn;
  }

  /** The subtitles in a language that is carried, on the clock of the film's packets; null where the film has none. */
  pagesIn(language: string, frame: Frame): SubtitlePages | null {
    const subtitles = this.#carried.get(language);
    return subtitles ? this.#pagesOf(subtitles, frame) : null;
  }

  #pagesOf(subtitles: Subtitles, frame: Frame): SubtitlePages {
    const { source } = this.#options;
    if (subtitles.kind === 'track' && areBitmaps(subtitles)) {
      return this.#bitmapsOf(subtitles, frame);
    }
    const pages = new SubtitlePages({ colours: TEXT_COLOURS });
    const size = canvasOf(frame);
    const script = readScript(source, subtitles, size);
    let isText = false;
    let end: Ticks90k | null = null;
    renderScript(script, { ...this.#rendering(), size }, ({ start, end: to, events, picture }) => {
      if (end !== null && end < start) pages.show(end, null);
      const text = textOf(events);
      isText ||= text !== '';
      pages.show(start, picture, text);
      end = to;
    });
    if (end !== null) pages.finish(end);
    if (isText && pages.count === 0) this.notes.add(withoutFonts(subtitles));
    this.#noteTooLarge(subtitles, pages);
    return pages;
  }

  #bitmapsOf(subtitles: Subtitles & { kind: 'track' }, frame: Frame): SubtitlePages {
    const { source } = this.#options;
    let pages: SubtitlePages | null = null;
    let last: Ticks90k | null = null;
    readBitmaps(source, subtitles, (time, picture) => {
      const squares = subtitles.format === 'pgs';
      if (picture !== null) {
        pages ??= new SubtitlePages({
          placement: placementOf({ film: this.#shape, frame: shapeOf(frame), canvas: squares ? picture : null }),
        });
      }
      pages?.show(time, picture);
      last = time;
    });
    const made = (pages as SubtitlePages | null) ?? new SubtitlePages();
    // Until the film's end, where nothing clears it.
    if (last !== null) made.finish(Number.POSITIVE_INFINITY as Ticks90k);
    this.#noteTooLarge(subtitles, made);
    return made;
  }

  #noteTooLarge({ name }: Subtitles, { tooLarge }: SubtitlePages): void {
    if (tooLarge > 0)
      this.notes.add(`${tooLarge} pictures of the subtitles (${name}) are left out: they are too large`);
  }

  #rendering() {
    return { folder: this.#options.folder, fonts: this.#fontFolder() };
  }

  #fontFolder(): string | null {
    const { source, folder } = this.#options;
    this.#fonts ??= writeFonts(source, folder);
    return this.#fonts;
  }
}

function shapeOfFilm({ codecpar, sampleAspectRatio }: Stream): number {
  const pixel = ratioOf(sampleAspectRatio) ?? ratioOf(codecpar.sampleAspectRatio) ?? [1, 1];
  const shape = shapeOf({ width: codecpar.width, height: codecpar.height, sampleAspectRatio: pixel });
  return isSideways(orientationOf(codecpar)) ? 1 / shape : shape;
}

/**
 * Where a picture of subtitles lies on one of the shape `frame` that shows a film of the shape `film`, whole: on the film. `canvas`: its
 * size where its pixels are square. Films are often cropped, and then it is centred on them, as wide as they are.
 */
export function placementOf(options: {
  film: number;
  frame: number;
  canvas: { width: number; height: number } | null;
}): Placement {
  const { film, frame, canvas } = options;
  const isSame = (a: number, b: number) => Math.max(a / b, b / a) < SAME_SHAPE;
  const on = isSame(film, frame)
    ? { width: 1, height: 1 }
    : { width: Math.min(1, film / frame), height: Math.min(1, frame / film) };
  const shape = canvas ? canvas.width / canvas.height : film;
  return isSame(shape, film) ? on : { width: on.width, height: (on.width * frame) / shape };
}
