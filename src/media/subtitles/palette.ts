/** Pictures of few colours, by median cut (Heckbert, 1982). */

interface Box {
  colours: [colour: number, count: number][];
  /** Bit position of the component that differs most, and by how much. */
  component: number;
  spread: number;
}

const components = [0, 8, 16, 24] as const;
const partOf = (colour: number, shift: number) => (colour >>> shift) & 0xff;

function boxOf(colours: Box['colours']): Box {
  let component = 0;
  let spread = -1;
  for (const shift of components) {
    let [least, most] = [255, 0];
    for (const [colour] of colours) {
      const value = partOf(colour, shift);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    if (most - least > spread) [component, spread] = [shift, most - least];
  }
  return { colours, component, spread };
}

/** Halves a box by its pixels. */
function split({ colours, component }: Box): [Box, Box] {
  const sorted = colours.toSorted(([a], [b]) => partOf(a, component) - partOf(b, component));
  const half = sorted.reduce((sum, [, count]) => sum + count, 0) / 2;
  let at = 0;
  for (let sum = 0; at < sorted.length - 2 && sum + sorted[at]![1] <= half; at++) sum += sorted[at]![1];
  return [boxOf(sorted.slice(0, at + 1)), boxOf(sorted.slice(at + 1))];
}

/**
 * An entry of a palette for each pixel; entry 0 is transparent. `pixels`: red in the lowest byte, opacity in the highest. Exact where
 * there are fewer than `most` colours.
 */
export function paletteOf(pixels: Uint32Array, most: number): { pixels: Uint8Array; palette: Uint8Array } {
  const counts = new Map<number, number>();
  for (const pixel of pixels) if (pixel !== 0) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  let boxes = [boxOf([...counts])];
  if (counts.size >= most) {
    while (boxes.length < most - 1) {
      const widest = boxes.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a));
      if (widest.spread === 0) break;
      boxes = boxes.flatMap((box) => (box === widest ? split(box) : box));
    }
  } else boxes = [...counts].map((colour) => boxOf([colour]));
  const palette = new Uint8Array((boxes.length + 1) * 4);
  const entries = new Map<number, number>([[0, 0]]);
  for (const [i, { colours }] of boxes.entries()) {
    const count = colours.reduce((sum, [, each]) => sum + each, 0);
    for (const [at, shift] of components.entries()) {
      const sum = colours.reduce((total, [colour, each]) => total + partOf(colour, shift) * each, 0);
      palette[(i + 1) * 4 + at] = count === 0 ? 0 : Math.round(sum / count);
    }
    for (const [colour] of colours) entries.set(colour, i + 1);
  }
  return { pixels: Uint8Array.from(pixels, (pixel) => entries.get(pixel)!), palette };
}

/** Wide boxes first, and of those the ones that many pixels are in. */
const weightOf = ({ colours, spread }: Box): number =>
  spread * Math.sqrt(colours.reduce((sum, [, count]) => sum + count, 0));
