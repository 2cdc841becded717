/**
 * DVB subtitles (ETSI EN 300 743): a page of bitmaps as the data of one PES packet of private_stream_1, which lies in segments.
 * Each page is a whole epoch: a decoder needs nothing of the pages before it.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |0 0 0 0 1 1 1 1| segment_type  |            page_id            |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |        segment_length         |  segment_data_field           :
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Section 7.2.0.1, table 7. */
export const SegmentType = {
  page: 0x10,
  region: 0x11,
  clut: 0x12,
  object: 0x13,
  display: 0x14,
  end: 0x80,
  /** One of those for private data, which decoders skip: the text of a page. */
  text: 0x9e,
} as const;

/** The page of all our streams, as their subtitling_descriptor has it. */
export const SUBTITLE_PAGE_ID = 1;
export const SYNC_BYTE = 0x0f;
/** data_identifier and subtitle_stream_id, before the segments. */
export const PES_DATA_HEADER = [0x20, 0x00] as const;
/** end_of_PES_data_field_marker */
export const PES_DATA_END = 0xff;
/** Before the text of a page: what others have in private segments is not taken for it. */
const TEXT_MARK = Uint8Array.of(0x74, 0x65, 0x78, 0x74); // "text"

/** Bitmaps of one page that share no line of the picture: section 5.1.1 allows one region on a scan line. */
export interface SubtitleRegion {
  x: number;
  y: number;
  width: number;
  height: number;
  /** An entry of the palette for each pixel, line by line. */
  pixels: Uint8Array;
  /** Red, green, blue and opacity of each entry, at most 256; of more than 16 entries the first is transparent. */
  palette: Uint8Array;
}

export interface SubtitlePage {
  /** The size of the picture to which positions refer; receivers scale it to theirs. */
  width: number;
  height: number;
  /** From the top; none for a page that clears the screen. */
  regions: SubtitleRegion[];
  /** Seconds after which a receiver clears the page by itself, 1 to 255. */
  timeout: number;
  /** What the bitmaps say, for receivers that show text. */
  text?: SubtitleText | null;
}

export interface SubtitleText {
  /** For how long it has been shown, and is still shown from the page's time on, ms. */
  age: number;
  duration: number;
  text: string;
}

/**
 * The PES data of a page. `version`: another one than that of the page before, modulo 16. Throws a RangeError where a segment would
 * have more than 65,535 bytes.
 */
export function encodeSubtitlePage(page: SubtitlePage, version: number): Buffer {
  const { width, height, regions, timeout, text } = page;
  const segments: Buffer[] = [];
  const add = (type: number, ...parts: (Uint8Array | number[])[]) => segments.push(segment(type, parts));
  const versionBits = (version & 0x0f) << 4;
  // display_definition_version_number, display_window_flag 0
  add(SegmentType.display, [versionBits | 0x07, ...uint16(width - 1), ...uint16(height - 1)]);
  // page_state 2: mode change, a new epoch
  const composition = regions.flatMap(({ x, y }, id) => [id, 0xff, ...uint16(x), ...uint16(y)]);
  add(SegmentType.page, [timeout, versionBits | 0x0b, ...composition]);
  for (const [id, region] of regions.entries()) add(SegmentType.region, regionComposition(region, id, versionBits));
  for (const [id, region] of regions.entries()) add(SegmentType.clut, clutDefinition(region, id, versionBits));
  for (const [id, region] of regions.entries()) add(SegmentType.object, ...objectData(region, id, versionBits));
  if (text) add(SegmentType.text, TEXT_MARK, uint32(text.age), uint32(text.duration), Buffer.from(text.text));
  add(SegmentType.end);
  return Buffer.concat([Buffer.from(PES_DATA_HEADER), ...segments, Buffer.from([PES_DATA_END])]);
}

/** The text in a private segment; null where it is another one. */
export function decodeText(data: Uint8Array): SubtitleText | null {
  if (data.length < TEXT_MARK.length + 8 || !TEXT_MARK.every((byte, i) => data[i] === byte)) return null;
  const at = TEXT_MARK.length;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const text = new TextDecoder().decode(data.subarray(at + 8));
  return { age: view.getUint32(at), duration: view.getUint32(at + 4), text };
}

/** The texts in the PES data of a page, without decoding its bitmaps. Takes any bytes. */
export function textsIn(data: Uint8Array): SubtitleText[] {
  const texts: SubtitleText[] = [];
  for (let at: number = PES_DATA_HEADER.length; at + 6 <= data.length && data[at] === SYNC_BYTE; ) {
    const end = at + 6 + ((data[at + 4]! << 8) | data[at + 5]!);
    const text =
      data[at + 1] === SegmentType.text && end <= data.length ? decodeText(data.subarray(at + 6, end)) : null;
    if (text) texts.push(text);
    at = end;
  }
  return texts;
}

const uint16 = (value: number): [number, number] => [value >> 8, value & 0xff];
const uint32 = (value: number) => [...uint16(Math.floor(value / 0x1_0000)), ...uint16(value % 0x1_0000)];

function segment(type: number, parts: readonly (Uint8Array | number[])[]): Buffer {
  const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
  if (data.length > 0xffff) throw new RangeError(`a segment of DVB subtitles has ${data.length} bytes`);
  return Buffer.concat([Buffer.from([SYNC_BYTE, type, ...uint16(SUBTITLE_PAGE_ID), ...uint16(data.length)]), data]);
}

const isDeep = ({ palette }: SubtitleRegion): boolean => palette.length > 16 * 4;

function regionComposition(region: SubtitleRegion, id: number, versionBits: number): number[] {
  const depth = isDeep(region) ? 3 : 2; // 8 or 4 bits
  return [
    id,
    versionBits | 0x0f, // region_version_number, region_fill_flag 1
    ...uint16(region.width),
    ...uint16(region.height),
    (depth << 5) | (depth << 2) | 0x03, // region_level_of_compatibility, region_depth
    id, // CLUT_id
    0, // region_8-bit_pixel_code: the first entry fills the region
    0x03, // region_4-bit_pixel_code and region_2-bit_pixel_code
    ...uint16(id), // object_id
    0x00, // object_type: a bitmap, at horizontal_position 0
    0x00,
    0xf0, // object_vertical_position 0
    0x00,
  ];
}

function clutDefinition(region: SubtitleRegion, id: number, versionBits: number): number[] {
  const { palette } = region;
  const entries: number[] = [id, versionBits | 0x0f];
  for (let at = 0; at < palette.length; at += 4) {
    const [red, green, blue, alpha] = palette.subarray(at, at + 4) as unknown as [number, number, number, number];
    // The flag of the depth it is for, and full_range_flag.
    entries.push(at / 4, isDeep(region) ? 0x3f : 0x5f);
    // Y_value 0 is full transparency.
    if (alpha === 0) entries.push(0, 0x80, 0x80, 0xff);
    else entries.push(...toYCrCb(red, green, blue), 0xff - alpha);
  }
  return entries;
}

const byte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

/** ITU-R BT.601, limited range. */
export const toYCrCb = (red: number, green: number, blue: number): [number, number, number] => [
  Math.max(1, byte(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255)),
  byte(128 + (112 * red - 93.786 * green - 18.214 * blue) / 255),
  byte(128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255),
];

export function fromYCrCb(y: number, cr: number, cb: number): [number, number, number] {
  const [luma, v, u] = [1.164_384 * (y - 16), cr - 128, cb - 128];
  return [byte(luma + 1.596_027 * v), byte(luma - 0.391_762 * u - 0.812_968 * v), byte(luma + 2.017_232 * u)];
}

/** Lines by turns: those of the top field, then those of the bottom field (section 7.2.5). */
function objectData(region: SubtitleRegion, id: number, versionBits: number): (Uint8Array | number[])[] {
  const fields = [0, 1].map((parity) => {
    const writer = new PixelWriter();
    for (let line = parity; line < region.height; line += 2) {
      const pixels = withoutGround(region.pixels.subarray(line * region.width, (line + 1) * region.width));
      if (isDeep(region)) writeDeepLine(writer, pixels);
      else writeLine(writer, pixels);
    }
    return writer.bytes();
  }) as [Uint8Array, Uint8Array];
  const [top, bottom] = fields;
  if (top.length > 0xffff || bottom.length > 0xffff) throw new RangeError('an object of DVB subtitles is too large');
  // object_version_number, object_coding_method 0: pixels, non_modifying_colour_flag 0
  const head = [...uint16(id), versionBits | 0x01, ...uint16(top.length), ...uint16(bottom.length)];
  return [head, top, bottom, (top.length + bottom.length) % 2 === 0 ? [0] : []];
}

/** A line without what the region is filled with at its end. */
function withoutGround(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && line[end - 1] === 0) end--;
  return line.subarray(0, end);
}

/** Section 7.2.5.1: data_type. */
const FOUR_BIT_STRING = 0x11;
const EIGHT_BIT_STRING = 0x12;
const END_OF_LINE = 0xf0;

/** 4-bit/pixel_code_string (section 7.2.5.2.2). */
function writeLine(out: PixelWriter, pixels: Uint8Array): void {
  out.put(FOUR_BIT_STRING, 8);
  for (let at = 0; at < pixels.length; ) {
    const code = pixels[at]!;
    const run = runAt(pixels, at, 280);
    let done = run;
    if (run >= 25) out.put((0b0000_11_11 << 12) | ((run - 25) << 4) | code, 20);
    else if (run >= 9) out.put((0b0000_11_10 << 8) | ((run - 9) << 4) | code, 16);
    else if (code === 0 && run >= 3) out.put(run - 2, 8);
    else if (code !== 0 && run >= 4) {
      done = Math.min(run, 7);
      out.put((0b0000_10 << 6) | ((done - 4) << 4) | code, 12);
    } else if (code === 0) out.put(run === 2 ? 0b0000_11_01 : 0b0000_11_00, 8);
    else {
      out.put(code, 4);
      done = 1;
    }
    at += done;
  }
  out.put(0, 8);
  out.align();
  out.put(END_OF_LINE, 8);
}

/** 8-bit/pixel_code_string (section 7.2.5.2.3). */
function writeDeepLine(out: PixelWriter, pixels: Uint8Array): void {
  out.put(EIGHT_BIT_STRING, 8);
  for (let at = 0; at < pixels.length; ) {
    const code = pixels[at]!;
    const run = runAt(pixels, at, 127);
    let done = run;
    if (code === 0) out.put(run, 16);
    else if (run >= 3) out.put(((0x80 | run) << 8) | code, 24);
    else {
      out.put(code, 8);
      done = 1;
    }
    at += done;
  }
  out.put(0, 16);
  out.put(END_OF_LINE, 8);
}

/** Equal pixels from `at` on, `most` at most. */
function runAt(pixels: Uint8Array, at: number, most: number): number {
  const end = Math.min(pixels.length, at + most);
  let next = at + 1;
  while (next < end && pixels[next] === pixels[at]) next++;
  return next - at;
}

/** Writes bits, the most significant first. */
class PixelWriter {
  #bytes = new Uint8Array(4_096);
  #length = 0;
  #pending = 0;
  #bits = 0;

  /** At most 24 bits. */
  put(value: number, bits: number): void {
    this.#pending = ((this.#pending << bits) | value) >>> 0;
    this.#bits += bits;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      this.#append((this.#pending >>> this.#bits) & 0xff);
    }
    this.#pending &= (1 << this.#bits) - 1;
  }

  /** Zeros to the end of the byte. */
  align(): void {
    if (this.#bits > 0) this.put(0, 8 - this.#bits);
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}
