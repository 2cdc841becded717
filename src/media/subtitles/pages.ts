/** Subtitles as pages of DVB, in the order of time. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { encodeSubtitlePage, type SubtitlePage, type SubtitleRegion } from '../../wire/dvb-subtitle.js';
import type { SubtitlePages as SpooledPages } from '../spool.js';
import { regionsOf, type SubtitlePicture } from './picture.js';

/** Most bytes of PES data: PES_packet_length counts them, and what is before them, in 16 bits. */
const MOST_DATA = 65_000;
/** Most bytes of all pages of a track: a film of hours has 20 MB. */
const MOST_BYTES = 1 << 27;
/** Colours of a page: as many as it has; with fewer where it would be too large. */
const colourSteps = [256, 16, 8, 4];
/** Before the end of a reel, the last page is cleared this long ahead: before anything of the next one. */
const CLEARED_BEFORE_END = Ticks90k(TICKS_PER_SECOND / 25);
/** A page is sent again this long after, for viewers that tune in. */
const REPETITION = Ticks90k(TICKS_PER_SECOND);
/** A receiver that misses the page that clears another does so by itself this long after, seconds. */
const TIMEOUT_MARGIN = 2;
const LONGEST_TIMEOUT = 255;

/** Where a source's picture of subtitles lies on the picture on the air, as shares of its width and height; centred. */
export interface Placement {
  width: number;
  height: number;
}

interface Page {
  start: Ticks90k;
  end: Ticks90k;
  /** Without version and timeout. */
  page: SubtitlePage;
}

const same = { width: 1, height: 1 };

/**
 * Responsible for:
 * - taking what is shown, on the clock of the film's packets
 * - the pages for a reel, from its first picture to its end
 */
export class SubtitlePages {
  readonly #placement: Placement;
  readonly #colours: number;
  readonly #pages: Page[] = [];
  #open: Page | null = null;
  /** Where the last one was looked for: most often the next is the same. */
  #at = 0;
  #bytes = 0;
  /** Pages that are left out because they are too large. */
  tooLarge = 0;

  /** `colours`: most colours of a region. */
  constructor({ placement = same, colours = 256 }: { placement?: Placement; colours?: number } = {}) {
    this.#placement = placement;
    this.#colours = colours;
  }

  /** From `time` on `picture` is shown, or nothing. `text`: what it says. */
  show(time: Ticks90k, picture: SubtitlePicture | null, text = ''): void {
    const start = Ticks90k(Math.max(time, this.#open?.start ?? time));
    this.#close(start);
    const page = picture === null ? null : this.#pageOf(picture, text);
    this.#open = page && { start, end: start, page };
  }

  /** What is shown last ends at `time`. */
  finish(time: Ticks90k): void {
    this.#close(time);
  }

  get count(): number {
    return this.#pages.length;
  }

  /** The page at `time`; null for none. */
  at(time: Ticks90k): Page | null {
    const before = this.#pages[this.#at];
    if (before === undefined || before.start > time) this.#at = 0;
    while (this.#at < this.#pages.length && this.#pages[this.#at]!.end <= time) this.#at++;
    const page = this.#pages[this.#at];
    return page && page.start <= time ? page : null;
  }

  /** The pages of a reel whose first picture is at `origin`. */
  spooled({ origin, duration }: { origin: Ticks90k; duration: Ticks90k }): SpooledPages {
    const last = Math.max(0, duration - CLEARED_BEFORE_END);
    const reel = new ReelPages();
    let cleared = 0;
    for (const { start: from, end: to, page } of this.#pages) {
      const start = Math.max(0, from - origin);
      const end = Math.min(last, to - origin);
      if (end <= start) continue;
      reel.clear(cleared, start, page);
      reel.show(start, end, page);
      cleared = end;
    }
    reel.clear(cleared, duration, null);
    return reel.pages;
  }

  #close(end: Ticks90k): void {
    const open = this.#open;
    this.#open = null;
    if (open && end > open.start) this.#pages.push({ ...open, end });
  }

  #pageOf(picture: SubtitlePicture, text: string): SubtitlePage | null {
    for (const colours of colourSteps) {
      if (colours > this.#colours) continue;
      const regions = regionsOf(picture, colours);
      if (regions.length === 0) return null;
      const page = placed(
        { ...sizeOf(picture), regions, timeout: 1, text: text === '' ? null : { age: 0, duration: 0, text } },
        this.#placement,
      );
      const bytes = lengthOf(page);
      if (bytes > MOST_DATA) continue;
      this.#bytes += bytes;
      if (this.#bytes <= MOST_BYTES) return page;
      break;
    }
    this.tooLarge++;
    return null;
  }
}

/**
 * Responsible for the pages of a reel: each is sent again while nothing changes, for viewers that tune in, with another version, so that
 * it is whole for every decoder.
 */
class ReelPages {
  readonly pages: SpooledPages = [];
  #size = { width: 720, height: 576 };
  #version = 0;

  /** Shows a page. */
  show(start: number, end: number, page: SubtitlePage): void {
    this.#size = { width: page.width, height: page.height };
    for (let pts = start; pts < end; pts += REPETITION) {
      const left = (end - pts) / TICKS_PER_SECOND;
      const age = Math.round(((pts - start) * 1_000) / TICKS_PER_SECOND);
      const text = page.text ? { ...page.text, age, duration: Math.round(left * 1_000) } : null;
      this.#add(pts, { ...page, text, timeout: Math.min(LONGEST_TIMEOUT, Math.ceil(left) + TIMEOUT_MARGIN) });
    }
  }

  /** Shows nothing; `next`: the page behind it, for its size. */
  clear(start: number, end: number, next: SubtitlePage | null): void {
    if (this.pages.length === 0 && next) this.#size = { width: next.width, height: next.height };
    for (let pts = start; pts < end; pts += REPETITION) {
      this.#add(pts, { ...this.#size, regions: [], timeout: 1 });
    }
  }

  #add(pts: number, page: SubtitlePage): void {
    this.pages.push({ pts: Ticks90k(pts), data: encodeSubtitlePage(page, this.#version++) });
  }
}

const sizeOf = ({ width, height }: SubtitlePicture) => ({ width, height });

/** Bytes of a page; infinite where a segment has no room for it. */
function lengthOf(page: SubtitlePage): number {
  try {
    return encodeSubtitlePage(page, 0).length;
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** The page on a display that has the size of the picture on the air, in pixels of the page. What would lie outside is moved inside. */
function placed(page: SubtitlePage, { width, height }: Placement): SubtitlePage {
  const whole = { width: Math.round(page.width / width), height: Math.round(page.height / height) };
  const [left, top] = [(whole.width - page.width) / 2, (whole.height - page.height) / 2];
  const regions = page.regions.flatMap((region): SubtitleRegion[] => {
    if (region.width > whole.width || region.height > whole.height) return [];
    const within = (at: number, most: number) => Math.max(0, Math.min(most, Math.round(at)));
    const x = within(region.x + left, whole.width - region.width);
    const y = within(region.y + top, whole.height - region.height);
    return [{ ...region, x, y }];
  });
  return { ...page, ...whole, regions };
}
