/** Extended M3U playlists of stations, with the attributes of television players. */
import type { StationInfo } from '../../wire/station-info.js';

export interface M3uEntry {
  info: StationInfo;
  /** Address of the stream. */
  address: string;
  /** Address of a picture. */
  logo: string;
}

/** `guide`: address of the XMLTV guide. */
export function writeM3u(entries: readonly M3uEntry[], guide: string): string {
  const lines = entries.flatMap(({ info, address, logo }) => {
    const name = plain(info.name);
    const attributes = {
      'tvg-id': info.id,
      'tvg-name': name,
      'tvg-chno': String(info.number),
      'tvg-logo': logo,
      'group-title': plain(info.server),
    };
    return [`#EXTINF:-1 ${attributesText(attributes)},${name}`, address];
  });
  return `${[`#EXTM3U ${attributesText({ 'x-tvg-url': guide, 'url-tvg': guide })}`, ...lines].join('\n')}\n`;
}

const attributesText = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ');

/**
 * Text for one line, within quotes or after them. M3U has no escapes, and players split at the first or the last comma:
 * similar characters replace quotes and commas.
 */
const plain = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll('"', '”')
    .replaceAll(',', '‚')
    .trim();
