import type { Ticks90k } from '../../base/units.js';
import type { SubtitlePicture } from './picture.js';

/** Gets what is shown from `time` on, on the clock of the packets: null for nothing. The picture is not kept. */
export type Show = (time: Ticks90k, picture: SubtitlePicture | null) => void;

/** Decodes a track of bitmaps, packet by packet. Takes any bytes; what is damaged is left out. */
export interface BitmapDecoder {
  decode(data: Uint8Array, time: Ticks90k, duration: Ticks90k): void;
  /** After the last packet. */
  finish?(): void;
}
