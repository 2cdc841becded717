/** Subpictures of DVDs, also as VobSub: run lengths of four colours, and commands with times. */
import { Ticks90k } from '../../base/units.js';
import { emptyPicture, MOST_PICTURE_PIXELS, packed, type SubtitlePicture } from './picture.js';
import type { BitmapDecoder, Show } from './shown.js';

/** Ticks in a unit of a command's time. */
const UNIT = 1_024;
/** Of a DVD, where nothing tells the size. */
const USUAL_SIZE = { width: 720, height: 576 };
/** Where no palette is known: black, dark and light grey, white for the four colours. */
const usualPalette = [0x000000, 0x555555, 0xaaaaaa, 0xffffff];

interface State {
  colours: number[];
  alphas: number[];
  area: { x: number; y: number; width: number; height: number } | null;
  fields: [number, number] | null;
}

export class VobSubDecoder implements BitmapDecoder {
  readonly #show: Show;
  /** Sixteen colours, red in the highest byte; null where the file has none. */
  readonly #palette: number[] | null;
  readonly #size: { width: number; height: number };

  /** `head`: the lines of the `.idx` file that a container keeps, with the palette and the size. */
  constructor(show: Show, { head, size }: { head: string; size: { width: number; height: number } | null }) {
    this.#show = show;
    const [, list = ''] = /^palette:\s*(.*)$/m.exec(head) ?? [];
    const palette = list.split(',').map((text) => Number.parseInt(text.trim(), 16));
    this.#palette = palette.length === 16 && palette.every((value) => value >= 0 && value <= 0xffffff) ? palette : null;
    const [, width = 0, height = 0] = (/^size:\s*(\d+)x(\d+)/m.exec(head) ?? []).map(Number);
    const own = width * height > 0 ? { width, height } : (size ?? USUAL_SIZE);
    this.#size = own.width * own.height <= MOST_PICTURE_PIXELS ? own : USUAL_SIZE;
  }

  decode(data: Uint8Array, time: Ticks90k, duration: Ticks90k): void {
    let isOver = false;
    const state: State = { colours: [0, 1, 2, 3], alphas: [0, 15, 15, 15], area: null, fields: null };
    for (let at = uint16(data, 2); at + 4 <= data.length; ) {
      const moment = Ticks90k(time + uint16(data, at) * UNIT);
      const next = uint16(data, at + 2);
      const command = commandsAt(data, at + 4, state);
      if (command === 'start') this.#show(moment, this.#draw(data, state));
      if (command === 'stop') this.#show(moment, null);
      isOver ||= command === 'stop';
      if (next <= at) break;
      at = next;
    }
    if (!isOver && duration > 0) this.#show(Ticks90k(time + duration), null);
  }

  #draw(data: Uint8Array, { colours, alphas, area, fields }: State): SubtitlePicture | null {
    if (area === null || fields === null) return null;
    const picture = emptyPicture(this.#size);
    const palette = this.#palette;
    const shown = colours.map((entry, i) => {
      const rgb = palette ? palette[entry]! : usualPalette[i]!;
      return packed(rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff, alphas[i]! * 17);
    });
    for (const [parity, offset] of fields.entries()) drawField(picture, { area, parity, offset, shown }, data);
    return picture;
  }
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Carries out the commands from `at` on; returns whether the picture starts or stops there. */
function commandsAt(data: Uint8Array, at: number, state: State): 'start' | 'stop' | null {
  let result: 'start' | 'stop' | null = null;
  const nibbles = (from: number) => [data[from + 1]! & 15, data[from + 1]! >> 4, data[from]! & 15, data[from]! >> 4];
  for (let next = at; next < data.length; ) {
    const command = data[next++];
    if (command === 0x00 || command === 0x01) result = 'start';
    else if (command === 0x02) result = 'stop';
    else if (command === 0x03 && next + 2 <= data.length) {
      state.colours = nibbles(next);
      next += 2;
    } else if (command === 0x04 && next + 2 <= data.length) {
      state.alphas = nibbles(next);
      next += 2;
    } else if (command === 0x05 && next + 6 <= data.length) {
      const twelve = (from: number, isSecond: boolean) =>
        isSecond ? ((data[from + 1]! & 15) << 8) | data[from + 2]! : (data[from]! << 4) | (data[from + 1]! >> 4);
      const [x1, x2, y1, y2] = [
        twelve(next, false),
        twelve(next, true),
        twelve(next + 3, false),
        twelve(next + 3, true),
      ];
      state.area = { x: x1, y: y1, width: Math.max(0, x2 - x1 + 1), height: Math.max(0, y2 - y1 + 1) };
      next += 6;
    } else if (command === 0x06 && next + 4 <= data.length) {
      state.fields = [uint16(data, next), uint16(data, next + 2)];
      next += 4;
    } else return result;
  }
  return result;
}

/** Draws every second line. Codes of 1 to 4 nibbles: a length, and a colour of 2 bits; a length of 0 reaches to the line's end. */
function drawField(
  picture: SubtitlePicture,
  field: { area: NonNullable<State['area']>; parity: number; offset: number; shown: number[] },
  data: Uint8Array,
): void {
  const { area, parity, offset, shown } = field;
  const words = new Uint32Array(picture.rgba.buffer);
  let at = offset * 2;
  const nibble = () => {
    const value = data[at >> 1] ?? 0;
    return at++ & 1 ? value & 15 : value >> 4;
  };
  for (let line = parity; line < area.height && at < data.length * 2; line += 2) {
    for (let x = 0; x < area.width; ) {
      let code = nibble();
      for (const least of [0x4, 0x10, 0x40]) if (code < least) code = (code << 4) | nibble();
      const run = code >> 2 || area.width - x;
      const y = area.y + line;
      const from = Math.min(area.x + x, picture.width);
      const to = Math.min(area.x + Math.min(area.width, x + run), picture.width);
      if (y < picture.height) words.fill(shown[code & 3]!, y * picture.width + from, y * picture.width + to);
      x += run;
    }
    // A line begins with a whole byte.
    if (at & 1) at++;
  }
}
