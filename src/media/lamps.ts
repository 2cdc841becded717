/** Writing with lamps, into pictures; no font is needed. */

/** Seven rows of five lamps, the leftmost the highest bit; rows from top to bottom. */
const glyphs: Record<string, number[]> = {
  '0': [0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e],
  '1': [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
  '2': [0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f],
  '3': [0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e],
  '4': [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
  '5': [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e],
  '6': [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e],
  '7': [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
  '8': [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
  '9': [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c],
  ':': [0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00],
  '.': [0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c],
  ' ': [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  B: [0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e],
  C: [0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e],
  M: [0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11],
  S: [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
  a: [0x00, 0x00, 0x0e, 0x01, 0x0f, 0x11, 0x0f],
  c: [0x00, 0x00, 0x0e, 0x10, 0x10, 0x11, 0x0e],
  d: [0x01, 0x01, 0x0d, 0x13, 0x11, 0x11, 0x0f],
  e: [0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e],
  i: [0x04, 0x00, 0x0c, 0x04, 0x04, 0x04, 0x0e],
  k: [0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12],
  l: [0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
  m: [0x00, 0x00, 0x1a, 0x15, 0x15, 0x11, 0x11],
  n: [0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11],
  o: [0x00, 0x00, 0x0e, 0x11, 0x11, 0x11, 0x0e],
  r: [0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10],
  s: [0x00, 0x00, 0x0e, 0x10, 0x0e, 0x01, 0x1e],
  t: [0x08, 0x08, 0x1c, 0x08, 0x08, 0x09, 0x06],
  u: [0x00, 0x00, 0x11, 0x11, 0x11, 0x13, 0x0d],
};
export const ROWS = 7;
const COLUMNS = 5;
/** With the gap to the next character. */
export const ADVANCE = COLUMNS + 1;

/** Of luma, ITU-R BT.709, limited range. */
export const BOARD = 24;
export const LAMP_OFF = 36;
export const LAMP_ON = 225;
const GREY = 128;

/** A picture in planar 4:2:0. */
export interface Planes {
  width: number;
  height: number;
  /** Y, then Cb and Cr of half the size. */
  data: Uint8Array;
}

export const even = (value: number): number => Math.floor(value / 2) * 2;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Without colour. */
export function fill({ width, height, data }: Planes, box: Box, luma: number): void {
  for (let y = box.top; y < box.top + box.height; y++) {
    data.fill(luma, y * width + box.left, y * width + box.left + box.width);
  }
  const chromaWidth = width >> 1;
  const [from, to] = [box.left >> 1, (box.left + box.width) >> 1];
  for (let plane = 0; plane < 2; plane++) {
    const start = width * height + plane * chromaWidth * (height >> 1);
    for (let y = box.top >> 1; y < (box.top + box.height) >> 1; y++) {
      data.fill(GREY, start + y * chromaWidth + from, start + y * chromaWidth + to);
    }
  }
}

/** Writes `text` from left and top on, lamps `pitch` pixels apart. */
export function drawText(planes: Planes, options: { text: string; left: number; top: number; pitch: number }): void {
  const { text, left, top, pitch } = options;
  [...text].forEach((character, place) => {
    drawGlyph(planes, { character, left: left + place * ADVANCE * pitch, top, pitch });
  });
}

/** How wide a text is. */
export const textWidth = (text: string, pitch: number): number => (text.length * ADVANCE - 1) * pitch;

export function drawGlyph(
  planes: Planes,
  options: { character: string; left: number; top: number; pitch: number },
): void {
  const { character, left, top, pitch } = options;
  const glyph = glyphs[character] ?? glyphs[' '];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const luma = (glyph[row] >> (COLUMNS - 1 - column)) & 1 ? LAMP_ON : LAMP_OFF;
      const x = left + (column + 0.5) * pitch;
      drawLamp(planes, { x, y: top + (row + 0.5) * pitch, radius: pitch * 0.46, luma });
    }
  }
}

/** A disc with a soft edge, on the board's luma. */
function drawLamp({ width, data }: Planes, lamp: { x: number; y: number; radius: number; luma: number }): void {
  const { x, y, radius, luma } = lamp;
  for (let py = Math.floor(y - radius - 1); py <= y + radius + 1; py++) {
    for (let px = Math.floor(x - radius - 1); px <= x + radius + 1; px++) {
      const inside = radius + 0.5 - Math.hypot(px + 0.5 - x, py + 0.5 - y);
      if (inside <= 0) continue;
      data[py * width + px] = Math.round(BOARD + (luma - BOARD) * Math.min(1, inside));
    }
  }
}
