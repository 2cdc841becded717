/** Subtitles drawn over a video element. */
import type { Millis } from '../../../../src/base/units.js';
import type { SubtitlePage, SubtitleRegion } from '../../../../src/wire/dvb-subtitle.js';
import { pageOf, type Subtitles } from './subtitles.js';

/** Largest sides of a page that is drawn. */
const LONGEST_SIDE = 4_096;

/** Responsible for: a canvas with the page of the picture that is shown, in the shape of the video. */
export class SubtitleCanvas {
  readonly element = document.createElement('canvas');
  #shown: Uint8Array | null = null;

  constructor() {
    this.element.hidden = true;
    this.element.ariaHidden = 'true';
    this.element.className = 'subtitles';
  }

  /** Shows the page of `stream`, null for none, at `pts` over `video`. */
  show(
    subtitles: Subtitles,
    { stream, pts, video }: { stream: number | null; pts: Millis; video: HTMLVideoElement },
  ): void {
    const data = stream === null ? null : subtitles.at(stream, pts);
    if (data === this.#shown) return;
    this.#shown = data;
    const page = pageOf(data);
    this.element.hidden = page === null;
    if (page && page.width <= LONGEST_SIDE && page.height <= LONGEST_SIDE) this.#draw(page, video);
  }

  #draw(page: SubtitlePage, { videoWidth, videoHeight }: HTMLVideoElement): void {
    const { element } = this;
    // The page covers the whole picture, also where its pixels are not square.
    element.width = videoHeight > 0 ? Math.round((page.height * videoWidth) / videoHeight) : page.width;
    element.height = page.height;
    const context = element.getContext('2d');
    if (!context) return;
    const scale = element.width / page.width;
    for (const region of page.regions) {
      const bitmap = document.createElement('canvas');
      bitmap.width = region.width;
      bitmap.height = region.height;
      bitmap.getContext('2d')?.putImageData(imageOf(region), 0, 0);
      context.drawImage(bitmap, region.x * scale, region.y, region.width * scale, region.height);
    }
  }
}

function imageOf({ width, height, pixels, palette }: SubtitleRegion): ImageData {
  const image = new ImageData(width, height);
  for (const [i, entry] of pixels.entries()) image.data.set(palette.subarray(entry * 4, entry * 4 + 4), i * 4);
  return image;
}
