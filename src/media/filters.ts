/** A row of FFmpeg filters with one end to put frames in and one to take them out. */
import { AV_BUFFERSRC_FLAG_KEEP_REF, AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { avGetPixFmtName, avGetSampleFmtName, Filter, type FilterContext, FilterGraph, type Frame } from 'node-av/lib';
import { TICKS_PER_SECOND } from '../base/units.js';
import { check, FfmpegError } from './ffmpeg-error.js';

const TICK_BASE = `1/${TICKS_PER_SECOND}`;

function filterNamed(name: string): Filter {
  const filter = Filter.getByName(name);
  if (filter === null) throw new FfmpegError(`this FFmpeg has no filter "${name}"`);
  return filter;
}

/** What a frame is: as long as it stays the same, one chain of filters serves. */
export function descriptionOf(frame: Frame): string {
  if (frame.isVideo()) {
    const { num, den } = frame.sampleAspectRatio;
    const aspect = num > 0 && den > 0 ? `${num}/${den}` : '1/1';
    return (
      `video_size=${frame.width}x${frame.height}:pix_fmt=${avGetPixFmtName(frame.format as never)}:` +
      `time_base=${TICK_BASE}:pixel_aspect=${aspect}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`
    );
  }
  const { mask } = frame.channelLayout;
  const layout = mask > 0n ? `0x${mask.toString(16)}` : `${frame.channels}c`;
  return (
    `sample_rate=${frame.sampleRate}:sample_fmt=${avGetSampleFmtName(frame.format as never)}:` +
    `channel_layout=${layout}:time_base=${TICK_BASE}`
  );
}

export class FilterChain {
  readonly #graph = new FilterGraph();
  readonly #in: FilterContext;
  readonly #out: FilterContext;
  /** Ticks in a unit of the time stamps that come out. */
  readonly #ticks: number;

  /**
   * `filters` in FFmpeg's notation, each `name=options`. Frames either are put in and look like `description`, with
   * times in ticks of 90 kHz, or come from a `source` filter.
   */
  constructor(options: { kind: 'video' | 'audio'; filters: string[]; description?: string; source?: string }) {
    const { kind, description, filters, source } = options;
    this.#graph.alloc();
    this.#in = this.#parse(source ?? `${kind === 'video' ? 'buffer' : 'abuffer'}=${description}`);
    let last = this.#in;
    for (const filter of filters) {
      const next = this.#parse(filter);
      check(last.link(0, next, 0), `filter ${filter}`);
      last = next;
    }
    this.#out = this.#create(kind === 'video' ? 'buffersink' : 'abuffersink', '');
    check(last.link(0, this.#out, 0), 'filter sink');
    check(this.#graph.configSync(), `filters ${filters.join(',')}`);
    const { num, den } = this.#out.buffersinkGetTimeBase();
    this.#ticks = (TICKS_PER_SECOND * num) / den;
  }

  /** Puts `frame` in, or the end with null. The frame stays the caller's. False when the filters want no more. */
  put(frame: Frame | null): boolean {
    const result = this.#in.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF);
    if (result === AVERROR_EOF) return false;
    check(result, 'filtering');
    return true;
  }

  /** Takes a frame out; false when there is none yet, or no more. */
  take(frame: Frame): boolean {
    const result = this.#out.buffersinkGetFrameSync(frame);
    if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return false;
    check(result, 'filtering');
    return true;
  }

  /** The time of a frame taken out, in ticks. */
  timeOf(frame: Frame): number {
    return Math.round(Number(frame.pts) * this.#ticks);
  }

  free(): void {
    this.#graph.free();
  }

  #parse(filter: string): FilterContext {
    const [name, ...options] = filter.split('=');
    return this.#create(name, options.join('='));
  }

  #create(name: string, options: string): FilterContext {
    const context = this.#graph.createFilter(filterNamed(name), `f${this.#graph.nbFilters}`, options || null);
    if (context === null) throw new FfmpegError(`filter ${name} does not take "${options}"`);
    return context;
  }
}
