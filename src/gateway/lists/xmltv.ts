/** Programme guides in XMLTV; its DTD is in the XMLTV project's repository. */

import type { Millis } from '../../base/units.js';
import type { Programme } from '../../station/guide.js';
import type { StationInfo } from '../../wire/station-info.js';

export const xmltvBegin = (generator: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<tv generator-info-name="${escapeXml(generator)}">\n`;

export const xmltvEnd = '</tv>\n';

/** Channels precede all programmes. `icon`: address of a picture. */
export const xmltvChannel = ({ id, name, number }: StationInfo, icon: string): string =>
  [
    `  <channel id="${escapeXml(id)}">`,
    `    <display-name>${escapeXml(name)}</display-name>`,
    `    <display-name>${number}</display-name>`,
    `    <icon src="${escapeXml(icon)}"/>`,
    '  </channel>\n',
  ].join('\n');

/** Empty for a programme that starts and ends within one second: XMLTV's times have no fractions. */
export function xmltvProgramme({ id }: StationInfo, { from, to, title }: Programme): string {
  const [start, stop] = [from, to].map(timeText);
  if (start === stop) return '';
  return [
    `  <programme start="${start}" stop="${stop}" channel="${escapeXml(id)}">`,
    `    <title>${escapeXml(title)}</title>`,
    '  </programme>\n',
  ].join('\n');
}

/** "20260301120000 +0000". */
export const timeText = (time: Millis): string => `${new Date(time).toISOString().replaceAll(/[-:T]|\..*/g, '')} +0000`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For elements and attributes. Characters that XML excludes (XML 1.0, section 2.2) become U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML excludes them.
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(/[&<>"']/g, (character) => entities[character]!);
