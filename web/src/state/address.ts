/**
 * Addresses within the page: `#/` is the wall, `#/news` a station, `#/news+sport` two stations,
 * `#/news?t=2026-11-23T20:15:00Z` a moment of a station. Station ids consist of letters, digits and hyphens.
 */
import { Millis } from '../../../src/base/units.js';
import type { Address, PageState } from './state.js';

/** `hash` as in `location.hash`. A malformed address is the wall. */
export function readAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?');
  const stations = path
    .split('+')
    .map(decode)
    .filter((id) => /^[\p{L}\p{M}\p{N}-]+$/u.test(id));
  return { stations, time: readTime(new URLSearchParams(query).get('t')) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** A date as in ISO 8601, or milliseconds since the Unix epoch. */
function readTime(text: string | null): Millis | null {
  if (text === null || text === '') return null;
  const time = /^\d{10,}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return time > 0 && time < 1e15 ? Millis(time) : null;
}

export function writeAddress({ stations, time }: Address): string {
  const path = stations.map(encodeURIComponent).join('+');
  return `#/${path}${time === null ? '' : `?t=${new Date(time).toISOString()}`}`;
}

/** The address of what the page shows. */
export const addressOf = (state: PageState): Address => ({
  stations: state.pictures.map(({ station }) => station),
  time: null,
});

/**
 * What a page shows first: its address; with `?start=last` (`search` as in `location.search`) and without an address, the
 * station watched last; otherwise the wall.
 */
export function startAddress({ hash, search, last }: { hash: string; search: string; last: string | null }): Address {
  const named = readAddress(hash);
  const wantsLast = new URLSearchParams(search).get('start') === 'last';
  return named.stations.length === 0 && wantsLast && last !== null ? { stations: [last], time: null } : named;
}

/** The address of a station's picture: its poster, or its newest thumbnail. */
export const pictureAddress = (station: string, picture: 'poster' | 'thumbnail'): string =>
  `/stations/${encodeURIComponent(station)}/${picture}.jpg`;
