/** Lines of text below a picture of letters that another process draws on the same screen. */
import { printable } from '../../base/printable.js';
import type { Overlay } from '../overlay.js';
import { linesOf } from '../overlay-text.js';
import type { ScreenOutput } from './alternate-screen.js';

/** The size assumed where the terminal does not report one. */
const USUAL = { columns: 80, rows: 24 } as const;

/**
 * The picture's process addresses rows by number and knows nothing of the text. DECSTBM ends the scrolling region above
 * the text, and in origin mode (DECOM) no cursor position lies outside of the region: rows of the picture that would
 * cover the text end up on the region's last row. DECSC and DECRC keep the cursor of the picture, its colours and its
 * origin mode around our own writing, which may come between any two of its bytes.
 */
const SAVE = '\x1b7';
const RESTORE = '\x1b8';
const ABSOLUTE = '\x1b[?6l';
const WITHIN_REGION = '\x1b[?6h';
const region = (rows: number): string => `\x1b[1;${rows}r`;
const lineAt = (row: number, text: string): string => `\x1b[${row};1H\x1b[0m\x1b[2K${text}`;

export class ScreenText {
  readonly #output: ScreenOutput;
  /** Rows that the text took, and rows of the screen, at the last writing. */
  #height = 0;
  #rows = 0;

  constructor(output: ScreenOutput) {
    this.#output = output;
  }

  /** Writes the overlay, and the status in the last row: all of it, since the other process clears it now and then. */
  show(overlay: Overlay | null, status: string): void {
    const { columns = USUAL.columns, rows = USUAL.rows } = this.#output;
    const above = overlay ? linesOf(overlay, { width: columns, styled: true }).slice(0, Math.max(0, rows - 2)) : [];
    const last = printable(status === '' ? (overlay?.badge ?? '') : status).slice(0, columns - 1);
    const lines = [...above, `\x1b[2m${last}\x1b[0m`];
    const left = Math.max(0, Math.min(this.#height, rows) - lines.length);
    const block = [...Array.from({ length: left }, () => ''), ...lines];
    const text = block.map((line, index) => lineAt(rows - block.length + 1 + index, line)).join('');
    const isMoved = lines.length !== this.#height || rows !== this.#rows;
    this.#height = lines.length;
    this.#rows = rows;
    // Setting the region moves the cursor; that misplaces a row of one picture at most.
    const bounds = region(Math.max(1, rows - lines.length)) + WITHIN_REGION;
    this.#output.write(isMoved ? ABSOLUTE + text + bounds : SAVE + ABSOLUTE + text + RESTORE);
  }
}
