/** DVB subtitles of a broadcast as pictures. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { SubtitlePage } from '../../wire/dvb-subtitle.js';
import type { DvbSubtitleDecoder } from '../../wire/dvb-subtitle-decoder.js';
import { emptyPicture, MOST_PICTURE_PIXELS, packed, type SubtitlePicture } from './picture.js';
import type { BitmapDecoder, Show } from './shown.js';

export class DvbDecoder implements BitmapDecoder {
  readonly #show: Show;
  readonly #decoder: DvbSubtitleDecoder;
  readonly #pages: ReadonlySet<number> | undefined;
  /** When a page is cleared that nothing else has cleared. */
  #timeout: Ticks90k | null = null;

  /** `extradata`: composition_page_id and ancillary_page_id, 16 bits each. */
  constructor(show: Show, { decoder, extradata }: { decoder: DvbSubtitleDecoder; extradata: Buffer | null }) {
    this.#show = show;
    this.#decoder = decoder;
    const ids = extradata && extradata.length >= 4 ? [extradata.readUInt16BE(0), extradata.readUInt16BE(2)] : null;
    this.#pages = ids ? new Set(ids) : undefined;
  }

  decode(data: Uint8Array, time: Ticks90k): void {
    // FFmpeg hands over the segments, without the two bytes before them.
    const whole = data[0] === 0x20 ? data : Buffer.concat([Buffer.of(0x20, 0), data]);
    const page = this.#decoder.decode(whole, this.#pages);
    if (page === null) return;
    if (this.#timeout !== null && this.#timeout < time) this.#show(this.#timeout, null);
    const picture = pictureOf(page);
    this.#timeout = picture && page.timeout > 0 ? Ticks90k(time + page.timeout * TICKS_PER_SECOND) : null;
    this.#show(time, picture);
  }

  finish(): void {
    if (this.#timeout !== null) this.#show(this.#timeout, null);
  }
}

/** A page as a picture; null where nothing is on it. */
export function pictureOf({ width, height, regions }: SubtitlePage): SubtitlePicture | null {
  if (regions.length === 0 || width * height > MOST_PICTURE_PIXELS) return null;
  const picture = emptyPicture({ width, height });
  const words = new Uint32Array(picture.rgba.buffer);
  for (const region of regions) {
    const { palette } = region;
    const colours = Array.from({ length: palette.length / 4 }, (_, i) => {
      const [red, green, blue, alpha] = palette.subarray(i * 4, i * 4 + 4) as unknown as number[];
      return packed(red!, green!, blue!, alpha!);
    });
    for (let y = 0; y < Math.min(region.height, height - region.y); y++) {
      const line = region.pixels.subarray(y * region.width, (y + 1) * region.width);
      for (let x = 0; x < Math.min(region.width, width - region.x); x++) {
        words[(region.y + y) * width + region.x + x] = colours[line[x]!] ?? 0;
      }
    }
  }
  return picture;
}
