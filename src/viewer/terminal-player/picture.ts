/** A picture as values, and what is made of it before it is drawn. */

export interface Size {
  width: number;
  height: number;
}

/** Square pixels: RGB, 8 bits each, row by row. */
export interface Picture extends Size {
  data: Uint8Array;
}

/** In another size: each pixel the mean of those that it stands for, or one of them again where it is larger. */
export function scaled(picture: Picture, { width, height }: Size): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const data = new Uint8Array(width * height * 3);
  const columns = boundaries(picture.width, width);
  const rows = boundaries(picture.height, height);
  for (let y = 0; y < height; y++) {
    const top = rows[2 * y];
    const bottom = rows[2 * y + 1];
    for (let x = 0; x < width; x++) {
      const left = columns[2 * x];
      const right = columns[2 * x + 1];
      let [red, green, blue] = [0, 0, 0];
      for (let row = top; row < bottom; row++) {
        const end = (row * picture.width + right) * 3;
        for (let at = (row * picture.width + left) * 3; at < end; at += 3) {
          red += picture.data[at];
          green += picture.data[at + 1];
          blue += picture.data[at + 2];
        }
      }
      const count = (bottom - top) * (right - left);
      const to = (y * width + x) * 3;
      data[to] = Math.round(red / count);
      data[to + 1] = Math.round(green / count);
      data[to + 2] = Math.round(blue / count);
    }
  }
  return { width, height, data };
}

/** The first and the one behind the last of `from` pixels that each of `to` stands for. */
function boundaries(from: number, to: number): Uint32Array {
  const ends = new Uint32Array(2 * to);
  for (let at = 0; at < to; at++) {
    const first = Math.floor((at * from) / to);
    ends[2 * at] = first;
    ends[2 * at + 1] = Math.max(first + 1, Math.floor(((at + 1) * from) / to));
  }
  return ends;
}

/** Its upper rows. */
export const cropped = ({ width, height, data }: Picture, rows: number): Picture =>
  rows >= height ? { width, height, data } : { width, height: rows, data: data.subarray(0, rows * width * 3) };
