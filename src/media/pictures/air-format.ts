/** What all encoded pictures of a station have in common. */
import { codecOf } from '../copy/codecs.js';
import type { PictureCodec, Sequence } from '../copy/picture-codec.js';
import type { MediaSettings, StationLayout } from '../settings.js';

export interface AirFormat {
  codec: PictureCodec;
  /** Bits of a sample. */
  bitDepth: number;
}

/** Of the pictures that are made with `settings`. */
export const airFormatOf = ({ format, target }: Pick<MediaSettings, 'format' | 'target'>): AirFormat => ({
  codec: codecOf(format),
  bitDepth: target?.bitDepth ?? 8,
});

/** The depth of pictures as a layout has it. */
export const layoutDepth = ({ bitDepth }: Pick<Sequence, 'bitDepth'>): Pick<StationLayout, 'bitDepth'> =>
  bitDepth === 10 ? { bitDepth } : {};
