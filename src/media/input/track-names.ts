/** Names of tracks for people, by their language and title. */
import type { Stream } from 'node-av/lib';
import { printable } from '../../base/printable.js';
import { languageOf, UNDETERMINED } from './language.js';

/** Longest title of a track in a note, characters. */
const LONGEST_TITLE = 40;

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** A tag of a stream's metadata; empty where it has none. */
export const tagOf = (stream: Stream, tag: string): string => stream.metadata?.get(tag) ?? '';

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
