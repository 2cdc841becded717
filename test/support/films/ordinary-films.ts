/** Films as most people have them: containers × codecs without anything odd. */
import { clicksIn } from './clicks.js';
import type { Film, FilmSound, FilmVideo } from './film.js';

export const x264: FilmVideo = { encoder: 'libx264', options: ['-preset', 'ultrafast', '-g', '25', '-bf', '2'] };
export const aac: FilmSound = { encoder: 'aac' };

/** Encoders with the options that make a short film of any size quickly. */
export const videos = {
  h264: x264,
  hevc: {
    encoder: 'libx265',
    options: ['-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25:bframes=2', '-tag:v', 'hvc1'],
  },
  mpeg1: { encoder: 'mpeg1video', options: ['-q:v', '2', '-bf', '2'] },
  mpeg2: { encoder: 'mpeg2video', options: ['-q:v', '2', '-bf', '2'] },
  mpeg4: { encoder: 'mpeg4', options: ['-q:v', '2', '-bf', '2'] },
  vp8: { encoder: 'libvpx', options: ['-deadline', 'realtime', '-cpu-used', '8', '-b:v', '1M', '-auto-alt-ref', '0'] },
  vp9: { encoder: 'libvpx-vp9', options: ['-deadline', 'realtime', '-cpu-used', '8', '-b:v', '1M'] },
  av1: { encoder: 'libsvtav1', options: ['-preset', '12', '-qp', '20'] },
  prores: { encoder: 'prores', pixelFormat: 'yuv422p10le' },
  dnxhr: { encoder: 'dnxhd', options: ['-profile:v', 'dnxhr_hq'], pixelFormat: 'yuv422p', size: [320, 180] },
  mjpeg: {
    encoder: 'mjpeg',
    options: ['-q:v', '2'],
    pixelFormat: 'yuvj420p',
    colour: { matrix: 'bt601', range: 'pc', tags: [] },
  },
  wmv2: { encoder: 'wmv2', options: ['-q:v', '2'] },
  msmpeg4: { encoder: 'msmpeg4', options: ['-q:v', '2'] },
  flv1: { encoder: 'flv', options: ['-q:v', '2'] },
  h263: { encoder: 'h263', options: ['-q:v', '2'], size: [176, 144] },
  theora: { encoder: 'libtheora', options: ['-q:v', '9'] },
  ffv1: { encoder: 'ffv1' },
  huffyuv: { encoder: 'huffyuv', pixelFormat: 'yuv422p' },
  raw: { encoder: 'rawvideo' },
} satisfies Record<string, FilmVideo>;

export const sounds = {
  aac,
  mp3: { encoder: 'libmp3lame' },
  mp2: { encoder: 'mp2' },
  ac3: { encoder: 'ac3' },
  eac3: { encoder: 'eac3' },
  dts: { encoder: 'dca', options: ['-strict', '-2'] },
  truehd: { encoder: 'truehd', options: ['-strict', '-2'] },
  opus: { encoder: 'libopus' },
  vorbis: { encoder: 'libvorbis' },
  flac: { encoder: 'flac' },
  alac: { encoder: 'alac' },
  pcm: { encoder: 'pcm_s16le' },
  pcm24: { encoder: 'pcm_s24le' },
  pcmBig: { encoder: 'pcm_s16be' },
  wma: { encoder: 'wmav2' },
  adpcm: { encoder: 'adpcm_ima_wav' },
} satisfies Record<string, FilmSound>;

/** What people's recorders, phones, discs and downloads hold. */
const combinations: readonly [extension: string, video: keyof typeof videos, sound: keyof typeof sounds | null][] = [
  ['mp4', 'h264', 'aac'],
  ['mov', 'h264', 'aac'],
  ['m4v', 'h264', 'aac'],
  ['mkv', 'h264', 'aac'],
  ['ts', 'h264', 'aac'],
  ['flv', 'h264', 'aac'],
  ['avi', 'h264', 'mp3'],
  ['mkv', 'h264', 'ac3'],
  ['mkv', 'h264', 'eac3'],
  ['mkv', 'h264', 'dts'],
  ['mkv', 'h264', 'flac'],
  ['mov', 'h264', 'pcm'],
  ['mp4', 'h264', null],
  ['mp4', 'hevc', 'aac'],
  ['mkv', 'hevc', 'opus'],
  ['mpg', 'mpeg2', 'mp2'],
  ['vob', 'mpeg2', 'ac3'],
  ['ts', 'mpeg2', 'mp2'],
  ['mpg', 'mpeg1', 'mp2'],
  ['avi', 'mpeg4', 'mp3'],
  ['mp4', 'mpeg4', 'aac'],
  ['webm', 'vp8', 'vorbis'],
  ['webm', 'vp9', 'opus'],
  ['mp4', 'av1', 'aac'],
  ['mov', 'prores', 'pcm'],
  ['mov', 'mjpeg', 'pcm'],
  ['avi', 'mjpeg', 'pcm'],
  ['wmv', 'wmv2', 'wma'],
  ['flv', 'flv1', 'mp3'],
  ['3gp', 'h263', 'aac'],
  ['ogv', 'theora', 'vorbis'],
  ['mkv', 'ffv1', 'flac'],
];

const SECONDS = 2;

export const ordinaryFilms: readonly Film[] = combinations.map(([extension, video, sound]) => ({
  name: `${video} and ${sound ?? 'no sound'} in ${extension}`,
  extension,
  seconds: SECONDS,
  video: videos[video],
  sound: sound === null ? null : sounds[sound],
  expected: { pictures: SECONDS * 25, ...(sound === null ? {} : { clicks: clicksIn(SECONDS).length }) },
}));
