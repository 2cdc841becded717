/** A terminal, as far as mpv and the viewer use one: the text of each cell, and its colours. */

export interface Cell {
  text: string;
  /** 0xRRGGBB, the number of one of 256, or null for the terminal's own. */
  front: number | null;
  back: number | null;
}

const ESC = '\x1b';
/**
 * CSI …, APC and DCS strings up to ST, ESC and a letter, a sequence that the next ESC cancels, a single character.
 * What may go on in the next write does not match.
 */
const pattern = new RegExp(
  [
    `${ESC}\\[([?>]?)([0-9;]*)([@-~])`,
    `${ESC}[_P][^${ESC}]*${ESC}\\\\`,
    `${ESC}([78=>\\\\])`,
    `${ESC}(?:\\[[?>]?[0-9;]*)?(?=${ESC})`,
    `[^${ESC}]`,
  ].join('|'),
  'gsuy',
);

interface Cursor {
  row: number;
  column: number;
  front: number | null;
  back: number | null;
  isWithinRegion: boolean;
}

const home = (): Cursor => ({ row: 1, column: 1, front: null, back: null, isWithinRegion: false });

export class TerminalScreen {
  columns: number;
  rows: number;
  /** Private modes that were switched, by number. */
  readonly modes = new Map<number, boolean>();
  /** DECSTBM: the last row of the scrolling region. */
  region: number;
  #cells: Cell[] = [];
  #cursor = home();
  #saved = home();
  #rest = '';

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.region = rows;
    this.#clear();
  }

  write(text: string): void {
    const all = this.#rest + text;
    let end = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(all); match; match = pattern.exec(all)) {
      end = pattern.lastIndex;
      this.#take(match);
    }
    this.#rest = all.slice(end);
  }

  /** As xterm does, with the whole screen as the scrolling region. */
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.region = rows;
    this.#clear();
  }

  /** Rows and columns count from 1. */
  cell(row: number, column: number): Cell {
    return this.#cells[(row - 1) * this.columns + column - 1] ?? blank();
  }

  line(row: number): string {
    const first = (row - 1) * this.columns;
    return this.#cells
      .slice(first, first + this.columns)
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  }

  get text(): string {
    return Array.from({ length: this.rows }, (_, index) => this.line(index + 1)).join('\n');
  }

  #clear(): void {
    this.#cells = Array.from({ length: this.columns * this.rows }, blank);
  }

  #take([whole, kind, parameters = '', letter, other]: RegExpExecArray): void {
    if (letter !== undefined) this.#control(kind ?? '', parameters, letter);
    else if (other === '7') this.#saved = { ...this.#cursor };
    else if (other === '8') this.#cursor = { ...this.#saved };
    else if (whole === '\r') this.#cursor.column = 1;
    else if (whole === '\n') this.#cursor.row = Math.min(this.rows, this.#cursor.row + 1);
    else if (!whole.startsWith(ESC)) this.#put(whole);
  }

  /** Beyond the last column the last cell is overwritten: lines do not wrap. */
  #put(text: string): void {
    const { row, column, front, back } = this.#cursor;
    this.#cells[(row - 1) * this.columns + Math.min(column, this.columns) - 1] = { text, front, back };
    this.#cursor.column++;
  }

  #control(kind: string, parameters: string, letter: string): void {
    const numbers = parameters === '' ? [] : parameters.split(';').map(Number);
    const [first = 1, second = 1] = numbers;
    if (kind === '?' && (letter === 'h' || letter === 'l')) {
      for (const mode of numbers) this.modes.set(mode, letter === 'h');
      if (numbers.includes(6)) this.#cursor.isWithinRegion = letter === 'h';
    } else if (kind !== '') return;
    else if (letter === 'H' || letter === 'f') {
      const last = this.#cursor.isWithinRegion ? this.region : this.rows;
      this.#cursor.row = Math.max(1, Math.min(last, first));
      this.#cursor.column = Math.max(1, Math.min(this.columns, second));
    } else if (letter === 'r') {
      this.region = numbers.length === 0 ? this.rows : Math.min(this.rows, second);
      Object.assign(this.#cursor, { row: 1, column: 1 });
    } else if (letter === 'A') this.#cursor.row = Math.max(1, this.#cursor.row - first);
    else if (letter === 'J' && first === 2) this.#clear();
    else if (letter === 'K') this.#eraseLine();
    else if (letter === 'm') this.#setColours(numbers);
  }

  #eraseLine(): void {
    const first = (this.#cursor.row - 1) * this.columns;
    for (let index = first; index < first + this.columns; index++) this.#cells[index] = blank();
  }

  #setColours(numbers: number[]): void {
    if (numbers.length === 0 || numbers[0] === 0) Object.assign(this.#cursor, { front: null, back: null });
    for (let index = 0; index < numbers.length; index++) {
      if (numbers[index] !== 38 && numbers[index] !== 48) continue;
      const isTrueColour = numbers[index + 1] === 2;
      const [red = 0, green = 0, blue = 0] = numbers.slice(index + 2);
      const colour = isTrueColour ? (red << 16) | (green << 8) | blue : red;
      if (numbers[index] === 38) this.#cursor.front = colour;
      else this.#cursor.back = colour;
      index += isTrueColour ? 4 : 2;
    }
  }
}

const blank = (): Cell => ({ text: ' ', front: null, back: null });
