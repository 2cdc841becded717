/** A terminal, as far as the viewer draws in it: what stands in which cell, in which colours. */

export interface Cell {
  text: string;
  /** 0xRRGGBB, or the number of one of 256, or null for the terminal's own. */
  front: number | null;
  back: number | null;
}

const ESC = '\x1b';
/** CSI …, strings from APC and DCS to ST, anything else one by one; not what is only begun. */
const pattern = new RegExp(
  `${ESC}\\[([?>]?)([0-9;]*)([@-~])|${ESC}([_P])([^${ESC}]*)${ESC}\\\\|${ESC}\\\\|${ESC}(?=[^[_P\\\\])|[^${ESC}]`,
  'gsuy',
);

export class TerminalScreen {
  /** Private modes that were switched, by number. */
  readonly modes = new Map<number, boolean>();
  /** Payloads of APC and DCS strings, with their letter in front. */
  readonly strings: string[] = [];
  /** Where something was written below the last row, or beyond the last column: it would have scrolled, or been lost. */
  overflows = 0;
  private cells: Cell[] = [];
  private row = 1;
  private column = 1;
  private front: number | null = null;
  private back: number | null = null;
  private rest = '';

  constructor(
    public columns: number,
    public rows: number,
  ) {
    this.clear();
  }

  write(text: string): void {
    const all = this.rest + text;
    let end = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(all); match; match = pattern.exec(all)) {
      end = pattern.lastIndex;
      this.take(match);
    }
    this.rest = all.slice(end);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.clear();
  }

  /** Rows and columns count from 1. */
  cell(row: number, column: number): Cell {
    return this.cells[(row - 1) * this.columns + column - 1];
  }

  line(row: number): string {
    const first = (row - 1) * this.columns;
    return this.cells
      .slice(first, first + this.columns)
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  }

  get text(): string {
    return Array.from({ length: this.rows }, (_, at) => this.line(at + 1)).join('\n');
  }

  private clear(): void {
    this.cells = Array.from({ length: this.columns * this.rows }, blank);
  }

  private take([whole, kind, parameters, letter, string, payload]: RegExpExecArray): void {
    if (string) this.strings.push(string + payload);
    else if (letter) this.control(kind, parameters, letter);
    else if (whole === '\n') this.row++;
    else if (whole === '\r') this.column = 1;
    else if (!whole.startsWith(ESC)) this.put(whole);
  }

  private put(text: string): void {
    if (this.row > this.rows || this.column > this.columns) this.overflows++;
    else this.cells[(this.row - 1) * this.columns + this.column - 1] = { text, front: this.front, back: this.back };
    this.column++;
  }

  private control(kind: string, parameters: string, letter: string): void {
    const numbers = parameters === '' ? [] : parameters.split(';').map(Number);
    const [first = 1, second = 1] = numbers;
    if (kind === '?' && (letter === 'h' || letter === 'l'))
      for (const mode of numbers) this.modes.set(mode, letter === 'h');
    else if (letter === 'H') [this.row, this.column] = [first, second];
    else if (letter === 'A') this.row -= first;
    else if (letter === 'C') this.column += first;
    else if (letter === 'J' && numbers[0] === 2) this.clear();
    else if (letter === 'K') this.eraseLine();
    else if (letter === 'm') this.setColours(numbers);
  }

  private eraseLine(): void {
    const first = (this.row - 1) * this.columns;
    for (let at = first; at < first + this.columns; at++) this.cells[at] = blank();
  }

  private setColours(numbers: number[]): void {
    if (numbers.length === 0 || numbers[0] === 0) [this.front, this.back] = [null, null];
    for (let at = 0; at < numbers.length; at++) {
      if (numbers[at] !== 38 && numbers[at] !== 48) continue;
      const isAll = numbers[at + 1] === 2;
      const [red, green, blue] = numbers.slice(at + 2);
      const colour = isAll ? (red << 16) | (green << 8) | blue : red;
      if (numbers[at] === 38) this.front = colour;
      else this.back = colour;
      at += isAll ? 4 : 2;
    }
  }
}

const blank = (): Cell => ({ text: ' ', front: null, back: null });
