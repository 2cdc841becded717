/** What decoders show of pictures that need a missing one. */
import { AV_CODEC_FLAG_OUTPUT_CORRUPT, AV_CODEC_ID_HEVC, type AVCodecID } from 'node-av/constants';
import type { CodecContext } from 'node-av/lib';

/** Has a decoder of H.265 show them, as players do. This FFmpeg withholds them otherwise, up to the next key picture. */
export function showTorn(context: CodecContext, codec: AVCodecID): void {
  if (codec === AV_CODEC_ID_HEVC) context.setFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
}
