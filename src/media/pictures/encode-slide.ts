/** A photo or a slide: one second of it is encoded, and repeated for as long as it stands. */
import type { Frame } from 'node-av/lib';
import { type Millis, TICKS_PER_MILLI, Ticks90k } from '../../base/units.js';
import type { MediaInput } from '../input/input.js';
import { measurePictures } from '../input/picture-times.js';
import type { Notes } from '../notes.js';
import type { Ratio, StationLayout } from '../settings.js';
import type { AccessUnitReader, SpooledVideo } from '../spool.js';
import type { EncodedVideo } from './encode-video.js';
import { fittedLayout, SLIDE_FRAME } from './picture-layout.js';
import { forEachPicture } from './pictures.js';
import { progressive } from './scan.js';
import { encodeStill, type StillGroup, withStill } from './still-group.js';

/** As films of 25 pictures a second, so that a slide and a film can follow each other; what stands costs next to nothing. */
const SLIDE_RATE: Ratio = [25, 1];

/** Encodes the picture of `input` to stand for `slide`. Throws a Problem when it cannot be decoded. */
export function encodeSlide(options: {
  input: MediaInput;
  notes: Notes;
  target: StationLayout | null;
  slide: Millis;
  onProgress(done: number): void;
}): EncodedVideo {
  const { input, notes, target, slide, onProgress } = options;
  let still = null as StillGroup | null;
  forEachPicture({
    input,
    notes,
    times: measurePictures(input.source),
    scan: progressive,
    frameRate: target?.frameRate ?? SLIDE_RATE,
    pixelFormat: 'yuv420p',
    layOut: (shape) => fittedLayout(shape, target ?? SLIDE_FRAME),
    onPicture(frame: Frame) {
      still ??= encodeStill(frame, target?.frameRate ?? SLIDE_RATE);
    },
    onProgress,
  });
  if (still === null) throw new Error('a picture without a picture');
  const end = Ticks90k(Math.round(slide * TICKS_PER_MILLI));
  const video = withStill({ ...nothing, reorderDelay: target?.reorderDelay ?? Ticks90k(0) }, still, end);
  return { video, origin: Ticks90k(0), end, sequence: still.sequence, frameRate: still.frameRate };
}

const emptyReader: AccessUnitReader = {
  read: () => {
    throw new RangeError('no access unit');
  },
  close: () => undefined,
};

/** No pictures. */
const nothing: SpooledVideo = {
  open: () => emptyReader,
  sizes: new Uint32Array(0),
  pts: new Float64Array(0),
  randomAccess: new Uint8Array(0),
  duration: Ticks90k(0),
  reorderDelay: Ticks90k(0),
};
