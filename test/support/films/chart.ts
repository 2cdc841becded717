/**
 * The picture of the corpus: its number, which way up it is, and a chart of colours, in 8 × 8 cells that are read back after
 * scaling, turning, bars, deinterlacing and lossy coding.
 *
 *     W . . . . . . B     white and black in the upper corners, grey between them
 *     8 colours           two rows of four, each 2 × 2 cells
 *     the number's bits   in Gray code, the lowest at the left, white for 1
 *     the bits inverted   so that a blend of two pictures has no number
 *     . . . . . . . .     grey, so that no column is black
 *
 * In Gray code no cell has the same colour in the pictures before and after one in which it has another: a deinterlacer that
 * looks at both would take its place for still.
 */

export const CELLS = 8;
/** Numbers repeat after this many pictures. */
export const NUMBERS = 2 ** CELLS;
/** Colours beside each other, and below. */
const CHART = [4, 2] as const;
/** Cells of a colour's side: small patches lose their colour to coding. */
const PATCH = 2;
const BITS_ROW = 1 + CHART[1] * PATCH;
const INVERTED_ROW = BITS_ROW + 1;

export type Colour = readonly [red: number, green: number, blue: number];
const WHITE: Colour = [235, 235, 235];
const GREY: Colour = [128, 128, 128];
const BLACK: Colour = [16, 16, 16];

/** Within the limited range of either matrix, and saturated enough that a mistaken matrix shows. */
const chart: readonly Colour[] = [
  [180, 60, 60],
  [60, 180, 60],
  [60, 60, 180],
  [180, 180, 60],
  [60, 180, 180],
  [180, 60, 180],
  [180, 120, 90],
  [90, 110, 140],
];

function cellColour(column: number, row: number, number: number): Colour {
  if (row === 0) return column === 0 ? WHITE : column === CELLS - 1 ? BLACK : GREY;
  if (row < BITS_ROW) {
    return chart[Math.floor((row - 1) / PATCH) * CHART[0] + Math.floor(column / PATCH)]!;
  }
  if (row > INVERTED_ROW) return GREY;
  const bit = Math.floor((number ^ (number >> 1)) / 2 ** column) % 2 === 1;
  return bit === (row === BITS_ROW) ? WHITE : BLACK;
}

/** Pictures with these numbers, one after another, as rgb24 of `CELLS` × `CELLS` pixels. */
export function drawPictures(numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(numbers.length * CELLS * CELLS * 3);
  let at = 0;
  for (const number of numbers) {
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        for (const level of cellColour(column, row, number % NUMBERS)) out[at++] = level;
      }
    }
  }
  return out;
}

/** A picture as rgb24 of `side` × `side` pixels; its own shape is elsewhere. */
export interface Raster {
  rgb: Buffer;
  side: number;
}

/** Shares of the raster, 0 to 1: what lies outside is black. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Which way up a picture is: where its point (x, y) is found, 0 to 1. */
const turns = {
  upright: (x: number, y: number) => [x, y],
  'turned by 90°': (x: number, y: number) => [1 - y, x],
  'turned by 180°': (x: number, y: number) => [1 - x, 1 - y],
  'turned by 270°': (x: number, y: number) => [y, 1 - x],
  mirrored: (x: number, y: number) => [1 - x, y],
  'upside down, mirrored': (x: number, y: number) => [x, 1 - y],
  'turned by 90°, mirrored': (x: number, y: number) => [y, x],
  'turned by 270°, mirrored': (x: number, y: number) => [1 - y, 1 - x],
} satisfies Record<string, (x: number, y: number) => [number, number]>;
export type Turn = keyof typeof turns;

export interface PictureRead {
  box: Box;
  /** Null where the picture is none of the corpus. */
  turn: Turn | null;
  /** Null also where two pictures are blended. */
  number: number | null;
  /** Of the chart, in order; empty where there is none. */
  colours: Colour[];
}

/** Rec. 601, near enough for black, grey and white. */
const luma = ([red, green, blue]: Colour) => 0.3 * red + 0.59 * green + 0.11 * blue;

/** Of the bits above each other, as a share of that between white and black: less in a blend. */
const LEAST_DIFFERENCE = 0.5;

/** Brightest level of a bar beside the picture. */
const BAR = 36;

export function readPicture(raster: Raster): PictureRead {
  const box = boxOf(raster);
  const cell = (column: number, row: number, turn: Turn) => cellOf(raster, box, turns[turn], column, row);
  const turn = (Object.keys(turns) as Turn[]).find((each) => isUpright((column, row) => luma(cell(column, row, each))));
  if (turn === undefined) return { box, turn: null, number: null, colours: [] };
  const contrast = luma(cell(0, 0, turn)) - luma(cell(CELLS - 1, 0, turn));
  let number: number | null = 0;
  let bit = 0;
  for (let column = CELLS - 1; column >= 0; column--) {
    const difference = luma(cell(column, BITS_ROW, turn)) - luma(cell(column, INVERTED_ROW, turn));
    if (Math.abs(difference) < contrast * LEAST_DIFFERENCE) number = null;
    if (difference > 0) bit ^= 1;
    if (number !== null) number += bit * 2 ** column;
  }
  const colours = chart.map((_, i) => {
    const [column, row] = [(i % CHART[0]) * PATCH + 0.5, 1 + Math.floor(i / CHART[0]) * PATCH + 0.5];
    return cell(column, row, turn);
  });
  return { box, turn, number, colours };
}

/** Whether the corners are white and black above, and grey between these below. */
function isUpright(lumaOf: (column: number, row: number) => number): boolean {
  const last = CELLS - 1;
  const [white, black] = [lumaOf(0, 0), lumaOf(last, 0)];
  const contrast = white - black;
  const isGrey = (level: number) => level > black + contrast * 0.2 && level < white - contrast * 0.2;
  return contrast > 80 && isGrey(lumaOf(0, last)) && isGrey(lumaOf(last, last)) && isGrey(lumaOf(3, last));
}

/** The mean colour around the middle of a cell. */
function cellOf(
  raster: Raster,
  box: Box,
  place: (x: number, y: number) => number[],
  column: number,
  row: number,
): Colour {
  const { rgb, side } = raster;
  const sum = [0, 0, 0];
  const points = [-0.15, 0, 0.15];
  for (const dx of points) {
    for (const dy of points) {
      const [x, y] = place((column + 0.5 + dx) / CELLS, (row + 0.5 + dy) / CELLS) as [number, number];
      const column_ = Math.min(side - 1, Math.floor((box.left + x * (box.right - box.left)) * side));
      const row_ = Math.min(side - 1, Math.floor((box.top + y * (box.bottom - box.top)) * side));
      for (let i = 0; i < 3; i++) sum[i]! += rgb[(row_ * side + column_) * 3 + i]!;
    }
  }
  const mean = (i: number) => sum[i]! / points.length ** 2;
  return [mean(0), mean(1), mean(2)];
}

function boxOf({ rgb, side }: Raster): Box {
  const isBlack = (column: number, row: number) => {
    const at = (row * side + column) * 3;
    return Math.max(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!) < BAR;
  };
  const all = Array.from({ length: side }, (_, i) => i);
  const rows = all.filter((row) => all.some((column) => !isBlack(column, row)));
  const columns = all.filter((column) => rows.some((row) => !isBlack(column, row)));
  if (rows.length === 0) return { left: 0, top: 0, right: 1, bottom: 1 };
  return {
    left: columns[0]! / side,
    top: rows[0]! / side,
    right: (columns.at(-1)! + 1) / side,
    bottom: (rows.at(-1)! + 1) / side,
  };
}
