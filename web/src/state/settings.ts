/** Settings kept in the browser for the next visit. Missing or malformed settings have their defaults. */

export interface Settings {
  /** Ids of stations. */
  favourites: readonly string[];
  last: string | null;
  /** 0 to 1. */
  volume: number;
  muted: boolean;
  /** Languages of the sound, the preferred one first; empty: each station's main sound. */
  languages: readonly string[];
  /** Languages of the subtitles, the preferred one first; empty: none. */
  subtitles: readonly string[];
}

const MOST_LANGUAGES = 16;
/** A tag of RFC 5646, roughly. */
const LANGUAGE = /^[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}$/i;

const KEY = 'multistreamcast';
const defaults: Settings = { favourites: [], last: null, volume: 1, muted: false, languages: [], subtitles: [] };

export function readSettings(storage: Pick<Storage, 'getItem'> | null): Settings {
  let kept: Partial<Record<keyof Settings, unknown>> | null;
  try {
    kept = JSON.parse(storage?.getItem(KEY) ?? 'null');
  } catch {
    kept = null;
  }
  if (typeof kept !== 'object' || kept === null) return defaults;
  const { favourites, last, volume, muted, languages, subtitles } = kept;
  return {
    favourites: Array.isArray(favourites) ? favourites.filter((id) => typeof id === 'string') : [],
    last: typeof last === 'string' ? last : null,
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 1,
    muted: muted === true,
    languages: languagesIn(languages),
    subtitles: languagesIn(subtitles),
  };
}

/** Does not throw where the browser has no room or forbids storage. */
export function writeSettings(storage: Pick<Storage, 'setItem'> | null, settings: Settings): void {
  try {
    storage?.setItem(KEY, JSON.stringify(settings));
  } catch (error) {
    console.warn('The settings could not be stored.', error);
  }
}

/** At most as many as a gateway takes. */
const languagesIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(isLanguage).slice(0, MOST_LANGUAGES) : [];
const isLanguage = (value: unknown): value is string => typeof value === 'string' && LANGUAGE.test(value);

/** The settings that an address has (`search` as in `location.search`): `?audio=de,en&subtitles=de`; the others are those of `kept`. */
export function settingsOfAddress(search: string, kept: Settings): Settings {
  const parameters = new URLSearchParams(search);
  const wanted = (name: string, otherwise: readonly string[]) =>
    parameters.has(name) ? languagesIn(parameters.get(name)?.split(',')) : otherwise;
  return { ...kept, languages: wanted('audio', kept.languages), subtitles: wanted('subtitles', kept.subtitles) };
}
