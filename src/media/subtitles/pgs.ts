/** Presentation graphics of Blu-ray discs: segments of a type, a length of 16 bits and data. */
import type { Ticks90k } from '../../base/units.js';
import { emptyPicture, MOST_PICTURE_PIXELS, packed, type SubtitlePicture } from './picture.js';
import type { BitmapDecoder, Show } from './shown.js';

const Segment = { palette: 0x14, object: 0x15, composition: 0x16, end: 0x80 } as const;

interface PgsObject {
  width: number;
  height: number;
  /** Run lengths. */
  data: Uint8Array;
}

interface Placed {
  id: number;
  x: number;
  y: number;
  crop: { x: number; y: number; width: number; height: number } | null;
}

interface Composition {
  time: Ticks90k;
  width: number;
  height: number;
  palette: number;
  placed: Placed[];
}

/** Bytes of objects that are kept. */
const MOST_OBJECT_BYTES = 1 << 25;

export class PgsDecoder implements BitmapDecoder {
  readonly #show: Show;
  readonly #objects = new Map<number, PgsObject>();
  /** For each palette the packed colours of its entries. */
  readonly #palettes = new Map<number, Uint32Array>();
  #composition: Composition | null = null;

  constructor(show: Show) {
    this.#show = show;
  }

  decode(data: Uint8Array, time: Ticks90k): void {
    for (let at = 0; at + 3 <= data.length; ) {
      const type = data[at];
      const end = at + 3 + uint16(data, at + 1);
      if (end > data.length) return;
      const body = data.subarray(at + 3, end);
      if (type === Segment.palette) this.#takePalette(body);
      else if (type === Segment.object) this.#takeObject(body);
      else if (type === Segment.composition) this.#takeComposition(body, time);
      else if (type === Segment.end) this.#finish();
      at = end;
    }
  }

  #takeComposition(body: Uint8Array, time: Ticks90k): void {
    if (body.length < 11) return;
    // Not a normal case: a new epoch, or an acquisition point.
    if (body[7] !== 0) {
      this.#objects.clear();
      this.#palettes.clear();
    }
    const placed: Placed[] = [];
    for (let at = 11, i = 0; i < body[10]! && at + 8 <= body.length; i++) {
      const isCropped = (body[at + 3]! & 0x80) !== 0 && at + 16 <= body.length;
      const [cropX, cropY, width, height] = [8, 10, 12, 14].map((offset) => uint16(body, at + offset));
      placed.push({
        ...{ id: uint16(body, at), x: uint16(body, at + 4), y: uint16(body, at + 6) },
        crop: isCropped ? { x: cropX!, y: cropY!, width: width!, height: height! } : null,
      });
      at += isCropped ? 16 : 8;
    }
    const [width, height] = [uint16(body, 0), uint16(body, 2)];
    this.#composition = { time, width, height, palette: body[9]!, placed };
  }

  #takePalette(body: Uint8Array): void {
    if (body.length < 2) return;
    const palette = this.#palettes.get(body[0]!) ?? new Uint32Array(256);
    this.#palettes.set(body[0]!, palette);
    const convert = (this.#composition?.height ?? 0) > 576 ? hdColour : sdColour;
    for (let at = 2; at + 5 <= body.length; at += 5) {
      const [entry, y, cr, cb, alpha] = body.subarray(at, at + 5) as unknown as number[];
      palette[entry!] = packed(...convert(y!, cr!, cb!), alpha!);
    }
  }

  #takeObject(body: Uint8Array): void {
    if (body.length < 4) return;
    const id = uint16(body, 0);
    const isFirst = (body[3]! & 0x80) !== 0;
    if (isFirst && body.length < 11) return;
    const before = this.#objects.get(id);
    if (isFirst) {
      this.#objects.set(id, { width: uint16(body, 7), height: uint16(body, 9), data: body.slice(11) });
    } else if (before && before.data.length + body.length < MOST_OBJECT_BYTES) {
      before.data = Buffer.concat([before.data, body.subarray(4)]);
    }
    const kept = [...this.#objects.values()].reduce((sum, { data }) => sum + data.length, 0);
    if (kept > MOST_OBJECT_BYTES) this.#objects.clear();
  }

  #finish(): void {
    const composition = this.#composition;
    if (composition === null) return;
    const { time, width, height, placed } = composition;
    if (placed.length === 0) {
      this.#show(time, null);
      return;
    }
    const palette = this.#palettes.get(composition.palette);
    if (!palette || width * height === 0 || width * height > MOST_PICTURE_PIXELS) return;
    const picture = emptyPicture({ width, height });
    for (const place of placed) {
      const object = this.#objects.get(place.id);
      if (object) draw(picture, place, object, palette);
    }
    this.#show(time, picture);
  }
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const byte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
type Colour = [red: number, green: number, blue: number];
/** ITU-R BT.709 and BT.601, limited range. */
function hdColour(y: number, cr: number, cb: number): Colour {
  const [luma, v, u] = [1.164_384 * (y - 16), cr - 128, cb - 128];
  return [byte(luma + 1.792_741 * v), byte(luma - 0.213_249 * u - 0.532_909 * v), byte(luma + 2.112_402 * u)];
}
function sdColour(y: number, cr: number, cb: number): Colour {
  const [luma, v, u] = [1.164_384 * (y - 16), cr - 128, cb - 128];
  return [byte(luma + 1.596_027 * v), byte(luma - 0.391_762 * u - 0.812_968 * v), byte(luma + 2.017_232 * u)];
}

/**
 * Draws an object. Its run lengths: a colour, or 0 and a byte whose two highest bits tell whether a length of 14 bits and a colour
 * other than 0 follow; a length of 0 ends a line.
 */
function draw(
  picture: SubtitlePicture,
  { x: left, y: top, crop }: Placed,
  object: PgsObject,
  palette: Uint32Array,
): void {
  const words = new Uint32Array(picture.rgba.buffer);
  const { data, width, height } = object;
  const cut = crop ?? { x: 0, y: 0, width, height };
  let [x, y] = [0, 0];
  for (let at = 0; at < data.length && y < height; ) {
    let run = 1;
    let colour = data[at++]!;
    if (colour === 0) {
      const flags = data[at++] ?? 0;
      run = flags & 0x3f;
      if (flags & 0x40) run = (run << 8) | (data[at++] ?? 0);
      if (flags & 0x80) colour = data[at++] ?? 0;
      if (run === 0) {
        x = 0;
        y++;
        continue;
      }
    }
    const line = y - cut.y;
    if (line >= 0 && line < cut.height && top + line < picture.height) {
      const from = left + Math.max(0, x - cut.x);
      const to = Math.min(left + Math.min(cut.width, x + run - cut.x), picture.width);
      if (to > from)
        words.fill(palette[colour]!, (top + line) * picture.width + from, (top + line) * picture.width + to);
    }
    x = Math.min(width, x + run);
  }
}
