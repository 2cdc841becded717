/**
 * Overlays as ASS events for mpv's osd-overlay: shapes and text at fixed positions on a canvas that is 720 high and has the
 * window's aspect ratio.
 */
import { printable } from '../base/printable.js';
import type { Overlay, OverlayRow } from './overlay.js';

export const CANVAS_HEIGHT = 720;

/** ASS writes colours as &HBBGGRR&, and alpha with 00 opaque. */
const Color = {
  background: '\\1c&H1C1512&\\1a&H28&',
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
  /** Distance of the row's text from the padding. */
  indent: number;
  position: 'center' | 'bottom' | 'top-right';
}

const layouts: Record<Exclude<Overlay['kind'], 'badge'>, Layout> = {
  menu: { width: 440, rowHeight: 50, size: 28, indent: 44, position: 'center' },
  list: { width: 860, rowHeight: 46, size: 26, indent: 60, position: 'center' },
  banner: { width: 760, rowHeight: 34, size: 23, indent: 150, position: 'bottom' },
  message: { width: 820, rowHeight: 32, size: 22, indent: 0, position: 'bottom' },
  number: { width: 170, rowHeight: 0, size: 40, indent: 0, position: 'top-right' },
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
  const left = layout.position === 'top-right' ? canvasWidth - width - MARGIN : (canvasWidth - width) / 2;
  const top = { center: (CANVAS_HEIGHT - height) / 2, bottom: CANVAS_HEIGHT - height - MARGIN, 'top-right': MARGIN };
  const y = top[layout.position];
  const inside = { left: left + PADDING, right: left + width - PADDING };
  const events = [box({ x: left, y, width, height, radius: 18, color: Color.background })];
  const titleAt = y + PADDING - 8;
  events.push(
    text(overlay.title, {
      x: inside.left,
      y: titleAt,
      size: TITLE.size,
      color: Color.title,
      bold: true,
      right: inside.right,
    }),
  );
  overlay.rows.forEach((row, index) => {
    const rowY = titleAt + TITLE.height + index * layout.rowHeight;
    events.push(...rowEvents(row, { inside, y: rowY, layout, kind }));
  });
  if (overlay.hint !== '') {
    const hintY = titleAt + TITLE.height + body + 12;
    events.push(
      text(overlay.hint, { x: inside.left, y: hintY, size: HINT.size, color: Color.detail, right: inside.right }),
    );
  }
  return events;
}

/** In the corner that no overlay covers. */
function badgeEvents(badge: string): string[] {
  if (badge === '') return [];
  const width = badge.length * BADGE.digit + 28;
  const textAt = MARGIN + (BADGE.height - BADGE.size) / 2;
  return [
    box({ x: MARGIN, y: MARGIN, width, height: BADGE.height, radius: 12, color: Color.background }),
    text(badge, { x: MARGIN + 14, y: textAt, size: BADGE.size, color: Color.title, bold: true }),
  ];
}

interface RowOptions {
  /** Left and right end of the text. */
  inside: { left: number; right: number };
  y: number;
  layout: Layout;
  kind: Overlay['kind'];
}

function rowEvents(row: OverlayRow, { inside, y, layout, kind }: RowOptions): string[] {
  const { size, rowHeight, indent } = layout;
  const events: string[] = [];
  const textY = y + (rowHeight - size) / 2;
  if (row.marked) {
    const width = inside.right - inside.left + 28;
    const height = rowHeight - 4;
    events.push(box({ x: inside.left - 14, y: y + 2, width, height, radius: 10, color: Color.marked }));
  }
  const color = row.current && !row.marked ? Color.current : Color.text;
  if (kind === 'banner') {
    const right = inside.left + indent - 8;
    events.push(text(row.detail, { x: inside.left, y: textY + 2, size: size - 3, color: Color.detail, right }));
    events.push(text(row.text, { x: inside.left + indent, y: textY, size, color, right: inside.right }));
    return events;
  }
  if (row.key !== '') {
    const right = inside.left + indent - 6;
    events.push(text(row.key, { x: inside.left, y: textY, size, color, bold: true, right }));
  }
  const detailWidth = row.detail === '' ? 0 : 330;
  events.push(text(row.text, { x: inside.left + indent, y: textY, size, color, right: inside.right - detailWidth }));
  if (row.detail !== '') {
    const detailColor = row.marked ? Color.text : Color.detail;
    events.push(
      text(row.detail, { x: inside.right, y: textY + 3, size: size - 5, color: detailColor, alignRight: true }),
    );
  }
  return events;
}

/** No borders and shadows, which would blur small text. */
const PLAIN = '\\bord0\\shad0';

interface BoxOptions {
  x: number;
  y: number;
  width: number;
  height: number;
  radius: number;
  color: string;
}

function box({ x, y, width, height, radius, color }: BoxOptions): string {
  const r = Math.min(radius, height / 2);
  const k = r * 0.45; // distance of a quarter circle's control points from its corner
  const points = [
    `m ${n(r)} 0 l ${n(width - r)} 0 b ${n(width - k)} 0 ${n(width)} ${n(k)} ${n(width)} ${n(r)}`,
    `l ${n(width)} ${n(height - r)} b ${n(width)} ${n(height - k)} ${n(width - k)} ${n(height)} ${n(width - r)} ${n(height)}`,
    `l ${n(r)} ${n(height)} b ${n(k)} ${n(height)} 0 ${n(height - k)} 0 ${n(height - r)}`,
    `l 0 ${n(r)} b 0 ${n(k)} ${n(k)} 0 ${n(r)} 0`,
  ];
  return `{\\an7\\pos(${n(x)},${n(y)})${PLAIN}${color}\\p1}${points.join(' ')}{\\p0}`;
}

interface TextOptions {
  x: number;
  y: number;
  size: number;
  color: string;
  bold?: boolean;
  /** Right end, where longer text is cut off. */
  right?: number;
  /** `x` is the text's right end. */
  alignRight?: boolean;
}

function text(value: string, { x, y, size, color, bold, right, alignRight }: TextOptions): string {
  const clip = right === undefined ? '' : `\\clip(0,0,${n(right)},${CANVAS_HEIGHT})`;
  const align = alignRight ? '\\an9' : '\\an7';
  const style = `${align}\\pos(${n(x)},${n(y)})\\q2\\fs${size}\\b${bold ? 1 : 0}${PLAIN}${color}${clip}`;
  return `{${style}}${escapeAss(value)}`;
}

/** Two decimals, far below a pixel. */
const n = (value: number): string => String(Math.round(value * 100) / 100);

/** Text comes from the network: nothing in it acts as a tag or a line break. U+2060 ends a backslash's escape. */
export const escapeAss = (value: string): string =>
  printable(value).replaceAll('\\', '\\\u2060').replaceAll('{', '\\{').replaceAll('}', '\\}');
