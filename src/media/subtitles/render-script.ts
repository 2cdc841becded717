/** Renders a script with libass. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AV_PIX_FMT_RGBA } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { check } from '../ffmpeg-error.js';
import { FilterChain } from '../filters.js';
import { emptyPicture, type SubtitlePicture } from './picture.js';
import { plainText, type Script, type ScriptEvent, scriptFile } from './script.js';

/** Least time between two pictures: scripts with effects change with every picture of the film. */
const LEAST_INTERVAL = Ticks90k(TICKS_PER_SECOND / 10);

export interface RenderedPicture {
  start: Ticks90k;
  end: Ticks90k;
  /** The events that are on it. */
  events: ScriptEvent[];
  /** Null where libass has drawn nothing. */
  picture: SubtitlePicture | null;
}

/** The `ass` filter of a script file. `display`: the size of the picture with square pixels, as text is not to be stretched. */
export function assFilter(options: {
  path: string;
  fonts: string | null;
  display: { width: number; height: number };
  alpha?: boolean;
}): string {
  const { path, fonts, display, alpha = false } = options;
  const parts = [`f=${quoted(path)}`, `original_size=${display.width}x${display.height}`];
  if (fonts) parts.push(`fontsdir=${quoted(fonts)}`);
  if (alpha) parts.push('alpha=1');
  return `ass=${parts.join(':')}`;
}

/** A value as FFmpeg's filter graphs take it: quoted for the options, then for the graph. */
const quoted = (value: string): string =>
  value.replace(/[\\':]/g, (each) => `\\${each}`).replace(/[\\'[\],;]/g, (each) => `\\${each}`);

/** A part of time in which the same events are shown. */
interface Interval {
  start: Ticks90k;
  end: Ticks90k;
  events: ScriptEvent[];
}

/** The times between which the same events are shown; none without events. */
export function intervalsOf(events: readonly ScriptEvent[]): Interval[] {
  const times = [...new Set(events.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const kept: Ticks90k[] = [];
  for (const time of times) if (time - (kept.at(-1) ?? Number.NEGATIVE_INFINITY) >= LEAST_INTERVAL) kept.push(time);
  const sorted = events.toSorted((a, b) => a.start - b.start);
  const intervals: Interval[] = [];
  let first = 0;
  for (const [i, start] of kept.entries()) {
    const end = kept[i + 1] ?? times.at(-1)!;
    const middle = (start + end) / 2;
    while (first < sorted.length && sorted[first]!.end <= start) first++;
    const shown: ScriptEvent[] = [];
    for (let at = first; at < sorted.length && sorted[at]!.start <= middle; at++) {
      if (sorted[at]!.end > middle) shown.push(sorted[at]!);
    }
    if (end > start && shown.length > 0) intervals.push({ start, end, events: shown });
  }
  return intervals;
}

/**
 * Hands a picture of each interval to `take`, in order: as it is in its middle, behind fading in. `folder` is for a file. The picture is
 * the caller's.
 */
export function renderScript(
  script: Script,
  options: { folder: string; fonts: string | null; size: { width: number; height: number } },
  take: (rendered: RenderedPicture) => void,
): void {
  const { folder, fonts, size } = options;
  const intervals = intervalsOf(script.events);
  if (intervals.length === 0) return;
  // Scripts know no time before 0.
  const shift = Ticks90k(Math.max(0, -intervals[0]!.start));
  const path = join(folder, 'rendered.ass');
  writeFileSync(path, scriptFile(script, shift));
  const { width, height } = size;
  const description = `video_size=${width}x${height}:pix_fmt=rgba:time_base=1/${TICKS_PER_SECOND}:pixel_aspect=1/1`;
  const filters = [assFilter({ path, fonts, display: size, alpha: true })];
  const chain = new FilterChain({ kind: 'video', description, filters });
  const [ground, drawn] = [new Frame(), new Frame()];
  try {
    ground.alloc();
    drawn.alloc();
    Object.assign(ground, { width, height, format: AV_PIX_FMT_RGBA });
    check(ground.getBuffer(), 'a frame for subtitles');
    ground.data![0]!.fill(0);
    for (const interval of intervals) {
      ground.pts = BigInt(Math.round((interval.start + interval.end) / 2 + shift));
      chain.put(ground);
      if (!chain.take(drawn)) throw new Error('libass gave no picture');
      take({ ...interval, picture: straightened(drawn) });
      drawn.unref();
    }
  } finally {
    chain.free();
    ground.free();
    drawn.free();
    rmSync(path, { force: true });
  }
}

/** The frame as a picture: libass has blended with black, so colours are divided by their opacity. Null where all is transparent. */
function straightened(frame: Frame): SubtitlePicture | null {
  const { width, height } = frame;
  const data = frame.data![0]!;
  const stride = frame.linesize[0]!;
  let picture: SubtitlePicture | null = null;
  for (let y = 0; y < height; y++) {
    const line = data.subarray(y * stride, y * stride + width * 4);
    if (new Uint32Array(line.buffer, line.byteOffset, width).every((word) => word === 0)) continue;
    picture ??= emptyPicture({ width, height });
    const out = picture.rgba.subarray(y * width * 4, (y + 1) * width * 4);
    for (let x = 0; x < line.length; x += 4) {
      const alpha = line[x + 3]!;
      if (alpha === 0) continue;
      for (let i = 0; i < 3; i++) out[x + i] = Math.min(255, Math.round((line[x + i]! * 255) / alpha));
      out[x + 3] = alpha;
    }
  }
  return picture;
}

/** What the events say, for people, from the first to the last; empty for drawings. */
export const textOf = (events: readonly ScriptEvent[]): string => events.map(plainText).filter(Boolean).join('\n');
