/** Tracks of sound as viewers choose them, in the window and on the page: by language. */
import { printable } from '../base/printable.js';
import type { StationInfo } from '../wire/station-info.js';

type Languages = Pick<StationInfo, 'languages'>;

/** The language of a tag without script and region: "de" for "ger" and "de-AT". */
export function primaryLanguage(tag: string): string {
  try {
    // ICU has no language for "und".
    return new Intl.Locale(tag).language ?? 'und';
  } catch (error) {
    if (error instanceof RangeError) return tag.toLowerCase();
    throw error;
  }
}

/** The track in the first of the languages `wanted` that a station has, from 0, the main one; 0 where it has none of them. */
export function trackFor({ languages = [] }: Languages, wanted: readonly string[]): number {
  for (const language of wanted) {
    const track = languages.indexOf(primaryLanguage(language));
    if (track >= 0) return track;
  }
  return 0;
}

/** The language behind the one that is played, where the station has several; null otherwise. */
export function nextLanguage(station: Languages, wanted: readonly string[]): string | null {
  const { languages = [] } = station;
  return languages.length < 2 ? null : languages[(trackFor(station, wanted) + 1) % languages.length]!;
}

const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** "German" for "de"; "Original" for "und", the main sound of unknown language. */
export function languageText(language: string): string {
  if (language === 'und') return 'Original';
  try {
    return names.of(language) ?? printable(language);
  } catch (error) {
    if (error instanceof RangeError) return printable(language);
    throw error;
  }
}

export const soundText = (language: string): string => `Sound: ${languageText(language)}`;
export const ONE_SOUND = 'This station has one track of sound.';
