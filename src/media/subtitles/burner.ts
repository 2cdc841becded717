/** Draws subtitles into pictures that are to be encoded. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AV_PICTURE_TYPE_NONE, AV_PIX_FMT_RGBA, AV_PIX_FMT_YUV420P10LE } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { check } from '../ffmpeg-error.js';
import { descriptionOf, FilterChain } from '../filters.js';
import { ratioOf } from '../ratio.js';
import { pictureOf } from './dvb.js';
import type { SubtitlePages } from './pages.js';
import { assFilter } from './render-script.js';
import { type Script, scriptFile } from './script.js';

export interface Burner {
  /**
   * The picture with what is shown at `time`, on the clock of the film's packets: `frame` itself where that is nothing. Another
   * frame is reused by the next call.
   */
  burn(frame: Frame, time: Ticks90k): Frame;
  free(): void;
}

/** Burns text, with all effects of its script. */
export class ScriptBurner implements Burner {
  readonly #script: Script;
  readonly #path: string;
  readonly #fonts: string | null;
  readonly #shift: Ticks90k;
  readonly #out = newFrame();
  #chain: FilterChain | null = null;
  #kind = '';
  /** Behind the last event that is over. */
  #next = 0;

  constructor(script: Script, { folder, fonts }: { folder: string; fonts: string | null }) {
    this.#script = script;
    this.#fonts = fonts;
    this.#path = join(folder, 'burned.ass');
    // Scripts know no time before 0.
    this.#shift = Ticks90k(Math.max(0, -(script.events[0]?.start ?? 0)));
    writeFileSync(this.#path, scriptFile(script, this.#shift));
  }

  burn(frame: Frame, time: Ticks90k): Frame {
    if (!this.#isShown(time)) return frame;
    const kind = descriptionOf(frame);
    if (kind !== this.#kind) {
      this.#chain?.free();
      const { width, height } = frame;
      const [num, den] = ratioOf(frame.sampleAspectRatio) ?? [1, 1];
      const display = { width: Math.round((width * num) / den), height };
      const filters = [assFilter({ path: this.#path, fonts: this.#fonts, display })];
      this.#chain = new FilterChain({ kind: 'video', description: kind, filters });
      this.#kind = kind;
    }
    return through(this.#chain!, { frame, time: Ticks90k(time + this.#shift), out: this.#out });
  }

  free(): void {
    this.#chain?.free();
    this.#out.free();
  }

  #isShown(time: Ticks90k): boolean {
    const { events } = this.#script;
    while (this.#next < events.length && events[this.#next]!.end <= time) this.#next++;
    for (let i = this.#next; i < events.length && events[i]!.start <= time; i++) if (events[i]!.end > time) return true;
    return false;
  }
}

/** Burns bitmaps. */
export class PageBurner implements Burner {
  readonly #pages: SubtitlePages;
  readonly #out = newFrame();
  #shown: ReturnType<SubtitlePages['at']> = null;
  #chain: FilterChain | null = null;
  #kind = '';

  constructor(pages: SubtitlePages) {
    this.#pages = pages;
  }

  burn(frame: Frame, time: Ticks90k): Frame {
    const shown = this.#shown;
    const page = shown && time >= shown.start && time < shown.end ? shown : this.#pages.at(time);
    if (page === null) return frame;
    const kind = descriptionOf(frame);
    if (page !== shown || kind !== this.#kind) {
      this.#chain?.free();
      this.#chain = null;
      this.#shown = page;
      this.#kind = kind;
      this.#chain = overlayOf(page.page, frame, kind);
    }
    return this.#chain ? through(this.#chain, { frame, time, out: this.#out }) : frame;
  }

  free(): void {
    this.#chain?.free();
    this.#out.free();
  }
}

/** A chain that lays a page over pictures such as `frame`; null for a page without bitmaps. */
function overlayOf(page: Parameters<typeof pictureOf>[0], frame: Frame, description: string): FilterChain | null {
  const picture = pictureOf(page);
  if (picture === null) return null;
  const { width, height, rgba } = picture;
  const chain = new FilterChain({
    kind: 'video',
    description,
    over: {
      description: `video_size=${width}x${height}:pix_fmt=rgba:time_base=1/${TICKS_PER_SECOND}:pixel_aspect=1/1`,
      filters: [`scale=${frame.width}:${frame.height}`],
    },
    // By default it takes away two of ten bits.
    filters: [`overlay=eof_action=repeat${frame.format === AV_PIX_FMT_YUV420P10LE ? ':format=yuv420p10' : ''}`],
  });
  const over = newFrame();
  try {
    Object.assign(over, { width, height, format: AV_PIX_FMT_RGBA });
    check(over.getBuffer(), 'a frame for subtitles');
    const data = over.data![0]!;
    const stride = over.linesize[0]!;
    for (let y = 0; y < height; y++) data.set(rgba.subarray(y * width * 4, (y + 1) * width * 4), y * stride);
    over.pts = 0n;
    chain.putOver(over);
    return chain;
  } catch (error) {
    chain.free();
    throw error;
  } finally {
    over.free();
  }
}

function through(chain: FilterChain, { frame, time, out }: { frame: Frame; time: Ticks90k; out: Frame }): Frame {
  const { pts } = frame;
  frame.pts = BigInt(time);
  chain.put(frame);
  frame.pts = pts;
  out.unref();
  if (!chain.take(out)) throw new Error('no picture came back with its subtitles');
  out.pts = pts;
  out.pictType = AV_PICTURE_TYPE_NONE;
  return out;
}

function newFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}
