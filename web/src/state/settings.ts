/** Settings kept in the browser for the next visit. Missing or malformed settings have their defaults. */

export interface Settings {
  /** Ids of stations. */
  favourites: readonly string[];
  last: string | null;
  /** 0 to 1. */
  volume: number;
  muted: boolean;
  /** Language of the sound; null: that of each station's main sound. */
  language: string | null;
  /** Language of the subtitles; null: none. */
  subtitles: string | null;
}

const KEY = 'multistreamcast';
const defaults: Settings = { favourites: [], last: null, volume: 1, muted: false, language: null, subtitles: null };

export function readSettings(storage: Pick<Storage, 'getItem'> | null): Settings {
  let kept: Partial<Record<keyof Settings, unknown>> | null;
  try {
    kept = JSON.parse(storage?.getItem(KEY) ?? 'null');
  } catch {
    kept = null;
  }
  if (typeof kept !== 'object' || kept === null) return defaults;
  const { favourites, last, volume, muted, language, subtitles } = kept;
  return {
    favourites: Array.isArray(favourites) ? favourites.filter((id) => typeof id === 'string') : [],
    last: typeof last === 'string' ? last : null,
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 1,
    muted: muted === true,
    language: languageOrNull(language),
    subtitles: languageOrNull(subtitles),
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

const languageOrNull = (value: unknown): string | null =>
  typeof value === 'string' && /^[a-z]{2,3}$/.test(value) ? value : null;
