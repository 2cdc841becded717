/** The markup of SubRip and WebVTT in the notation of ASS. */

const simpleTags = new Set(['b', 'i', 'u', 's']);

/** Colours of HTML that subtitles use, in red, green and blue. */
const colours: Readonly<Record<string, string>> = {
  white: 'ffffff',
  yellow: 'ffff00',
  lime: '00ff00',
  green: '008000',
  cyan: '00ffff',
  aqua: '00ffff',
  red: 'ff0000',
  blue: '0000ff',
  magenta: 'ff00ff',
  fuchsia: 'ff00ff',
  black: '000000',
  gray: '808080',
  grey: '808080',
  silver: 'c0c0c0',
  orange: 'ffa500',
  pink: 'ffc0cb',
};

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: '\\h',
  lrm: '\u200e',
  rlm: '\u200f',
};

const TAG = /<(\/?)([a-z]+)([^<>]*)>/gi;

/** Text with tags of HTML in the notation of ASS. Overrides of ASS such as `{\an8}`, which players take in SubRip, stay. */
export function markupToAss(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').trim();
  return lines
    .replace(/\{(?!\\)/g, '\\{')
    .replace(TAG, (_, close: string, tag: string, rest: string) => overrideOf(tag.toLowerCase(), close === '/', rest))
    .replace(/<[\d:.]+>/g, '')
    .replace(/&(#?\w+);/g, (whole, name: string) => entityOf(name) ?? whole)
    .replaceAll('\n', '\\N');
}

function overrideOf(tag: string, isEnd: boolean, rest: string): string {
  if (simpleTags.has(tag)) return `{\\${tag}${isEnd ? 0 : 1}}`;
  if (tag !== 'font') return '';
  if (isEnd) return '{\\c}';
  const [, colour = ''] = /color\s*=\s*["']?#?([a-z0-9]+)/i.exec(rest) ?? [];
  const rgb = colours[colour.toLowerCase()] ?? (/^[0-9a-f]{6}$/i.test(colour) ? colour : null);
  // ASS has blue first.
  return rgb === null ? '' : `{\\c&H${rgb.slice(4)}${rgb.slice(2, 4)}${rgb.slice(0, 2)}&}`;
}

function entityOf(name: string): string | undefined {
  if (!name.startsWith('#')) return entities[name.toLowerCase()];
  const hex = name[1]?.toLowerCase() === 'x';
  const code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
  return code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
    ? String.fromCodePoint(code)
    : undefined;
}
