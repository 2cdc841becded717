/** A station with one of its tracks of sound, for players that cannot choose: pages, and players that ask for a language. */
import { primaryLanguage, trackFor } from '../contract/sound.js';
import { firstSubtitles } from '../contract/subtitles.js';
import { type SelectOptions, selectTrack } from '../wire/select-track.js';
import type { StationInfo } from '../wire/station-info.js';
import { HttpProblem } from './http-problem.js';
import type { Chunk, ReadStart, StationReader, StationSource } from './source.js';

/** Sources by what is selected of a station. */
const known = new WeakMap<StationSource, Map<string, StationSource>>();
/** Selected chunks, shared by all readers as the chunks that they come from. */
const selected = new WeakMap<Chunk, Map<string, Chunk>>();

/** The station with that track, the same object each time. */
export function withTrack(source: StationSource, options: SelectOptions): StationSource {
  const { track: number, soundOnly = false, subtitles, hidesSubtitles = false, subtitlesOnly = false } = options;
  const kept = subtitles ? `${subtitles.first} ${subtitles.count} ${hidesSubtitles}` : '';
  const key = `${number} ${soundOnly} ${subtitlesOnly} ${kept}`;
  const sources = known.get(source) ?? new Map<string, StationSource>();
  known.set(source, sources);
  const track = sources.get(key) ?? new OneTrack(source, options, key);
  sources.set(key, track);
  return track;
}

/** For pages: the track in one of the languages `wanted`, or the main one, and all subtitles, which the page draws. */
export function forPage(source: StationSource, wanted: readonly string[]): StationSource {
  const { info } = source;
  if (!info.languages) return source;
  return withTrack(source, { track: trackFor(info, wanted), subtitles: allSubtitles(info), hidesSubtitles: true });
}

const allSubtitles = (info: StationInfo): SelectOptions['subtitles'] =>
  info.subtitles && { first: firstSubtitles(info), count: info.subtitles.length };

/** One track of sound, the pictures and all subtitles; undefined: all tracks. Throws an HttpProblem where the station does not have it. */
export function inLanguage(source: StationSource, language: unknown): StationSource {
  if (language === undefined) return source;
  return withTrack(source, { track: trackOf(source, language), subtitles: allSubtitles(source.info) });
}

/** The track of sound in a language alone. Throws an HttpProblem where the station does not have it. */
export function soundOf(source: StationSource, language: string): StationSource {
  return withTrack(source, { track: trackOf(source, language), soundOnly: true });
}

/** The subtitles in a language alone. Throws an HttpProblem where the station does not have them. */
export function subtitlesOf(source: StationSource, language: string): StationSource {
  const { info } = source;
  const stream = info.subtitles?.indexOf(language) ?? -1;
  if (stream < 0) throw new HttpProblem(404, 'No subtitles in that language', 'index.m3u8 lists those that there are.');
  return withTrack(source, {
    track: 0,
    subtitles: { first: firstSubtitles(info) + stream, count: 1 },
    subtitlesOnly: true,
  });
}

/** The track of a language. Throws an HttpProblem where the station does not have it. */
export function trackOf({ info }: StationSource, language: unknown): number {
  const { languages = [] } = info;
  const track = typeof language === 'string' ? languages.indexOf(primaryLanguage(language)) : -1;
  if (track < 0) throw noSuchTrack(languages);
  return track;
}

const noSuchTrack = (languages: readonly string[]): HttpProblem => {
  const there =
    languages.length > 0 ? `Its tracks are ${languages.join(', ')}.` : 'It has one track: leave the language out.';
  return new HttpProblem(404, 'No sound in that language', there);
};

class OneTrack implements StationSource {
  readonly #source: StationSource;
  readonly #options: SelectOptions;
  readonly #key: string;

  constructor(source: StationSource, options: SelectOptions, key: string) {
    this.#source = source;
    this.#options = options;
    this.#key = key;
  }

  get info() {
    return this.#source.info;
  }

  now() {
    return this.#source.now();
  }

  get oldest() {
    return this.#source.oldest;
  }

  get itemFrom() {
    return this.#source.itemFrom;
  }

  randomAccessPoints(...range: Parameters<StationSource['randomAccessPoints']>) {
    return this.#source.randomAccessPoints(...range);
  }

  programmes(...range: Parameters<StationSource['programmes']>) {
    return this.#source.programmes(...range);
  }

  poster() {
    return this.#source.poster();
  }

  async read(start: ReadStart, client?: string): Promise<StationReader> {
    const reader = await this.#source.read(start, client);
    return {
      get position() {
        return reader.position;
      },
      get ended() {
        return reader.ended;
      },
      read: (maxBytes) => reader.read(maxBytes).map((chunk) => this.#select(chunk)),
      wait: (ready) => reader.wait(ready),
      skipToLive: () => reader.skipToLive(),
      close: () => reader.close(),
    };
  }

  #select(chunk: Chunk): Chunk {
    const selections = selected.get(chunk) ?? new Map<string, Chunk>();
    selected.set(chunk, selections);
    const same = selections.get(this.#key);
    if (same) return same;
    const { time, randomAccess, data } = chunk;
    const made = { time, randomAccess, data: selectTrack(data, this.#options) };
    selections.set(this.#key, made);
    return made;
  }
}
