/** Names of codecs for people. */
import { avGetCodecName, type CodecParameters } from 'node-av/lib';

const names: Record<string, string> = {
  // Pictures.
  h264: 'H.264',
  hevc: 'H.265',
  vvc: 'H.266',
  av1: 'AV1',
  vp6: 'VP6',
  vp6a: 'VP6',
  vp6f: 'VP6',
  vp7: 'VP7',
  vp8: 'VP8',
  vp9: 'VP9',
  mpeg1video: 'MPEG-1',
  mpeg2video: 'MPEG-2',
  mpeg4: 'MPEG-4',
  msmpeg4v1: 'MS-MPEG-4',
  msmpeg4v2: 'MS-MPEG-4',
  msmpeg4v3: 'MS-MPEG-4',
  mjpeg: 'Motion JPEG',
  mjpegb: 'Motion JPEG',
  jpeg2000: 'JPEG 2000',
  jpegls: 'JPEG-LS',
  jpegxl: 'JPEG XL',
  gif: 'GIF',
  apng: 'animated PNG',
  png: 'PNG',
  webp: 'WebP',
  webp_anim: 'animated WebP',
  tiff: 'TIFF',
  bmp: 'BMP',
  wmv1: 'WMV 7',
  wmv2: 'WMV 8',
  wmv3: 'WMV 9',
  wmv3image: 'WMV 9',
  vc1: 'VC-1',
  vc1image: 'VC-1',
  theora: 'Theora',
  dirac: 'Dirac',
  prores: 'ProRes',
  prores_raw: 'ProRes RAW',
  dnxhd: 'DNxHD',
  cfhd: 'CineForm',
  hap: 'Hap',
  dvvideo: 'DV',
  ffv1: 'FFV1',
  huffyuv: 'HuffYUV',
  ffvhuff: 'HuffYUV',
  utvideo: 'Ut Video',
  magicyuv: 'MagicYUV',
  lagarith: 'Lagarith',
  qtrle: 'QuickTime Animation',
  rawvideo: 'raw video',
  v210: 'raw video of 10 bits',
  h261: 'H.261',
  h263: 'H.263',
  h263i: 'H.263',
  h263p: 'H.263',
  flv1: 'Sorenson H.263',
  svq1: 'Sorenson 1',
  svq3: 'Sorenson 3',
  cinepak: 'Cinepak',
  indeo3: 'Indeo 3',
  indeo4: 'Indeo 4',
  indeo5: 'Indeo 5',
  msvideo1: 'Microsoft Video 1',
  rv10: 'RealVideo 1',
  rv20: 'RealVideo 2',
  rv30: 'RealVideo 8',
  rv40: 'RealVideo 9',
  cavs: 'AVS',
  flashsv: 'Flash Screen Video',
  flashsv2: 'Flash Screen Video 2',
  tscc: 'TechSmith Screen Capture',
  tscc2: 'TechSmith Screen Capture 2',
  bink: 'Bink',
  smackvideo: 'Smacker',
  // Sound.
  aac: 'AAC',
  aac_latm: 'AAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  mp1: 'MP1',
  mp2: 'MP2',
  mp3: 'MP3',
  opus: 'Opus',
  vorbis: 'Vorbis',
  speex: 'Speex',
  flac: 'FLAC',
  alac: 'Apple Lossless',
  ape: 'Monkey’s Audio',
  tta: 'TTA',
  wavpack: 'WavPack',
  truehd: 'TrueHD',
  mlp: 'MLP',
  dts: 'DTS',
  ac4: 'AC-4',
  dolby_e: 'Dolby E',
  mpegh_3d_audio: 'MPEG-H',
  wmav1: 'WMA',
  wmav2: 'WMA',
  wmapro: 'WMA Pro',
  wmalossless: 'WMA Lossless',
  wmavoice: 'WMA Voice',
  amr_nb: 'AMR',
  amr_wb: 'AMR-WB',
  gsm: 'GSM',
  gsm_ms: 'GSM',
  cook: 'RealAudio',
  ra_144: 'RealAudio',
  ra_288: 'RealAudio',
  sipr: 'RealAudio',
  nellymoser: 'Nellymoser',
  s302m: 'SMPTE 302M',
};

/** Families, of which FFmpeg tells apart dozens by the width and order of their samples. */
const families: readonly (readonly [prefix: string, name: string])[] = [
  ['pcm_', 'PCM'],
  ['adpcm_', 'ADPCM'],
  ['atrac', 'ATRAC'],
];

/** Sample entries of MP4 files that FFmpeg does not know. */
const unknownToFfmpeg: Record<string, string> = { mha1: 'MPEG-H', mha2: 'MPEG-H', mhm1: 'MPEG-H', mhm2: 'MPEG-H' };

/** e.g. "H.265"; FFmpeg's short name where people have no other, or the container's for what FFmpeg does not know. */
export function codecName(parameters: CodecParameters): string {
  const name = avGetCodecName(parameters.codecId) ?? 'none';
  if (name !== 'none') return names[name] ?? families.find(([prefix]) => name.startsWith(prefix))?.[1] ?? name;
  const tag = parameters.codecTagString ?? '';
  return unknownToFfmpeg[tag] ?? (/^[\w. -]{4}$/.test(tag) ? `“${tag.trim()}”` : 'unknown');
}

const layouts: Record<number, string> = { 1: 'mono', 2: 'stereo', 6: '5.1' };

/** e.g. "AAC-LC 5.1" */
export const aacName = (channels: number): string => `AAC-LC ${layouts[channels] ?? `${channels} channels`}`;

/** RFC 6381, 3.3: object type 0x40 of ISO/IEC 14496-1, audio object type 2. */
export const AAC_CODEC_STRING = 'mp4a.40.2';
