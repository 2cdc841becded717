/**
 * Panels as ASS events for mpv's osd-overlay: drawn shapes and text at fixed places on a canvas that is 720 high
 * and as wide as the window's shape makes it.
 */
import type { Overlay, OverlayRow } from './overlay.js';

export const CANVAS_HEIGHT = 720;

/** ASS writes colours as &HBBGGRR&, and alpha with 00 opaque. */
const Color = {
  overlay: '\\1c&H1C1512&\\1a&H28&',
  marked: '\\1c&HD9762B&\\1a&H10&',
  title: '\\1c&HFFFFFF&\\1a&H00&',
  text: '\\1c&HF2EEEC&\\1a&H00&',
  detail: '\\1c&HC4B8B0&\\1a&H00&',
  current: '\\1c&H5AC8FA&\\1a&H00&',
} as const;

const PADDING = 28;
const MARGIN = 40;
const TITLE = { size: 34, height: 52 } as const;
const HINT = { size: 20, height: 40 } as const;
const BADGE = { size: 30, height: 50, digit: 16.5 } as const;

interface Layout {
  width: number;
  rowHeight: number;
  size: number;
  /** Where the row's text begins, from the overlay's padding. */
  indent: number;
  place: 'center' | 'bottom' | 'top-right';
}

const layouts: Record<Exclude<Overlay['kind'], 'badge'>, Layout> = {
  menu: { width: 440, rowHeight: 50, size: 28, indent: 44, place: 'center' },
  list: { width: 860, rowHeight: 46, size: 26, indent: 60, place: 'center' },
  banner: { width: 760, rowHeight: 34, size: 23, indent: 150, place: 'bottom' },
  message: { width: 820, rowHeight: 32, size: 22, indent: 0, place: 'bottom' },
  number: { width: 170, rowHeight: 0, size: 40, indent: 0, place: 'top-right' },
};

/** The events, one a line. `aspect` is the window's width divided by its height. */
export function assOf(overlay: Overlay, aspect: number): string {
  const canvasWidth = CANVAS_HEIGHT * aspect;
  const events = overlay.kind === 'badge' ? [] : overlayEvents(overlay, overlay.kind, canvasWidth);
  return [...events, ...badgeEvents(overlay.badge)].join('\n');
}

function overlayEvents(overlay: Overlay, kind: keyof typeof layouts, canvasWidth: number): string[] {
  const layout = layouts[kind];
  const width = Math.min(layout.width, canvasWidth - 2 * MARGIN);
  const body = overlay.rows.length * layout.rowHeight;
  const height = PADDING * 2 - 8 + TITLE.height + body + (overlay.hint === '' ? 0 : HINT.height) - 8;
  const left = layout.place === 'top-right' ? canvasWidth - width - MARGIN : (canvasWidth - width) / 2;
  const top = { center: (CANVAS_HEIGHT - height) / 2, bottom: CANVAS_HEIGHT - height - MARGIN, 'top-right': MARGIN };
  const y = top[layout.place];
  const inside = { left: left + PADDING, right: left + width - PADDING };
  const events = [box(left, y, width, height, 18, Color.overlay)];
  const titleAt = y + PADDING - 8;
  events.push(text(overlay.title, inside.left, titleAt, TITLE.size, Color.title, { bold: true, right: inside.right }));
  overlay.rows.forEach((row, index) => {
    events.push(...rowEvents(row, inside, titleAt + TITLE.height + index * layout.rowHeight, layout, kind));
  });
  if (overlay.hint !== '') {
    const at = titleAt + TITLE.height + body + 12;
    events.push(text(overlay.hint, inside.left, at, HINT.size, Color.detail, { right: inside.right }));
  }
  return events;
}

/** In the corner where no overlay lies. */
function badgeEvents(badge: string): string[] {
  if (badge === '') return [];
  const width = badge.length * BADGE.digit + 28;
  const textAt = MARGIN + (BADGE.height - BADGE.size) / 2;
  return [
    box(MARGIN, MARGIN, width, BADGE.height, 12, Color.overlay),
    text(badge, MARGIN + 14, textAt, BADGE.size, Color.title, { bold: true }),
  ];
}

interface Inside {
  left: number;
  right: number;
}

function rowEvents(row: OverlayRow, inside: Inside, y: number, layout: Layout, kind: Overlay['kind']): string[] {
  const { size, rowHeight, indent } = layout;
  const events: string[] = [];
  const textY = y + (rowHeight - size) / 2;
  if (row.marked) {
    events.push(box(inside.left - 14, y + 2, inside.right - inside.left + 28, rowHeight - 4, 10, Color.marked));
  }
  const color = row.current && !row.marked ? Color.current : Color.text;
  if (kind === 'banner') {
    events.push(text(row.detail, inside.left, textY + 2, size - 3, Color.detail, { right: inside.left + indent - 8 }));
    events.push(text(row.text, inside.left + indent, textY, size, color, { right: inside.right }));
    return events;
  }
  if (row.key !== '') {
    events.push(text(row.key, inside.left, textY, size, color, { bold: true, right: inside.left + indent - 6 }));
  }
  const detailWidth = row.detail === '' ? 0 : 330;
  events.push(text(row.text, inside.left + indent, textY, size, color, { right: inside.right - detailWidth }));
  if (row.detail !== '') {
    const detailColor = row.marked ? Color.text : Color.detail;
    events.push(text(row.detail, inside.right, textY + 3, size - 5, detailColor, { alignRight: true }));
  }
  return events;
}

/** Lines outside the shapes and shadows would blur small text: none. */
const PLAIN = '\\bord0\\shad0';

function box(x: number, y: number, width: number, height: number, radius: number, color: string): string {
  const r = Math.min(radius, height / 2);
  const k = r * 0.45; // where the control points of a quarter circle's curve lie, from its corner
  const points = [
    `m ${n(r)} 0 l ${n(width - r)} 0 b ${n(width - k)} 0 ${n(width)} ${n(k)} ${n(width)} ${n(r)}`,
    `l ${n(width)} ${n(height - r)} b ${n(width)} ${n(height - k)} ${n(width - k)} ${n(height)} ${n(width - r)} ${n(height)}`,
    `l ${n(r)} ${n(height)} b ${n(k)} ${n(height)} 0 ${n(height - k)} 0 ${n(height - r)}`,
    `l 0 ${n(r)} b 0 ${n(k)} ${n(k)} 0 ${n(r)} 0`,
  ];
  return `{\\an7\\pos(${n(x)},${n(y)})${PLAIN}${color}\\p1}${points.join(' ')}{\\p0}`;
}

interface TextOptions {
  bold?: boolean;
  /** Where text that is too long is cut off. */
  right?: number;
  /** `x` is the text's right end. */
  alignRight?: boolean;
}

function text(value: string, x: number, y: number, size: number, color: string, options: TextOptions = {}): string {
  const clip = options.right === undefined ? '' : `\\clip(0,0,${n(options.right)},${CANVAS_HEIGHT})`;
  const align = options.alignRight ? '\\an9' : '\\an7';
  const style = `${align}\\pos(${n(x)},${n(y)})\\q2\\fs${size}\\b${options.bold ? 1 : 0}${PLAIN}${color}${clip}`;
  return `{${style}}${escapeAss(value)}`;
}

/** Two decimals are far below a pixel. */
const n = (value: number): string => String(Math.round(value * 100) / 100);

/** Text comes from the network: nothing in it may act as a tag or a line break. U+2060 keeps a backslash alone. */
export const escapeAss = (value: string): string =>
  value
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll('\\', '\\\u2060')
    .replaceAll('{', '\\{')
    .replaceAll('}', '\\}');
