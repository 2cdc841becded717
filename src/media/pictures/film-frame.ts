/** The one frame of a film whose pictures change their shape: that of the shape which is shown longest. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { MediaInput } from '../input/input.js';
import type { Notes } from '../notes.js';
import { fittedLayout, type PictureLayout, type PictureShape } from './picture-layout.js';

/** Thrown where most of the film has another shape than the one for which it is laid out. */
class OtherShape extends Error {
  readonly shape: PictureShape;

  constructor(shape: PictureShape) {
    super('most of the film has another shape');
    this.shape = shape;
  }
}

/** Encodes for the first picture's shape, and again for that of most of the film where this is another. */
export function forLongestShape<T>(
  input: MediaInput,
  encode: (input: MediaInput, leading: PictureShape | null) => T,
): T {
  try {
    return encode(input, null);
  } catch (error) {
    if (!(error instanceof OtherShape)) throw error;
    const again = new MediaInput(input.source);
    try {
      again.skipAudio();
      return encode(again, error.shape);
    } finally {
      again.close();
    }
  }
}

export interface FrameOptions {
  layOut(shape: PictureShape): PictureLayout;
  /** The shape of most of the film, or null for that of the first picture; absent where the frame does not depend on it. */
  leading?: PictureShape | null;
  /** How long all pictures are shown. */
  whole: Ticks90k;
}

interface Shown {
  shape: PictureShape;
  time: Ticks90k;
}

/**
 * Responsible for:
 * - the layout of each picture
 * - counting how long each shape is shown; throws OtherShape as soon as the wrong one was chosen
 */
export class FilmFrame {
  readonly #options: FrameOptions;
  readonly #shown = new Map<string, Shown>();
  #current: Shown | null = null;
  /** The shape for which the frame was laid out. */
  #chosen: { shape: PictureShape; frame: PictureLayout } | null = null;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  /** The layout of pictures of `shape`, which are those that follow. */
  layoutOf(shape: PictureShape): PictureLayout {
    const { layOut, leading } = this.#options;
    const key = keyOf(shape);
    this.#current = this.#shown.get(key) ?? { shape, time: Ticks90k(0) };
    this.#shown.set(key, this.#current);
    if (leading === undefined) return layOut(shape);
    if (this.#chosen === null) {
      const chosen = leading ?? shape;
      this.#chosen = { shape: chosen, frame: layOut(chosen) };
    }
    const { shape: chosen, frame } = this.#chosen;
    return key === keyOf(chosen) ? frame : fittedLayout(shape, frame);
  }

  /** Counts a picture of the shape last laid out. */
  count(duration: Ticks90k): void {
    if (this.#current === null) return;
    this.#current.time = Ticks90k(this.#current.time + duration);
    if (this.#shown.size > 1 && this.#current.time > this.#options.whole / 2) this.#choose(this.#current);
  }

  /** Notes the pictures that do not have the film's own shape. */
  finish(notes: Notes): void {
    const { leading } = this.#options;
    if (leading === undefined || this.#chosen === null) return;
    const [longest] = [...this.#shown.values()].sort((a, b) => b.time - a.time);
    this.#choose(longest!);
    const { shape: chosen, frame } = this.#chosen;
    for (const { shape, time } of this.#shown.values()) {
      if (keyOf(shape) === keyOf(chosen)) continue;
      const seconds = (time / TICKS_PER_SECOND).toFixed(1);
      notes.add(`${seconds} s of pictures of ${sizeOf(shape)} are fitted into ${sizeOf(frame)}`);
    }
  }

  #choose({ shape }: Shown): void {
    const isOpen = this.#options.leading === null && this.#chosen !== null;
    if (isOpen && keyOf(shape) !== keyOf(this.#chosen!.shape)) throw new OtherShape(shape);
  }
}

const keyOf = ({ width, height, sampleAspectRatio }: PictureShape): string =>
  `${width}x${height} ${sampleAspectRatio.join(':')}`;

const sizeOf = ({ width, height, sampleAspectRatio }: PictureShape): string =>
  `${width} × ${height}${sampleAspectRatio.join() === '1,1' ? '' : ` (pixels of ${sampleAspectRatio.join(':')})`}`;
