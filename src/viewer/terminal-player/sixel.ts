/** Pictures as sixels (DEC STD 070, chapter 9; VT330/VT340 Programmer Reference, chapter 14). */
import { cropped, type Picture, scaled } from './picture.js';
import type { Place } from './place.js';
import { moveTo, type Renderer } from './renderer.js';

/** Shades of red, green and blue: 252 colours of the 256 that terminals have, most of them where the eye sees most. */
const SHADES = [6, 7, 6] as const;
const COLOURS = SHADES[0] * SHADES[1] * SHADES[2];
/** Rows in one line of sixels. */
const BAND = 6;
/** Side of the pattern of thresholds that makes shades in between: B. E. Bayer, 1973. */
const SIDE = 8;

/** 0 to 63, each once, neighbours far apart. */
const bayer = Array.from({ length: SIDE * SIDE }, (_, at) => {
  const x = at % SIDE;
  const y = Math.floor(at / SIDE);
  let value = 0;
  for (let bit = 0; bit < 3; bit++) value = value * 4 + 2 * ((((x ^ y) >> bit) & 1) as number) + ((y >> bit) & 1);
  return value;
});

/** For each threshold and each value of red, green, blue: what its shade adds to the number of the colour. */
const shadeTables = SHADES.map((shades, channel) => {
  const weight = SHADES.slice(channel + 1).reduce((product, each) => product * each, 1);
  const table = new Uint8Array(SIDE * SIDE * 256);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const threshold = (bayer[at] + 0.5) / (SIDE * SIDE);
    for (let value = 0; value < 256; value++) {
      table[at * 256 + value] = Math.floor((value * (shades - 1)) / 255 + threshold) * weight;
    }
  }
  return table;
});

/** `#` number ; 2 (RGB) ; percent of red, green, blue. */
const definitions = Array.from({ length: COLOURS }, (_, colour) => {
  const shade = (channel: number, weight: number): number =>
    Math.round((100 * (Math.floor(colour / weight) % SHADES[channel])) / (SHADES[channel] - 1));
  return `#${colour};2;${shade(0, SHADES[1] * SHADES[2])};${shade(1, SHADES[2])};${shade(2, 1)}`;
});

export const sixelRenderer = (): Renderer => ({
  name: 'sixel',
  most: { width: 800, height: 450 },
  enlarges: false,
  draw(picture, place) {
    const { visible, cell } = place;
    if (visible === 0) return '';
    const size = pixelsOf(picture, place);
    const rows = Math.min(size.height, visible * cell.height);
    return moveTo(place.row, place.column) + sixelsOf(cropped(scaled(picture, size), rows));
  },
  forget: () => undefined,
  end: '',
});

/** In whole lines of sixels, so that nothing reaches below its cells. */
function pixelsOf(picture: Picture, { columns, rows, cell }: Place): { width: number; height: number } {
  const [across, down] = [columns * cell.width, rows * cell.height];
  const scale = Math.min(1, across / picture.width, down / picture.height);
  const height = Math.floor((picture.height * scale) / BAND) * BAND;
  return { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(BAND, height) };
}

/** A whole sequence, DCS to ST. The last rows are left out where they do not fill a line of sixels. */
export function sixelsOf(picture: Picture): string {
  const { width } = picture;
  const bands = Math.floor(picture.height / BAND);
  const defined = new Uint8Array(COLOURS);
  // Bits of a column for each colour, its first and last column, and the colours of this line
  const bits = new Uint8Array(COLOURS * width);
  const first = new Int32Array(COLOURS);
  const last = new Int32Array(COLOURS).fill(-1);
  const parts = [`\x1bP0;1;0q"1;1;${width};${bands * BAND}`];
  for (let band = 0; band < bands; band++) {
    const colours = fillBand(picture, band, { bits, first, last });
    for (const colour of colours) {
      if (defined[colour] === 0) parts.push(definitions[colour]);
      defined[colour] = 1;
      const from = colour * width + first[colour];
      const to = colour * width + last[colour] + 1;
      parts.push(`#${colour}${runOf(0, first[colour])}${runsOf(bits, from, to)}$`);
      bits.fill(0, from, to);
      last[colour] = -1;
    }
    parts.push('-');
  }
  parts.push('\x1b\\');
  return parts.join('');
}

interface Band {
  bits: Uint8Array;
  first: Int32Array;
  last: Int32Array;
}

/** Sorts the pixels of six rows by colour, and returns which colours there are. */
function fillBand({ width, data }: Picture, band: number, { bits, first, last }: Band): number[] {
  const [reds, greens, blues] = shadeTables;
  const colours: number[] = [];
  for (let row = 0; row < BAND; row++) {
    const y = band * BAND + row;
    const thresholds = (y % SIDE) * SIDE;
    let at = y * width * 3;
    for (let x = 0; x < width; x++, at += 3) {
      const table = (thresholds + (x % SIDE)) * 256;
      const colour = reds[table + data[at]] + greens[table + data[at + 1]] + blues[table + data[at + 2]];
      if (last[colour] < 0) {
        colours.push(colour);
        first[colour] = x;
        last[colour] = x;
      } else if (x < first[colour]) first[colour] = x;
      else if (x > last[colour]) last[colour] = x;
      bits[colour * width + x] |= 1 << row;
    }
  }
  return colours;
}

/** The sixel of each value of bits, and runs of it where they are shorter than the characters. */
const characters = Array.from({ length: 64 }, (_, value) => String.fromCharCode(63 + value));

function runOf(value: number, count: number): string {
  return count > 3 ? `!${count}${characters[value]}` : characters[value].repeat(count);
}

function runsOf(bits: Uint8Array, from: number, to: number): string {
  let text = '';
  let at = from;
  while (at < to) {
    const value = bits[at];
    const begin = at;
    do at++;
    while (at < to && bits[at] === value);
    text += runOf(value, at - begin);
  }
  return text;
}
