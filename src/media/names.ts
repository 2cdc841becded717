/** Names of codecs for people. */
import { avGetCodecName, type CodecParameters } from 'node-av/lib';

const names: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  mpeg1video: 'MPEG-1',
  mpeg2video: 'MPEG-2',
  mpeg4: 'MPEG-4',
  mjpeg: 'Motion JPEG',
  prores: 'ProRes',
  aac: 'AAC',
  aac_latm: 'AAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  mp2: 'MP2',
  mp3: 'MP3',
  opus: 'Opus',
  vorbis: 'Vorbis',
  flac: 'FLAC',
  alac: 'Apple Lossless',
  truehd: 'TrueHD',
  mlp: 'MLP',
  dts: 'DTS',
  ac4: 'AC-4',
  dolby_e: 'Dolby E',
  mpegh_3d_audio: 'MPEG-H',
  wmav1: 'WMA',
  wmav2: 'WMA',
  wmapro: 'WMA Pro',
  s302m: 'SMPTE 302M',
};

/** Sample entries of MP4 files that FFmpeg does not know. */
const unknownToFfmpeg: Record<string, string> = { mha1: 'MPEG-H', mha2: 'MPEG-H', mhm1: 'MPEG-H', mhm2: 'MPEG-H' };

/** e.g. "H.265"; FFmpeg's short name where people have no other, or the container's for what FFmpeg does not know. */
export function codecName(parameters: CodecParameters): string {
  const name = avGetCodecName(parameters.codecId) ?? 'none';
  if (name !== 'none') return names[name] ?? name;
  const tag = parameters.codecTagString ?? '';
  return unknownToFfmpeg[tag] ?? (/^[\w. -]{4}$/.test(tag) ? `“${tag.trim()}”` : 'unknown');
}

const layouts: Record<number, string> = { 1: 'mono', 2: 'stereo', 6: '5.1' };

/** e.g. "AAC-LC 5.1" */
export const aacName = (channels: number): string => `AAC-LC ${layouts[channels] ?? `${channels} channels`}`;

/** RFC 6381, 3.3: object type 0x40 of ISO/IEC 14496-1, audio object type 2. */
export const AAC_CODEC_STRING = 'mp4a.40.2';
