/** The upper 240 of the 256 colours of xterm, which are the same in every terminal: a cube of colours, and greys. */

/** Shades of the cube, colours 16 to 231. */
const SHADES: readonly number[] = [0, 95, 135, 175, 215, 255];
const CUBE = 16;
/** Greys, colours 232 to 255: 8, 18, … 238. */
const GREYS = 232;
const GREY_COUNT = 24;

const nearestShade = Uint8Array.from({ length: 256 }, (_, value) =>
  SHADES.reduce((best, shade, at) => (Math.abs(shade - value) < Math.abs(SHADES[best] - value) ? at : best), 0),
);

/** The number of the colour that is nearest. */
export function paletteColour(red: number, green: number, blue: number): number {
  const [r, g, b] = [nearestShade[red], nearestShade[green], nearestShade[blue]];
  const grey = Math.max(0, Math.min(GREY_COUNT - 1, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const level = 8 + 10 * grey;
  const inCube = distance(red - SHADES[r], green - SHADES[g], blue - SHADES[b]);
  const inGreys = distance(red - level, green - level, blue - level);
  return inGreys < inCube ? GREYS + grey : CUBE + 36 * r + 6 * g + b;
}

const distance = (red: number, green: number, blue: number): number => red * red + green * green + blue * blue;
