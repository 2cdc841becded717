/** The lines of a card: arithmetic only. */
import { basename, extname } from 'node:path';
import { printable } from '../../base/printable.js';

export interface CardLine {
  text: string;
  /** Height of the letters, share of the picture's height. */
  size: number;
}

export interface CardTexts {
  title: string;
  artist: string;
  album: string;
}

/** Share of the width that lines take at most, and the width of a usual letter, share of its height. */
const WIDEST = 0.86;
const LETTER = 0.56;
/** Lines of one text; the rest is left out. */
const MOST_LINES = 3;

/** Chinese, Japanese and Korean letters are about twice as wide as others. */
const widthOf = (letter: string): number => (letter >= '\u1100' && !/\p{Script=Cyrillic}/u.test(letter) ? 2 : 1);

/** `text` in lines of at most `most` letters, at most three. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const letters = [...word];
    const wide = letters.reduce((sum, letter) => sum + widthOf(letter), 0);
    if (line !== '' && width + 1 + wide > most) {
      lines.push(line);
      line = '';
      width = 0;
    }
    if (line !== '') {
      line += ' ';
      width++;
    }
    for (const letter of letters) {
      if (width + widthOf(letter) > most) {
        lines.push(line);
        line = '';
        width = 0;
      }
      line += letter;
      width += widthOf(letter);
    }
  }
  if (line !== '') lines.push(line);
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]!.slice(0, -1)}…`];
}

/** The lines of a card for a picture that is `aspect` times as wide as high. The file's name is shown without a title. */
export function cardLines({ title, artist, album }: CardTexts, source: string, aspect: number): CardLine[] {
  const texts: [text: string, size: number][] = [
    [title || basename(source, extname(source)), 1 / 11],
    [artist, 1 / 17],
    [album, 1 / 21],
  ];
  return texts.flatMap(([text, size]) => {
    const most = Math.max(8, Math.floor((aspect * WIDEST) / (size * LETTER)));
    return wrapped(printable(text), most).map((line) => ({ text: line, size }));
  });
}
