/** What all encoded pictures of a station have in common. */
import { codecOf } from '../copy/codecs.js';
import type { PictureCodec } from '../copy/picture-codec.js';
import type { MediaSettings } from '../settings.js';

export interface AirFormat {
  codec: PictureCodec;
  /** Bits of a sample. */
  bitDepth: number;
}

/** Of the pictures that are made with `settings`. */
export const airFormatOf = ({ format }: Pick<MediaSettings, 'format'>): AirFormat => ({
  codec: codecOf(format),
  bitDepth: 8,
});
