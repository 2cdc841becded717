/** Reads subtitles of a film, or of a file beside it. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AVMEDIA_TYPE_ATTACHMENT } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import { isSystemError } from '../../base/file-problem.js';
import { systemPath } from '../../base/path-bytes.js';
import { messageOf, Problem } from '../../base/problem.js';
import { Ticks90k } from '../../base/units.js';
import { DvbSubtitleDecoder } from '../../wire/dvb-subtitle-decoder.js';
import type { Subtitles } from '../input/choose-subtitles.js';
import { MediaInput } from '../input/input.js';
import { DvbDecoder } from './dvb.js';
import { PgsDecoder } from './pgs.js';
import { plainHead, type Script, type ScriptEvent } from './script.js';
import type { BitmapDecoder, Show } from './shown.js';
import { eventOf } from './stored-text.js';
import { parseSubStation } from './sub-station.js';
import { parseSubRip } from './subrip.js';
import { MOST_SUBTITLE_FILE, type SubtitleFile } from './subtitle-files.js';
import { decodeText } from './text-encoding.js';
import { VobSubDecoder } from './vobsub.js';
import { parseWebVtt } from './webvtt.js';

/** Most bytes of text in one track, and of fonts in one film. */
const MOST_TEXT = 1 << 25;
const MOST_FONTS = 1 << 27;

interface Size {
  width: number;
  height: number;
}

/** Whether subtitles are bitmaps in the source. */
export const areBitmaps = ({ format }: Subtitles): boolean => ['dvb', 'vobsub', 'pgs'].includes(format);

/**
 * Text subtitles as a script, with times on the clock of the film's packets. `frame`: the picture as displayed. Throws a Problem where
 * the file cannot be read.
 */
export function readScript(source: string, subtitles: Subtitles, frame: Size): Script {
  const input = new MediaInput(source);
  try {
    if (subtitles.kind === 'file') return scriptOfFile(source, subtitles.file, { start: playedFrom(input), frame });
    const { stream: index, format } = subtitles;
    if (format === 'dvb' || format === 'vobsub' || format === 'pgs') throw new Error(`${format} is no text`);
    const { extradata } = input.streams[index]!.codecpar;
    const head = format === 'ass' && extradata ? parseSubStation(decodeText(extradata)).head : plainHead(frame);
    const events: ScriptEvent[] = [];
    let bytes = 0;
    for (const timed of input.packetsOf(new Set([index]))) {
      const event = eventOf(timed, format);
      bytes += timed.packet.size;
      if (bytes > MOST_TEXT) break;
      if (event) events.push(event);
    }
    return { head, events: events.toSorted((a, b) => a.start - b.start) };
  } finally {
    input.close();
  }
}

/** What players show as 0: not what sound has ahead of it for its decoder. */
const playedFrom = ({ start }: MediaInput): Ticks90k => Ticks90k(Math.max(0, start));

function scriptOfFile(source: string, { name, format }: SubtitleFile, at: { start: Ticks90k; frame: Size }): Script {
  const text = decodeText(readSmall(join(dirname(source), name)));
  const parsed = format === 'ass' ? parseSubStation(text) : null;
  const events = parsed?.events ?? (format === 'subrip' ? parseSubRip(text) : parseWebVtt(text));
  const moved = events.map((event) => ({
    ...event,
    start: Ticks90k(event.start + at.start),
    end: Ticks90k(event.end + at.start),
  }));
  return { head: parsed?.head ?? plainHead(at.frame), events: moved.toSorted((a, b) => a.start - b.start) };
}

function readSmall(path: string): Buffer {
  try {
    const stats = statSync(systemPath(path));
    if (stats.isFile() && stats.size <= MOST_SUBTITLE_FILE) return readFileSync(systemPath(path));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Problem('source', `${path}: cannot be read: ${messageOf(error)}`, 'Check the file and its permissions.');
  }
  throw new Problem('source', `${path}: is no file of subtitles`, 'Remove it, or save it as text.');
}

/** Hands the pictures of a track of bitmaps to `show`, on the clock of the film's packets. */
export function readBitmaps(source: string, subtitles: Subtitles & { kind: 'track' }, show: Show): void {
  const input = new MediaInput(source);
  try {
    const stream = input.streams[subtitles.stream]!;
    const decoder = decoderOf(subtitles, stream, show);
    for (const { packet, pts, duration } of input.packetsOf(new Set([stream.index]))) {
      if (packet.data !== null && pts !== null) decoder.decode(packet.data, pts, duration);
    }
    decoder.finish?.();
  } finally {
    input.close();
  }
}

function decoderOf({ format }: Subtitles, { codecpar }: Stream, show: Show): BitmapDecoder {
  const { width, height, extradata } = codecpar;
  if (format === 'pgs') return new PgsDecoder(show);
  if (format === 'dvb') return new DvbDecoder(show, { decoder: new DvbSubtitleDecoder(), extradata });
  const size = width > 0 && height > 0 ? { width, height } : null;
  return new VobSubDecoder(show, { head: extradata?.toString('latin1') ?? '', size });
}

/** Writes the fonts that a film has with it into a new folder; null where there are none. */
export function writeFonts(source: string, folder: string): string | null {
  const input = new MediaInput(source);
  try {
    const fonts = input.streams
      .filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_ATTACHMENT)
      .flatMap(({ codecpar }) => codecpar.extradata ?? []);
    if (fonts.length === 0) return null;
    const path = join(folder, 'fonts');
    mkdirSync(path, { recursive: true });
    let bytes = 0;
    for (const [i, font] of fonts.entries()) {
      bytes += font.length;
      // Their names come from the film, and libass looks into them only.
      if (bytes <= MOST_FONTS) writeFileSync(join(path, `${i}.ttf`), font);
    }
    return path;
  } finally {
    input.close();
  }
}
