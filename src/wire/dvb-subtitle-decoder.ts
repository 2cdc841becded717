/** Decoding of DVB subtitles (ETSI EN 300 743), also of pages that depend on those before them, as broadcasts have them. */
import {
  decodeText,
  fromYCrCb,
  PES_DATA_HEADER,
  SegmentType,
  type SubtitlePage,
  type SubtitleRegion,
  SYNC_BYTE,
} from './dvb-subtitle.js';

/** Pixels of a region: more than any picture has. */
const MOST_PIXELS = 4_096 * 2_304;
/** Pixels of all regions, and of what is drawn in one packet: a hostile stream could name 256 regions of any size. */
const MOST_PIXELS_IN_ALL = 4 * MOST_PIXELS;
/** The size of the picture where no display definition tells it (section 5.1.3). */
const USUAL_SIZE = { width: 720, height: 576 };

interface Region {
  width: number;
  height: number;
  /** Bits a pixel: 2, 4 or 8. */
  depth: number;
  clut: number;
  pixels: Uint8Array;
  objects: { id: number; x: number; y: number }[];
}

/** The entries of one CLUT for each depth: red, green, blue, opacity. */
type Clut = Record<2 | 4 | 8, Uint8Array>;

/**
 * Responsible for the state of one stream: regions, CLUTs and the size of the display. Takes any bytes; what is damaged is left out.
 */
export class DvbSubtitleDecoder {
  readonly #regions = new Map<number, Region>();
  readonly #cluts = new Map<number, Clut>();
  #size = USUAL_SIZE;
  #places: { id: number; x: number; y: number }[] = [];
  #timeout = 0;
  #drawn = 0;

  /**
   * Takes the data of a PES packet. Returns the page that is shown from its time on, or null where the packet completes none.
   * `pages`: page_ids that belong to the stream; undefined for any.
   */
  decode(data: Uint8Array, pages?: ReadonlySet<number>): SubtitlePage | null {
    let at: number = PES_DATA_HEADER.length;
    if (data[0] !== PES_DATA_HEADER[0]) return null;
    let hasPage = false;
    let text: SubtitlePage['text'] = null;
    this.#drawn = 0;
    while (at + 6 <= data.length && data[at] === SYNC_BYTE) {
      const type = data[at + 1]!;
      const page = (data[at + 2]! << 8) | data[at + 3]!;
      const end = at + 6 + ((data[at + 4]! << 8) | data[at + 5]!);
      if (end > data.length) break;
      const body = data.subarray(at + 6, end);
      at = end;
      if (pages && !pages.has(page)) continue;
      if (type === SegmentType.page) hasPage = this.#takePage(body) || hasPage;
      else if (type === SegmentType.region) this.#takeRegion(body);
      else if (type === SegmentType.clut) this.#takeClut(body);
      else if (type === SegmentType.object) this.#takeObject(body);
      else if (type === SegmentType.display) this.#takeDisplay(body);
      else if (type === SegmentType.text) text = decodeText(body) ?? text;
    }
    return hasPage ? this.#page(text) : null;
  }

  #page(text: SubtitlePage['text']): SubtitlePage {
    const regions = this.#places.flatMap(({ id, x, y }): SubtitleRegion[] => {
      const region = this.#regions.get(id);
      if (!region) return [];
      const { width, height, depth, clut, pixels } = region;
      const palette = (this.#cluts.get(clut) ?? usualClut())[depth as 2 | 4 | 8];
      return [{ x, y, width, height, pixels: pixels.slice(), palette }];
    });
    return { ...this.#size, regions, timeout: this.#timeout, text };
  }

  #takeDisplay(body: Uint8Array): void {
    if (body.length < 5) return;
    this.#size = { width: uint16(body, 1) + 1, height: uint16(body, 3) + 1 };
  }

  #takePage(body: Uint8Array): boolean {
    if (body.length < 2) return false;
    this.#timeout = body[0]!;
    const state = (body[1]! >> 2) & 3;
    // A mode change or an acquisition point: what was before is over.
    if (state === 2 || state === 1) {
      this.#regions.clear();
      this.#cluts.clear();
    }
    this.#places = [];
    for (let at = 2; at + 6 <= body.length; at += 6) {
      this.#places.push({ id: body[at]!, x: uint16(body, at + 2), y: uint16(body, at + 4) });
    }
    return true;
  }

  #takeRegion(body: Uint8Array): void {
    if (body.length < 10) return;
    const id = body[0]!;
    const [width, height] = [uint16(body, 2), uint16(body, 4)];
    const others = [...this.#regions].reduce((sum, [key, { pixels }]) => sum + (key === id ? 0 : pixels.length), 0);
    const count = width * height;
    if (count === 0 || count > MOST_PIXELS || others + count > MOST_PIXELS_IN_ALL) return;
    const depth = 1 << ((body[6]! >> 2) & 7);
    if (depth !== 2 && depth !== 4 && depth !== 8) return;
    const before = this.#regions.get(id);
    const isSame = before?.width === width && before.height === height && before.depth === depth;
    const pixels = isSame ? before.pixels : new Uint8Array(count);
    const background = depth === 8 ? body[8]! : depth === 4 ? body[9]! >> 4 : (body[9]! >> 2) & 3;
    if (!isSame || (body[1]! & 0x08) !== 0) pixels.fill(background);
    const objects: Region['objects'] = [];
    for (let at = 10; at + 6 <= body.length; ) {
      const type = body[at + 2]! >> 6;
      objects.push({ id: uint16(body, at), x: uint16(body, at + 2) & 0x0fff, y: uint16(body, at + 4) & 0x0fff });
      // Characters have two colours more.
      at += type === 1 || type === 2 ? 8 : 6;
    }
    this.#regions.set(id, { width, height, depth, clut: body[7]!, pixels, objects });
  }

  #takeClut(body: Uint8Array): void {
    if (body.length < 2) return;
    const clut = this.#cluts.get(body[0]!) ?? usualClut();
    this.#cluts.set(body[0]!, clut);
    for (let at = 2; at + 4 <= body.length; ) {
      const entry = body[at]!;
      const flags = body[at + 1]!;
      const isFull = (flags & 1) !== 0;
      if (isFull && at + 6 > body.length) return;
      const [a, b] = [body[at + 2]!, body[at + 3]!];
      const [y, cr, cb, t] = isFull
        ? [a, b, body[at + 4]!, body[at + 5]!]
        : [a & 0xfc, ((a & 3) << 6) | ((b >> 2) & 0x30), (b << 2) & 0xf0, ((b & 3) * 255) / 3];
      const colour = y === 0 ? [0, 0, 0, 0] : [...fromYCrCb(y, cr, cb), 255 - t];
      if ((flags & 0x80) !== 0 && entry < 4) clut[2].set(colour, entry * 4);
      if ((flags & 0x40) !== 0 && entry < 16) clut[4].set(colour, entry * 4);
      if ((flags & 0x20) !== 0) clut[8].set(colour, entry * 4);
      at += isFull ? 6 : 4;
    }
  }

  #takeObject(body: Uint8Array): void {
    if (body.length < 7) return;
    const id = uint16(body, 0);
    // Characters of a font that no standard describes.
    if (((body[2]! >> 2) & 3) !== 0) return;
    const topEnd = 7 + uint16(body, 3);
    const bottomEnd = topEnd + uint16(body, 5);
    const top = body.subarray(7, topEnd);
    const bottom = bottomEnd === topEnd ? top : body.subarray(topEnd, bottomEnd);
    for (const region of this.#regions.values()) {
      for (const object of region.objects) {
        if (object.id !== id || this.#drawn > MOST_PIXELS_IN_ALL) continue;
        this.#drawn += drawField(region, object, top, 0) + drawField(region, object, bottom, 1);
      }
    }
  }
}

const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

/** The CLUTs that a stream need not define (section 10): opaque colours behind a transparent first one. */
function usualClut(): Clut {
  const clut: Clut = { 2: new Uint8Array(4 * 4), 4: new Uint8Array(16 * 4), 8: new Uint8Array(256 * 4) };
  clut[2].set([0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 127, 127, 127, 255]);
  for (let i = 1; i < 16; i++) {
    const level = i < 8 ? 255 : 127;
    clut[4].set([i & 1 ? level : 0, i & 2 ? level : 0, i & 4 ? level : 0, 255], i * 4);
  }
  for (let i = 1; i < 256; i++) {
    const part = (low: number, high: number) => (i & low ? 85 : 0) + (i & high ? 170 : 0);
    const colour = i < 8 ? [i & 1 ? 255 : 0, i & 2 ? 255 : 0, i & 4 ? 255 : 0, 63] : eightBitColour(i, part);
    clut[8].set(colour, i * 4);
  }
  return clut;
}

function eightBitColour(i: number, part: (low: number, high: number) => number): number[] {
  const [red, green, blue] = [part(0x01, 0x10), part(0x02, 0x20), part(0x04, 0x40)];
  const half = (value: number) => value >> 1;
  switch (i & 0x88) {
    case 0x00:
      return [red, green, blue, 255];
    case 0x08:
      return [red, green, blue, 127];
    case 0x80:
      return [half(red) + 127, half(green) + 127, half(blue) + 127, 255];
    default:
      return [half(red), half(green), half(blue), 255];
  }
}

/** Draws the lines of one field; returns the pixels that it went through. */
function drawField(region: Region, place: { x: number; y: number }, data: Uint8Array, parity: number): number {
  const bits = new BitReader(data);
  let { x } = place;
  let y = place.y + parity;
  let drawn = 0;
  const maps = usualMaps();
  while (bits.left >= 8 && y < region.height) {
    const type = bits.read(8);
    if (type >= 0x10 && type <= 0x12) {
      const depth = (type === 0x10 ? 2 : type === 0x11 ? 4 : 8) as 2 | 4 | 8;
      const map = maps.of(depth, region.depth);
      const line = region.pixels.subarray(y * region.width, (y + 1) * region.width);
      for (;;) {
        const { run, code } = readRun[depth](bits);
        if (run === 0) break;
        line.fill(map ? map[code]! : code, Math.min(x, line.length), Math.min(x + run, line.length));
        x += run;
        drawn += run;
      }
      bits.align();
    } else if (type === 0x20) maps.fourOfTwo = nibbles(bits, 4);
    else if (type === 0x21) maps.eightOfTwo = bytesOf(bits, 4);
    else if (type === 0x22) maps.eightOfFour = bytesOf(bits, 16);
    else if (type === 0xf0) {
      x = place.x;
      y += 2;
    } else break;
  }
  return drawn + data.length;
}

const nibbles = (bits: BitReader, count: number) => Uint8Array.from({ length: count }, () => bits.read(4));
const bytesOf = (bits: BitReader, count: number) => Uint8Array.from({ length: count }, () => bits.read(8));

/** Map tables (section 10.4), for pixels of fewer bits than the region's. */
function usualMaps() {
  return {
    fourOfTwo: Uint8Array.of(0x0, 0x7, 0x8, 0xf),
    eightOfTwo: Uint8Array.of(0x00, 0x77, 0x88, 0xff),
    eightOfFour: Uint8Array.from({ length: 16 }, (_, i) => i * 0x11),
    of(from: number, to: number): Uint8Array | null {
      if (from === 2 && to === 4) return this.fourOfTwo;
      if (from === 2 && to === 8) return this.eightOfTwo;
      return from === 4 && to === 8 ? this.eightOfFour : null;
    },
  };
}

interface Run {
  /** 0 at the end of the string. */
  run: number;
  code: number;
}

const END: Run = { run: 0, code: 0 };

/** Sections 7.2.5.2.1 to 7.2.5.2.3. */
const readRun: Record<2 | 4 | 8, (bits: BitReader) => Run> = {
  2(bits) {
    if (bits.left < 2) return END;
    const code = bits.read(2);
    if (code !== 0) return { run: 1, code };
    if (bits.read(1) === 1) return { run: bits.read(3) + 3, code: bits.read(2) };
    if (bits.read(1) === 1) return { run: 1, code: 0 };
    switch (bits.read(2)) {
      case 1:
        return { run: 2, code: 0 };
      case 2:
        return { run: bits.read(4) + 12, code: bits.read(2) };
      case 3:
        return { run: bits.read(8) + 29, code: bits.read(2) };
      default:
        return END;
    }
  },
  4(bits) {
    if (bits.left < 4) return END;
    const code = bits.read(4);
    if (code !== 0) return { run: 1, code };
    if (bits.read(1) === 0) {
      const run = bits.read(3);
      return run === 0 ? END : { run: run + 2, code: 0 };
    }
    if (bits.read(1) === 0) return { run: bits.read(2) + 4, code: bits.read(4) };
    switch (bits.read(2)) {
      case 0:
        return { run: 1, code: 0 };
      case 1:
        return { run: 2, code: 0 };
      case 2:
        return { run: bits.read(4) + 9, code: bits.read(4) };
      default:
        return { run: bits.read(8) + 25, code: bits.read(4) };
    }
  },
  8(bits) {
    if (bits.left < 8) return END;
    const code = bits.read(8);
    if (code !== 0) return { run: 1, code };
    const isColoured = bits.read(1) === 1;
    const run = bits.read(7);
    if (!isColoured) return run === 0 ? END : { run, code: 0 };
    return { run, code: bits.read(8) };
  },
};

/** Reads bits, the most significant first; zeros behind the end. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      value = (value << 1) | (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  align(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }
}
