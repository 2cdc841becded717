/** Overlays as lines for a terminal. */

import { printable } from '../base/printable.js';
import { fit, textWidth } from '../contract/station-text.js';
import type { Overlay, OverlayRow } from './overlay.js';

export interface TextOptions {
  /** Columns. */
  width: number;
  /** Whether bold, dim and reverse video are used. */
  styled: boolean;
}

/** The overlay's lines, without its badge, which belongs to the status line because it changes every second. */
export function linesOf(overlay: Overlay, { width, styled }: TextOptions): string[] {
  if (overlay.kind === 'badge') return [];
  const style = (code: number, text: string): string => (styled ? `\x1b[${code}m${text}\x1b[0m` : text);
  const rows = overlay.rows.map((row) => ({ row, text: rowText(overlay, row, width - 4) }));
  const lines = [style(1, fit(printable(overlay.title), width - 2).trimEnd())];
  for (const { row, text } of rows) {
    const line = `${row.marked && !styled ? '>' : ' '} ${text}`;
    lines.push(row.marked ? style(7, line) : line);
  }
  if (overlay.hint !== '') lines.push(style(2, fit(printable(overlay.hint), width - 2).trimEnd()));
  return lines;
}

function rowText(overlay: Overlay, row: OverlayRow, width: number): string {
  const text = printable(row.text);
  const detail = printable(row.detail);
  if (overlay.kind === 'banner') return fit(`${fit(detail, 12)} ${text}`, width).trimEnd();
  const keyWidth = Math.max(0, ...overlay.rows.map(({ key }) => key.length));
  const key = keyWidth === 0 ? '' : `${row.key.padStart(keyWidth)}  `;
  if (detail === '') return fit(key + text, width).trimEnd();
  const names = Math.max(...overlay.rows.map((other) => textWidth(printable(other.text))));
  const room = Math.max(8, Math.min(names, width - textWidth(detail) - key.length - 2));
  return fit(`${key}${fit(text, room)}  ${detail}`, width).trimEnd();
}
