/** The codecs of pictures that stations can have. */
import type { StationFormat } from '../../wire/station-format.js';
import { h264 } from '../h264/h264-codec.js';
import { hevc } from '../hevc/hevc-codec.js';
import type { PictureCodec } from './picture-codec.js';

/** Of stations that are transport streams. */
export function codecOf(format: StationFormat): PictureCodec {
  if (format === 'jpeg') throw new Error('JPEG pictures have no access units');
  return format === 'hevc' ? hevc : h264;
}
