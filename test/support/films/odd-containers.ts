/** Films in odd files: streams of several kinds, missing headers, other names, damage. */
import { clicksIn } from './clicks.js';
import type { Film, Oddity } from './film.js';
import { aac, sounds, videos, x264 } from './ordinary-films.js';

const film = (name: string, extension: string, rest: Partial<Film> = {}): Film => ({
  name,
  extension,
  seconds: 1.6,
  video: x264,
  sound: aac,
  ...rest,
});
const remuxed = (output: readonly string[], add: readonly Film[] = []): Oddity => ({ odd: 'remuxed', output, add });
const copy = ['-c', 'copy'];

/** A picture of another size without a number. */
const cover: Film = {
  name: 'cover',
  extension: 'jpg',
  seconds: 0.04,
  video: { ...videos.mjpeg, size: [400, 400], filters: ['drawbox=c=gray:t=fill'] },
  sound: null,
};
const other: Film = {
  name: 'other sound',
  extension: 'mkv',
  seconds: 1.6,
  video: null,
  sound: { ...aac, filters: ['volume=0.01'] },
};

export const packagedFilms: readonly Film[] = [
  film('a fragmented MP4', 'mp4', { container: ['-movflags', 'frag_keyframe+empty_moov'] }),
  film('a fragmented MP4 with a default base', 'mp4', {
    container: ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'],
  }),
  film('an MP4 with its index first', 'mp4', { container: ['-movflags', 'faststart'] }),
  film('an MP4 without edit lists', 'mp4', { container: ['-use_editlist', '0'] }),
  film('an MP4 with negative composition offsets', 'mp4', { container: ['-movflags', 'negative_cts_offsets'] }),
  film('an MP4 that counts in milliseconds', 'mp4', { container: ['-video_track_timescale', '1000'] }),
  film('an MP4 that counts in 600ths', 'mov', { container: ['-video_track_timescale', '600'] }),
  film('a Matroska file of a live recording', 'mkv', { container: ['-live', '1'] }),
  film('a browser’s recording', 'webm', { video: videos.vp8, sound: sounds.opus, container: ['-live', '1'] }),
  film('a browser’s recording of H.264', 'mkv', { sound: sounds.opus, container: ['-live', '1'] }),
  film('an FLV without a duration', 'flv', { container: ['-flvflags', 'no_duration_filesize+no_metadata'] }),
  film('an M2TS', 'm2ts', { sound: sounds.ac3, container: ['-mpegts_m2ts_mode', '1'] }),
  film('a transport stream with many tables', 'ts', { container: ['-pat_period', '0.02', '-sdt_period', '0.1'] }),
  film('an F4V', 'f4v'),
  film('an ISMV', 'ismv'),
  film('a 3G2', '3g2'),
  film('an Ogg file of Theora and FLAC', 'ogg', { video: videos.theora, sound: sounds.flac }),
  film('an ASF file of H.264', 'asf', { sound: sounds.mp3 }),
  film('an MXF', 'mxf', { video: videos.mpeg2, sound: sounds.pcm }),
  film('a NUT file', 'nut'),
  film('a WTV', 'wtv', { video: videos.mpeg2, sound: sounds.mp2 }),
  film('a RealMedia file', 'rm', {
    video: { encoder: 'rv10', options: ['-q:v', '2'], size: [176, 144] },
    sound: sounds.ac3,
  }),
  film('an elementary stream of H.264', 'h264', { sound: null }),
  film('an elementary stream of HEVC', 'hevc', { video: videos.hevc, sound: null }),
  film('an elementary stream of MPEG-2', 'm2v', { video: videos.mpeg2, sound: null }),
  film('an IVF', 'ivf', { video: videos.vp8, sound: null }),
  film('a Y4M', 'y4m', { video: { encoder: 'wrapped_avframe' }, sound: null }),
  film('an MP4 named AVI', 'mp4', { oddities: [{ odd: 'renamed', extension: 'avi' }] }),
  film('a transport stream named MP4', 'ts', { oddities: [{ odd: 'renamed', extension: 'mp4' }] }),
  film('a Matroska file named MP4', 'mkv', { oddities: [{ odd: 'renamed', extension: 'mp4' }] }),
  film('an AVI named MPG', 'avi', {
    video: videos.mpeg4,
    sound: sounds.mp3,
    oddities: [{ odd: 'renamed', extension: 'mpg' }],
  }),
];

export const filmsOfSeveralStreams: readonly Film[] = [
  film('a cover behind the film', 'mp4', {
    oddities: [remuxed(['-map', '0', '-map', '1', ...copy, '-disposition:v:1', 'attached_pic'], [cover])],
    expected: { pictures: 40 },
  }),
  film('a cover before the film', 'mp4', {
    oddities: [remuxed(['-map', '1', '-map', '0', ...copy, '-disposition:v:0', 'attached_pic'], [cover])],
    expected: { pictures: 40 },
  }),
  film('a cover of a Matroska file', 'mkv', {
    oddities: [remuxed(['-map', '0', '-map', '1', ...copy, '-disposition:v:1', 'attached_pic'], [cover])],
    expected: { pictures: 40 },
  }),
  film('a second sound that is the default', 'mkv', {
    oddities: [
      remuxed(['-map', '1:a', '-map', '0', ...copy, '-disposition:a:0', '0', '-disposition:a:1', 'default'], [other]),
    ],
    expected: { notes: [/^2 sound tracks/], clicks: clicksIn(1.6).length },
  }),
  film('two sounds in MP4', 'mp4', {
    oddities: [remuxed(['-map', '0', '-map', '1:a', ...copy], [other])],
    expected: { notes: [/^2 sound tracks/], clicks: clicksIn(1.6).length },
  }),
  film('two sounds in a transport stream', 'ts', {
    oddities: [remuxed(['-map', '0', '-map', '1:a', ...copy], [other])],
    expected: { notes: [/^2 sound tracks/], clicks: clicksIn(1.6).length },
  }),
  film('a timecode track', 'mov', { container: ['-timecode', '01:00:00:00'] }),
  film('sound before pictures in the file', 'mp4', {
    oddities: [remuxed(['-map', '0:a', '-map', '0:v', ...copy])],
  }),
];

export const soundedFilms: readonly Film[] = [
  ...[8_000, 11_025, 22_050, 32_000, 44_100, 96_000].map((rate) =>
    film(`PCM of ${rate} Hz`, 'mov', { sound: { ...sounds.pcm, rate } }),
  ),
  ...[22_050, 32_000, 44_100].map((rate) => film(`AAC of ${rate} Hz`, 'mp4', { sound: { ...aac, rate } })),
  film('MP3 of 44.1 kHz in AVI', 'avi', { sound: { ...sounds.mp3, rate: 44_100 } }),
  film('MP3 of 22.05 kHz in MP4', 'mp4', { sound: { ...sounds.mp3, rate: 22_050 } }),
  film('AAC of one channel', 'mp4', { sound: { ...aac, channels: 1 } }),
  film('AAC of 5.1', 'mp4', { sound: { ...aac, channels: 6 } }),
  film('AC-3 of 5.1', 'mkv', { sound: { ...sounds.ac3, channels: 6 } }),
  film('AC-3 of one channel', 'ts', { sound: { ...sounds.ac3, channels: 1 } }),
  film('PCM of 7.1', 'mov', { sound: { ...sounds.pcm, channels: 8 } }),
  film('PCM of 24 bits', 'mkv', { sound: sounds.pcm24 }),
  film('PCM of big-endian', 'mov', { sound: sounds.pcmBig }),
  film('PCM of 8 bits', 'avi', { sound: { encoder: 'pcm_u8' } }),
  film('PCM of µ-law', 'mov', { sound: { encoder: 'pcm_mulaw', rate: 8_000 } }),
  film('ADPCM in AVI', 'avi', { video: videos.mpeg4, sound: sounds.adpcm }),
  film('WMA in AVI', 'avi', { video: videos.mpeg4, sound: sounds.wma }),
  film('ALAC in MOV', 'mov', { sound: sounds.alac }),
  film('Opus in MP4', 'mp4', { sound: sounds.opus }),
  film('FLAC in MP4', 'mp4', { sound: { ...sounds.flac, options: ['-strict', '-2'] } }),
  film('Vorbis in Matroska', 'mkv', { sound: sounds.vorbis }),
  film('TrueHD in Matroska', 'mkv', { sound: sounds.truehd }),
  film('DTS in a transport stream', 'ts', { sound: sounds.dts }),
  film('E-AC-3 in MP4', 'mp4', { sound: sounds.eac3 }),
  film('MP2 in a transport stream', 'ts', { sound: sounds.mp2 }),
  film('MP2 of 32 kHz', 'ts', { sound: { ...sounds.mp2, rate: 32_000 } }),
  film('AAC in LATM', 'ts', { container: ['-mpegts_flags', 'latm'] }),
  film('loud sound', 'mp4', { sound: { ...aac, filters: ['volume=6dB'] } }),
  film('quiet sound', 'mkv', { sound: { ...sounds.flac, filters: ['volume=-12dB'] } }),
  film('90 ms of sound missing', 'mkv', {
    seconds: 3,
    sound: { ...aac, filters: ["aselect='not(between(t,0.95,1.04))'"] },
  }),
  film('90 ms of sound missing, encoded', 'mkv', {
    seconds: 3,
    sound: { ...sounds.ac3, filters: ["aselect='not(between(t,0.95,1.04))'"] },
  }),
  film('half a second of sound missing', 'mkv', {
    seconds: 3,
    sound: { ...aac, filters: ["aselect='not(between(t,0.7,1.2))'"] },
  }),
];

const cutOff = (share: number): Oddity => ({ odd: 'cut off', share });
export const damagedFilms: readonly Film[] = [
  film('a Matroska file cut off', 'mkv', { seconds: 3, oddities: [cutOff(0.7)] }),
  film('an MP4 with its index first, cut off', 'mp4', {
    seconds: 3,
    container: ['-movflags', 'faststart'],
    oddities: [cutOff(0.7)],
    expected: { notes: [/^the file is cut off/] },
  }),
  film('a fragmented MP4 cut off', 'mp4', {
    seconds: 3,
    container: ['-movflags', 'frag_keyframe+empty_moov'],
    oddities: [cutOff(0.7)],
    expected: { notes: [/^the file is cut off/] },
  }),
  film('a transport stream cut off', 'ts', { seconds: 3, oddities: [cutOff(0.7)] }),
  film('an AVI cut off', 'avi', { seconds: 3, video: videos.mpeg4, sound: sounds.mp3, oddities: [cutOff(0.7)] }),
  film('an FLV cut off', 'flv', { seconds: 3, oddities: [cutOff(0.7)], expected: { notes: [/^the file is cut off/] } }),
  film('a programme stream cut off', 'mpg', {
    seconds: 3,
    video: videos.mpeg2,
    sound: sounds.mp2,
    oddities: [cutOff(0.7)],
    expected: { notes: [/damaged picture/] },
  }),
  film('a transport stream behind garbage', 'ts', { oddities: [{ odd: 'preceded', bytes: 5_000 }] }),
];
