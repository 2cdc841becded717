/** Which subtitles a reel carries. */
import { languageOf } from '../input/language.js';
import { type MediaSettings, MOST_SUBTITLES } from '../settings.js';

/** The languages of the subtitles that are carried, each once: those of the station's layout, or else those that are set. */
type Wanted = Pick<MediaSettings, 'subtitles' | 'burnSubtitles' | 'target'>;

export function carriedLanguages({ subtitles, burnSubtitles, target }: Wanted): string[] {
  if (target) return (target.further ?? []).flatMap((each) => (each.kind === 'subtitles' ? each.language : []));
  return burnSubtitles ? [] : [...new Set(subtitles.map(languageOf))].slice(0, MOST_SUBTITLES);
}

/** Why the pictures of a film are encoded whose subtitles are burned in. */
export const BURNED_IN = 'subtitles to be burned in';

/** Whether any subtitles of the source are shown. */
export const wantsSubtitles = (settings: Wanted): boolean =>
  settings.burnSubtitles || carriedLanguages(settings).length > 0;
