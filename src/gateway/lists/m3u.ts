/** A playlist of stations (extended M3U, with the attributes that players of television know), as text. */
import type { StationInfo } from '../../wire/station-info.js';

export interface M3uEntry {
  info: StationInfo;
  /** What is played. */
  address: string;
  /** A picture of it. */
  logo: string;
}

/** `guide`: where the XMLTV guide is had. */
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
 * A text on one line, in or behind quotes. Nothing in M3U can be escaped, and players look for the last comma or the first
 * one: characters that look the same take their places.
 */
const plain = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll('"', '”')
    .replaceAll(',', '‚')
    .trim();
