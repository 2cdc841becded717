/** Searching for stations. */
import type { LiveStation } from '../../../src/contract/live.js';

/** Without accents, in lower case. */
const folded = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase('en');

/** Whether fields contain every word of `asked`, ignoring case and accents. */
export function matcher(asked: string): (...fields: (string | number)[]) => boolean {
  const words = folded(asked).split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (...fields) => {
    const text = folded(fields.join(' '));
    return words.every((word) => text.includes(word));
  };
}

/** Stations whose number, name, programmes or server contain every word; all stations without a word. */
export function searchStations(stations: readonly LiveStation[], asked: string): readonly LiveStation[] {
  const matches = matcher(asked);
  return stations.filter((each) => matches(each.number, each.name, each.nowPlaying, each.next ?? '', each.server));
}

/** Favourites first, each part in order of number. */
export function favouritesFirst(
  stations: readonly LiveStation[],
  favourites: readonly string[],
): { favourites: readonly LiveStation[]; others: readonly LiveStation[] } {
  const chosen = new Set(favourites);
  return {
    favourites: stations.filter(({ id }) => chosen.has(id)),
    others: stations.filter(({ id }) => !chosen.has(id)),
  };
}
