/**
 * What an item is called: by the file beside it (NAME.nfo, as Kodi writes them), by the title in its own metadata where that is
 * asked for, or else by the file's name. A title in the metadata is often the name of the program or person that made the copy.
 */
import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import { isMissing } from '../base/file-problem.js';
import { shownPath } from '../base/path-bytes.js';
import { readRegular } from '../base/regular-file.js';
import { looksPlayable } from '../media/video-files.js';

/** Most bytes of a file beside a film that is read: it has cast and plot as well. */
const MOST_NFO = 1 << 20;
/** Longest title that is taken from outside, characters. */
const LONGEST_TITLE = 200;

/** Words that only names of copies have, each perhaps with the maker's name: "x264-GROUP". */
const release = new RegExp(
  `^(${[
    '(480|540|576|720|1080|1440|2160|4320)[pi](25|30|50|60)?',
    '[xh]\\.?26[456]',
    'hevc|xvid|divx',
    '(8|10|12)bits?',
    'blu-?ray|bdrip|brrip|bdremux|remux|web-?dl|webrip|web-rip|hdtv|pdtv|dvdrip|dvdscr|hdrip|uhdtv',
    '(aac|ac3|e-?ac3|ddp?|dts(-?hd)?|truehd|flac|opus|ma)[257]\\.[01]',
    'hdr10\\+?|dts-hd|truehd|atmos',
  ].join('|')})(-[a-z0-9]+)?$`,
  'i',
);
/** Words that stand among those, and elsewhere mean something. */
const mayBeRelease =
  /^(\d{2,3}fps|web|hdr|sdr|dv|dts|aac|ac3|flac|opus|avc|vp9|av1|uhd|hd|4k|8k|proper|repack|rerip|internal|limited|extended|unrated|multi|dubbed|subbed|dual|audio|amzn|nf|dsnp|[257]\.[01]|ma|-)(-[a-z0-9]+)?$/i;

/** Those of them that stand before the others as well, and end no title. */
const mayPrecede = /^(uhd|4k|8k|hdr|proper|repack|rerip|-)$/i;

/** A name as words: "The.long_film" is "The long film". Dots stay where there are spaces, and in "5.1". */
export function wordsOf(name: string): string {
  const shown = shownPath(name).replaceAll('_', ' ').trim();
  const words = shown.includes(' ') ? shown : shown.replaceAll(/(?<!(?<!\d)\d)\.|\.(?!\d(?!\d))/g, ' ');
  return words.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
}

/** A file's name without its ending; what follows the last dot of another name belongs to it. */
function stem(path: string): string {
  const base = basename(path);
  return looksPlayable(base) || /^\.\w{1,4}$/.test(extname(base)) ? basename(base, extname(base)) : base;
}

/** A file's name as words, with everything that is in it. */
export const plainTitleOf = (path: string): string => wordsOf(stem(path)) || basename(path);

/**
 * A file's name as a title: words, without what names of copies say about the copy. "The.Film.2008.1080p.WEB-DL.x264-GROUP" is
 * "The Film 2008". Never empty; a name with spaces keeps words behind which others follow that are none of a copy.
 */
export function titleOf(path: string): string {
  const words = plainTitleOf(path);
  const isDotted = !stem(path).replaceAll('_', ' ').trim().includes(' ');
  const title = withoutRelease(withoutBrackets(words), isDotted);
  return /[\p{L}\p{N}]/u.test(title) ? title : words;
}

/** Without "[1080p]" and "(x264)" at the end; also without "[Group]" at the beginning where there is such an end. */
function withoutBrackets(words: string): string {
  let rest = words;
  for (;;) {
    const [end, square, round] = /\s*(?:\[([^[\]]*)\]|\(([^()]*)\))$/.exec(rest) ?? [];
    if (end === undefined || !isAboutCopy(square ?? round ?? '', square !== undefined)) break;
    rest = rest.slice(0, -end.length);
  }
  const hasRelease = rest !== words || words.split(' ').some((word) => release.test(word));
  return hasRelease ? rest.replace(/^\[[^[\]]*\]\s*/, '') : words;
}

/** Whether brackets hold words of a copy, or a checksum. */
const isAboutCopy = (text: string, isSquare: boolean): boolean => {
  const words = text.split(/[\s,]+/).filter(Boolean);
  return (
    (words.some((word) => release.test(word)) &&
      words.every((word) => release.test(word) || mayBeRelease.test(word))) ||
    (isSquare && /^[\dA-F]{8}$/.test(text))
  );
};

function withoutRelease(title: string, isDotted: boolean): string {
  const words = title.split(' ');
  const first = words.findIndex((word, index) => index > 0 && release.test(word));
  if (first < 0) return title;
  const areAll = words.slice(first).every((word) => release.test(word) || mayBeRelease.test(word));
  if (!areAll && !isDotted) return title;
  let end = first;
  while (end > 1 && mayPrecede.test(words[end - 1]!)) end--;
  return words
    .slice(0, end)
    .join(' ')
    .replace(/[\s\-–,]+$/, '');
}

/** Titles of files, each another where their names are: two that would be alike without it keep what their names say about the copy. */
export function titlesOf(files: readonly string[]): string[] {
  const titles = files.map(titleOf);
  const counts = new Map<string, number>();
  for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1);
  return files.map((file, index) => (counts.get(titles[index]!) === 1 ? titles[index]! : plainTitleOf(file)));
}

/**
 * The title in the file NAME.nfo beside a film; null where there is none. Rejects with the system's error where it cannot be
 * read.
 */
export async function sidecarTitle(file: string): Promise<string | null> {
  const path = `${file.slice(0, file.length - extname(file).length)}.nfo`;
  try {
    const bytes = await readRegular(path, MOST_NFO);
    return nfoTitle(isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1'));
  } catch (error) {
    if (isMissing(error) || error instanceof RangeError) return null;
    throw error;
  }
}

/** The first `<title>` of an NFO file, which is XML; others are pictures of letters. */
export function nfoTitle(text: string): string | null {
  const [, content = ''] = /<title(?:\s[^<>]*)?>([\s\S]{0,2000}?)<\/title>/i.exec(text) ?? [];
  const [, literal] = /^\s*<!\[CDATA\[([\s\S]*?)\]\]>\s*$/.exec(content) ?? [];
  const title = (literal ?? unescaped(content)).replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return title.slice(0, LONGEST_TITLE) || null;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML's own entities and numbers; others stay as they are. */
const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    const code = decimal ? Number(decimal) : hexadecimal ? Number.parseInt(hexadecimal, 16) : Number.NaN;
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    return entities[name] ?? whole;
  });
