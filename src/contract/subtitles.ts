/** Subtitles as viewers choose them, in the window and on the page: by language, off at first. */
import type { StationInfo } from '../wire/station-info.js';
import { languageText, primaryLanguage } from './sound.js';

type Languages = Pick<StationInfo, 'subtitles'>;

/** The number of the first stream of subtitles among a station's further streams: they follow the tracks of sound in AAC. */
export const firstSubtitles = ({ languages = ['und'] }: Pick<StationInfo, 'languages'>): number => languages.length - 1;

/** The stream in the first of the languages `wanted` that a station has, from 0; null where it has none of them. */
export function subtitlesFor({ subtitles = [] }: Languages, wanted: readonly string[]): number | null {
  for (const language of wanted) {
    const stream = subtitles.indexOf(primaryLanguage(language));
    if (stream >= 0) return stream;
  }
  return null;
}

/** What is wanted after one more press of the key: each language of the station in turn, then none. Null where it has no subtitles. */
export function nextSubtitles(station: Languages, wanted: readonly string[]): string[] | null {
  const { subtitles = [] } = station;
  if (subtitles.length === 0) return null;
  const shown = subtitlesFor(station, wanted);
  const next = subtitles[shown === null ? 0 : shown + 1];
  return next === undefined ? [] : [next];
}

export const subtitlesText = ([language]: readonly string[]): string =>
  language === undefined ? 'Subtitles off' : `Subtitles: ${languageText(language)}`;
export const NO_SUBTITLES = 'This station has no subtitles.';
