/** Thumbnails: a small JPEG of one picture of a stream. */
import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MJPEG } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import type { StationFormat } from '../../wire/station-format.js';
import { check, FfmpegError } from '../ffmpeg-error.js';
import type { FilterChain } from '../filters.js';
import { ratioOf } from '../ratio.js';
import { jpegOf, openScaling } from './jpeg-of.js';

const codecs = { h264: AV_CODEC_ID_H264, hevc: AV_CODEC_ID_HEVC, jpeg: AV_CODEC_ID_MJPEG } as const;
/** FFmpeg's scale of 1 (best) to 31. */
const QUALITY = 5;
/** Pixels: 8,192 × 4,320, the most that H.264 and HEVC know (level 6.2). */
const MOST_PIXELS = 35_389_440;

/**
 * A JPEG file, at most `width` pixels wide and as the picture is displayed. `picture` is an access unit with a
 * random access picture and its parameter sets (Annex B), or a JPEG file. Null where FFmpeg cannot decode or scale it.
 */
export function makeThumbnail(options: { format: StationFormat; picture: Buffer; width: number }): Buffer | null {
  const frame = decode(options.format, options.picture);
  if (frame === null) return null;
  const out = new Frame();
  out.alloc();
  let chain: FilterChain | null = null;
  try {
    const sampleAspectRatio = ratioOf(frame.sampleAspectRatio) ?? [1, 1];
    chain = openScaling(frame, { widest: options.width, sampleAspectRatio });
    chain.put(frame);
    chain.put(null);
    return chain.take(out) ? jpegOf(out, QUALITY) : null;
  } catch (error) {
    // Of a kind of picture that FFmpeg decodes and cannot scale.
    if (error instanceof FfmpegError) return null;
    throw error;
  } finally {
    chain?.free();
    out.free();
    frame.free();
  }
}

/** Each picture has its own decoder, so that no state of one station reaches the next. */
function decode(format: StationFormat, picture: Buffer): Frame | null {
  const codec = Codec.findDecoder(codecs[format]);
  if (codec === null) throw new Error(`this FFmpeg has no decoder for ${format}`);
  const context = new CodecContext();
  const packet = new Packet();
  const frame = new Frame();
  let decoded = false;
  try {
    context.allocContext3(codec);
    context.threadCount = 1;
    check(context.setOption('max_pixels', String(MOST_PIXELS)), 'option max_pixels');
    // Block edges are invisible at a sixth of the size.
    check(context.setOption('skip_loop_filter', 'all'), 'option skip_loop_filter');
    check(context.open2Sync(codec, null), 'opening a decoder');
    packet.alloc();
    frame.alloc();
    packet.data = picture;
    if (context.sendPacketSync(packet) < 0) return null;
    context.sendPacketSync(null);
    decoded = context.receiveFrameSync(frame) >= 0;
    return decoded ? frame : null;
  } finally {
    packet.free();
    context.freeContext();
    if (!decoded) frame.free();
  }
}
