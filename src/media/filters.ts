/** A chain of FFmpeg filters: frames are put in at one end and taken out at the other. */
import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
  AV_CHANNEL_ORDER_AMBISONIC,
  AV_CHANNEL_ORDER_CUSTOM,
  AVERROR_EAGAIN,
  AVERROR_EOF,
} from 'node-av/constants';
import {
  avChannelLayoutDefault,
  avGetPixFmtName,
  avGetSampleFmtName,
  type FilterContext,
  FilterGraph,
  type Frame,
} from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { check, FfmpegError } from './ffmpeg-error.js';

const TICK_BASE = `1/${TICKS_PER_SECOND}`;

/** The kind of a frame, as the filter `buffer` or `abuffer` wants it; a chain serves frames of one kind. */
export function descriptionOf(frame: Frame): string {
  if (frame.isVideo()) {
    const { num, den } = frame.sampleAspectRatio;
    const aspect = num > 0 && den > 0 ? `${num}/${den}` : '1/1';
    return (
      `video_size=${frame.width}x${frame.height}:pix_fmt=${avGetPixFmtName(frame.format as never)}:` +
      `time_base=${TICK_BASE}:pixel_aspect=${aspect}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`
    );
  }
  const { mask } = layoutOf(frame);
  const layout = mask > 0n ? `0x${mask.toString(16)}` : `${frame.channels}c`;
  return (
    `sample_rate=${frame.sampleRate}:sample_fmt=${avGetSampleFmtName(frame.format as never)}:` +
    `channel_layout=${layout}:time_base=${TICK_BASE}`
  );
}

const ownOrders: ReadonlySet<number> = new Set([AV_CHANNEL_ORDER_CUSTOM, AV_CHANNEL_ORDER_AMBISONIC]);
const hasOwnOrder = (frame: Frame): boolean => ownOrders.has(frame.channelLayout.order);

/** Channels in an order of their own have no mask: they are taken for the usual ones of that number. */
const layoutOf = (frame: Frame) => (hasOwnOrder(frame) ? avChannelLayoutDefault(frame.channels) : frame.channelLayout);

export class FilterChain {
  readonly #graph = new FilterGraph();
  /** Null where a source filter makes the frames. */
  readonly #in: FilterContext | null;
  readonly #out: FilterContext;
  /** Ticks in a unit of the time stamps that come out. */
  readonly #ticks: number;

  /**
   * `filters` in FFmpeg's notation, each `name=options`. Frames either are put in and look like `description`, with
   * times in ticks of 90 kHz, or come from `source`, a filter or a graph of filters with one end. `over`: filters for one frame,
   * put in by `putOver`, which the filters lay over each of the others.
   */
  constructor(options: {
    kind: 'video' | 'audio';
    filters: string[];
    description?: string;
    source?: string;
    /** What comes out; default the same kind. */
    to?: 'video';
    over?: { description: string; filters: string[] };
  }) {
    const { kind, description, filters, source, over, to = kind } = options;
    const buffer = `${kind === 'video' ? '' : 'a'}buffer`;
    const sink = `${to === 'video' ? '' : 'a'}buffersink@out`;
    const begin = source ?? `${buffer}@in=${description}`;
    const begins = over
      ? `${begin}[in];${[`buffer@over=${over.description}`, ...over.filters].join(',')}[over];[in][over]`
      : `${begin},`;
    const graph = begins + [...filters, sink].join(',');
    this.#graph.alloc();
    check(this.#graph.parsePtr(graph), `parsing ${graph}`);
    check(this.#graph.configSync(), `opening ${graph}`);
    this.#in = this.#graph.getFilter(`${buffer}@in`);
    const out = this.#graph.getFilter(sink);
    if (out === null) throw new FfmpegError(`no end in ${graph}`);
    this.#out = out;
    const { num, den } = out.buffersinkGetTimeBase();
    this.#ticks = (TICKS_PER_SECOND * num) / den;
  }

  /** Puts `frame` in, or the end with null. The frame stays the caller's. False when the filters take no more. */
  put(frame: Frame | null): boolean {
    if (frame?.isAudio() && hasOwnOrder(frame)) frame.channelLayout = layoutOf(frame);
    const result = this.#in?.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF) ?? AVERROR_EOF;
    if (result === AVERROR_EOF) return false;
    check(result, 'filtering');
    return true;
  }

  /** Puts in the frame that lies over all others. It stays the caller's. */
  putOver(frame: Frame): void {
    const over = this.#graph.getFilter('buffer@over');
    if (over === null) throw new FfmpegError('no second beginning');
    check(over.buffersrcAddFrameSync(frame, AV_BUFFERSRC_FLAG_KEEP_REF), 'filtering');
    check(over.buffersrcAddFrameSync(null), 'filtering');
  }

  /** Takes a frame out; false when there is none yet, or no more. */
  take(frame: Frame): boolean {
    const result = this.#out.buffersinkGetFrameSync(frame);
    if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return false;
    check(result, 'filtering');
    return true;
  }

  /** The time of a frame taken out, in ticks. */
  timeOf(frame: Frame): Ticks90k {
    return Ticks90k(Math.round(Number(frame.pts) * this.#ticks));
  }

  /** The value of a filter's option, such as one that it exports; `filter` is its name with its instance. */
  optionOf(filter: string, option: string): string | null {
    return this.#graph.getFilter(filter)?.getOption(option) ?? null;
  }

  free(): void {
    this.#graph.free();
  }
}
