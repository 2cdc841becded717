/** The codecs of pictures that stations can have. */
import type { StationFormat } from '../../wire/station-format.js';
import { h264 } from '../h264/h264-codec.js';
import type { PictureCodec } from './picture-codec.js';

/** Of stations that are transport streams. */
export function codecOf(format: StationFormat): PictureCodec {
  if (format !== 'h264') throw new Error(`${format} is not prepared`);
  return h264;
}
