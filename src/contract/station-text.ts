/** Texts about stations: numbers with units, and the table of `msc list` and `msc watch`. */
import { printable } from '../base/printable.js';
import type { StationInfo } from '../wire/station-info.js';

/** "24", "23.976", "29.97". */
export const frameRateText = (rate: number): string => String(Number(rate.toFixed(3)));

/** "6.2 Mbit/s". */
export const bitrateText = (bitrate: number): string =>
  bitrate >= 1_000_000 ? `${(bitrate / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bitrate / 1000)} kbit/s`;

/** "H.264 High 4.0 + AAC-LC 5.1", "JPEG, no sound". */
export const codecsText = ({ videoCodec, audioCodec }: StationInfo): string =>
  audioCodec === null ? `${videoCodec}, no sound` : `${videoCodec} + ${audioCodec}`;

/** "0:30", "1:02:03". */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

interface Column {
  title: string;
  /** Numbers are right-aligned. */
  right: boolean;
  cell: (info: StationInfo) => string;
}

const columns: readonly Column[] = [
  { title: 'No.', right: true, cell: (info) => String(info.number) },
  { title: 'Name', right: false, cell: (info) => info.name },
  { title: 'Resolution', right: true, cell: (info) => `${info.width}×${info.height}` },
  { title: 'Aspect', right: true, cell: (info) => info.aspectRatio },
  { title: 'fps', right: true, cell: (info) => frameRateText(info.frameRate) },
  { title: 'Format', right: false, cell: (info) => info.format },
  { title: 'Codecs', right: false, cell: codecsText },
  { title: 'Bit rate', right: true, cell: (info) => bitrateText(info.bitrate) },
  { title: 'Now playing', right: false, cell: (info) => info.nowPlaying },
  { title: 'Server', right: false, cell: (info) => info.server },
];

/** Width of a text in terminal columns: two for East Asian scripts and emoji, none for combining marks and joiners. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (/[\p{M}\u200c\u200d]/u.test(character)) return 0;
  return /[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹏＀-｠￠-￦\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(character) ? 2 : 1;
}

/** `text` padded to exactly `width` columns, or shortened with "…". */
export function fit(text: string, width: number, right = false): string {
  let shown = text;
  let taken = textWidth(text);
  if (taken > width) {
    shown = '';
    taken = 0;
    for (const character of text) {
      const next = taken + characterWidth(character);
      if (next >= width) break;
      shown += character;
      taken = next;
    }
    shown += '…';
    taken++;
  }
  const space = ' '.repeat(Math.max(0, width - taken));
  return right ? space + shown : shown + space;
}

/** The table, without a final line break. Its lines have at most `width` columns, as far as names can be shortened. */
export function stationTable(stations: readonly StationInfo[], width = 160): string {
  const cells = stations.map((info) => columns.map(({ cell }) => printable(cell(info))));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((row) => textWidth(row[at]!))));
  const total = (): number => widths.reduce((sum, one) => sum + one + 2, -2);
  const flexible = ['Name', 'Now playing', 'Server'].map((name) => columns.findIndex(({ title }) => title === name));
  while (total() > width) {
    const widest = flexible.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
    if (widths[widest]! <= 8) break;
    widths[widest]!--;
  }
  const line = (texts: string[]): string =>
    texts
      .map((text, at) => fit(text, widths[at]!, columns[at]!.right))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n');
}
