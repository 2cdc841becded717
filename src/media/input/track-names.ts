/** Names of tracks for people, by their language and title. */
import type { Stream } from 'node-av/lib';
import { printable } from '../../base/printable.js';

/** Longest title of a track in a note, characters. */
const LONGEST_TITLE = 40;

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
/** ISO 639-2. */
export const UNDETERMINED = 'und';

/** A tag of a stream's metadata; empty where it has none. */
export const tagOf = (stream: Stream, tag: string): string => stream.metadata?.get(tag) ?? '';

/** The language of a tag, of any of the ISO 639 kinds, as in RFC 5646 without a region: "de" for "ger" and "de-AT". */
export function languageOf(tag: string): string {
  try {
    // ICU has no language for "und".
    return new Intl.Locale(tag.replaceAll('_', '-')).language ?? UNDETERMINED;
  } catch (error) {
    if (error instanceof RangeError) return tag.toLowerCase();
    throw error;
  }
}

/** "German" for "de"; the code itself where it has no name. */
export const languageName = (language: string): string => languageNames.of(language) ?? language;

/** The language, the title, or both; null where a track has neither. */
export function trackName(stream: Stream): string | null {
  const title = printable(tagOf(stream, 'title').trim()).slice(0, LONGEST_TITLE);
  const code = languageOf(tagOf(stream, 'language'));
  const language = /^[a-z]{2,3}$/.test(code) && code !== UNDETERMINED ? languageNames.of(code) : undefined;
  if (!language) return title || null;
  return title === '' || title.toLowerCase().includes(language.toLowerCase())
    ? title || language
    : `${language}: ${title}`;
}
