/** Files with subtitles beside a film: `film.srt`, `film.de.srt`, `film.de.forced.ass`. No FFmpeg: parents look for them too. */
import { basename, extname } from 'node:path';
import { languageOf } from '../input/language.js';

export const subtitleFormats = { '.srt': 'subrip', '.vtt': 'webvtt', '.ass': 'ass', '.ssa': 'ass' } as const;
export type SubtitleFormat = (typeof subtitleFormats)[keyof typeof subtitleFormats];

/** Most bytes of such a file: text of a film of hours has less than one million, with fonts in it some more. */
export const MOST_SUBTITLE_FILE = 1 << 25;
/** Most of them beside one film. */
const MOST_FILES = 64;

export interface SubtitleFile {
  /** The file's name, without its folder. */
  name: string;
  format: SubtitleFormat;
  /** RFC 5646 without a region; null where the name has none. */
  language: string | null;
  /** Only what is spoken in a foreign language, and signs. */
  isForced: boolean;
  isForHearingImpaired: boolean;
}

const forced = new Set(['forced', 'foreign']);
const hearingImpaired = new Set(['sdh', 'cc', 'hi']);

/** The files with subtitles of `film` among `names`, the contents of its folder, in the order of their names. */
export function subtitleFilesAmong(film: string, names: readonly string[]): SubtitleFile[] {
  const stem = basename(film, extname(film)).toLowerCase();
  return names
    .flatMap((name): SubtitleFile[] => {
      const format = subtitleFormats[extname(name).toLowerCase() as keyof typeof subtitleFormats];
      const own = basename(name, extname(name)).toLowerCase();
      if (!format || !(own === stem || own.startsWith(`${stem}.`))) return [];
      const marks = own.slice(stem.length).split('.').filter(Boolean);
      const languages = marks.flatMap((mark) => languageOfMark(mark) ?? []);
      // "hi" is Hindi where no other language is named.
      const language = languages.find((each) => each !== 'hi') ?? languages[0] ?? null;
      const flags = marks.filter((mark) => mark !== language);
      return [
        {
          ...{ name, format, language },
          isForced: flags.some((mark) => forced.has(mark)),
          isForHearingImpaired: flags.some((mark) => hearingImpaired.has(mark)),
        },
      ];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MOST_FILES);
}

const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** Languages by their English names, such as "German", which some programs write into file names. */
const byName = new Map(
  'ar bg ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv th tr uk vi zh'
    .split(' ')
    .map((code) => [names.of(code)?.toLowerCase() ?? code, code] as const),
);

/** The language of a part of a file's name; null where it is none. */
function languageOfMark(mark: string): string | null {
  const named = byName.get(mark);
  if (named) return named;
  // "sdh" is a language as well, of few films.
  if (mark === 'sdh' || mark === 'cc') return null;
  if (!/^[a-z]{2,3}([-_][a-z0-9]{2,4})*$/.test(mark)) return null;
  const language = languageOf(mark);
  return names.of(language) ? language : null;
}
