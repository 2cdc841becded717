/** Picture, overlay and status on one screen, nothing of which ever scrolls. */
import type { Overlay } from '../overlay.js';
import { linesOf } from '../overlay-text.js';
import type { ScreenOutput } from './alternate-screen.js';
import { Detail } from './detail.js';
import type { Picture, Size } from './picture.js';
import { type Place, placeOf, samePlace } from './place.js';
import { moveTo, type Renderer } from './renderer.js';
import type { Talk } from './talk.js';

export interface CompositionOptions {
  output: ScreenOutput;
  renderer: Renderer;
  /** Pixels of a cell. */
  cell: Size;
  /** To a terminal that says how far it has come; null: one that does not. */
  talk: Pick<Talk, 'question' | 'unanswered' | 'setListener'> | null;
}

/** Where the terminal does not tell its size. */
const USUAL = { columns: 80, rows: 24 } as const;
/** Drawings that may be on their way to the terminal: one is shown while the next one comes. */
const MOST_ON_THE_WAY = 2;
/** Synchronized output: what stands between is shown at once. https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

/**
 * It is in charge of:
 * - the lines of the overlay and the status, at the bottom; the picture above them, cut off where they begin
 * - writing what has changed, only what has changed, and only when the terminal has taken what was written before:
 *   of pictures that come meanwhile the last one is drawn, and coarser where that are many
 */
export class Composition {
  private picture: Picture | null = null;
  private isPictureNew = false;
  private overlay: Overlay | null = null;
  private status = '';
  /** What stands in the rows from the bottom up. */
  private lines: readonly string[] = [];
  private place: Place | null = null;
  private readonly detail = new Detail();
  private isAllNew = true;
  private isWriting = false;
  private isClosed = false;

  constructor(private readonly options: CompositionOptions) {
    options.talk?.setListener(() => this.draw());
  }

  setPicture(picture: Picture): void {
    this.detail.count(!this.isPictureNew);
    this.picture = picture;
    this.isPictureNew = true;
    this.draw();
  }

  setOverlay(overlay: Overlay | null): void {
    this.overlay = overlay;
    this.draw();
  }

  setStatus(status: string): void {
    this.status = status;
    this.draw();
  }

  /** The terminal has another size: everything is drawn again. */
  resize(): void {
    this.isAllNew = true;
    this.draw();
  }

  /** Nothing is drawn any more. */
  close(): void {
    this.isClosed = true;
  }

  private draw(): void {
    const { talk, output } = this.options;
    if (this.isClosed || this.isWriting || (talk && talk.unanswered >= MOST_ON_THE_WAY)) return;
    const text = this.changes();
    if (text === '') return;
    this.isWriting = true;
    output.write(`${BEGIN}${text}${END}${talk?.question() ?? ''}`, () => {
      this.isWriting = false;
      this.draw();
    });
  }

  /** What has to be written, which is then taken as written. */
  private changes(): string {
    const { columns = USUAL.columns, rows = USUAL.rows } = this.options.output;
    const lines = this.wantedLines(columns, rows);
    const place = this.placeFor(columns, rows, lines.length);
    const isMoved = this.isAllNew || !samePlace(place, this.place);
    if (isMoved) this.options.renderer.forget();
    const isDrawn = place !== null && (isMoved || this.isPictureNew || place.visible !== this.place?.visible);
    const texts = [
      isMoved ? '\x1b[2J' : '',
      linesChanged(isMoved ? [] : this.lines, lines, rows),
      isDrawn && this.picture ? this.options.renderer.draw(this.picture, place, this.detail.share) : '',
    ];
    this.lines = lines;
    this.place = place;
    this.isAllNew = false;
    this.isPictureNew = false;
    return texts.join('');
  }

  private placeFor(columns: number, rows: number, textRows: number): Place | null {
    const { cell, renderer } = this.options;
    if (!this.picture) return null;
    return placeOf({ columns, rows, cell, picture: this.picture, enlarge: renderer.enlarges, textRows });
  }

  /** From the bottom up. */
  private wantedLines(columns: number, rows: number): string[] {
    const { overlay, status } = this;
    const above = overlay ? linesOf(overlay, { width: columns, styled: true }) : [];
    const text = [...(status === '' ? (overlay?.badge ?? '') : status)].slice(0, columns - 1).join('');
    return [`\x1b[2m${text}\x1b[0m`, ...above.slice(0, Math.max(0, rows - 2)).reverse()];
  }
}

/** Lines from the bottom up; those that are no more are left blank. */
function linesChanged(before: readonly string[], lines: readonly string[], rows: number): string {
  let text = '';
  for (let at = 0; at < Math.max(before.length, lines.length); at++) {
    if (before[at] !== lines[at]) text += `${moveTo(rows - at, 1)}\x1b[2K${lines[at] ?? ''}`;
  }
  return text;
}
