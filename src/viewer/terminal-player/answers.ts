/** What terminals are asked, and what they answer, among what is typed. */
import type { Size } from './picture.js';

/**
 * Whether the terminal has what we ask for, the last question being one that every terminal answers: then all answers
 * that come have come.
 *
 *     ESC _ G i=31,…;AAAA ESC \   kitty's graphics protocol, "Querying support": OK where it is there
 *     ESC P $ q m ESC \           DECRQSS: the colours as they are set, where 24 bits are understood
 *     CSI 16 t                    pixels of a cell                                (xterm)
 *     CSI 14 t                    pixels of the window, CSI 18 t its cells        (xterm)
 *     CSI c                       DA1: what the terminal can do, 4 for sixels     (DEC)
 */
export const QUESTIONS =
  '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\' +
  '\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m' +
  '\x1b[16t\x1b[14t\x1b[18t\x1b[c';

/** CSI 5 n, DSR: the terminal says that it is well (CSI 0 n), when it has come so far. */
export const ARE_YOU_THERE = '\x1b[5n';

/** What a terminal has said of itself. */
export interface Abilities {
  kitty: boolean;
  sixel: boolean;
  trueColour: boolean;
  /** Of a cell, in pixels; null where it does not say. */
  cell: Size | null;
  /** Whether it answers at all, and so can say how far it has come. */
  answers: boolean;
}

export const noAbilities: Abilities = { kitty: false, sixel: false, trueColour: false, cell: null, answers: false };

export interface Said {
  /** Whole answers, in order. */
  answers: string[];
  /** The rest: what was typed. */
  typed: string;
  /** The end, where it may be the beginning of an answer. */
  begun: string;
}

const ESC = '\x1b';
/** APC G … ST, DCS 0 or 1 $ r … ST, CSI ? … c, CSI … t, CSI … n: no key sends those. */
const whole = new RegExp(
  `${ESC}_G[^${ESC}]*${ESC}\\\\|${ESC}P[01]\\$r[^${ESC}]*${ESC}\\\\|${ESC}\\[\\?[0-9;]*c|${ESC}\\[[0-9;]*[tn]`,
  'g',
);
const beginning = new RegExp(
  `${ESC}(?:_(?:G[^${ESC}]*${ESC}?)?|P(?:[01](?:\\$(?:r[^${ESC}]*${ESC}?)?)?)?|\\[\\??[0-9;]*)?$`,
);

/** Takes what came from a terminal apart. */
export function split(text: string): Said {
  const answers = text.match(whole) ?? [];
  const rest = text.replaceAll(whole, '');
  const begun = beginning.exec(rest)?.[0] ?? '';
  return { answers, typed: rest.slice(0, rest.length - begun.length), begun };
}

/** Whether it is the answer to the last of the questions. */
export const isLast = (answer: string): boolean => answer.endsWith('c') && answer.startsWith(`${ESC}[?`);

/** Whether the terminal says that it has come so far. */
export const isThere = (answer: string): boolean => answer === `${ESC}[0n`;

/** What the answers to the questions say. */
export function abilitiesOf(answers: readonly string[]): Abilities {
  const found: Abilities = { ...noAbilities };
  let window: Size | null = null;
  let cells: Size | null = null;
  for (const answer of answers) {
    if (answer.startsWith(`${ESC}_Gi=31;OK`)) found.kitty = true;
    else if (/48[:;]2[:;]+1[:;]2[:;]3/.test(answer)) found.trueColour = true;
    else if (isLast(answer)) {
      found.answers = true;
      found.sixel = answer.slice(3, -1).split(';').slice(1).includes('4');
    } else if (answer.endsWith('t')) {
      const [kind, height, width] = answer.slice(2, -1).split(';').map(Number);
      if (!(height > 0 && width > 0)) continue;
      if (kind === 6) found.cell = { width, height };
      else if (kind === 4) window = { width, height };
      else if (kind === 8) cells = { width, height };
    }
  }
  if (window && cells) found.cell ??= { width: window.width / cells.width, height: window.height / cells.height };
  return found;
}
