/** Films whose pictures are odd: turned, of other shapes, formats, colours and sizes, interlaced. */
import type { Film, FilmVideo, Oddity } from './film.js';
import { aac, sounds, videos, x264 } from './ordinary-films.js';

const film = (name: string, video: FilmVideo, rest: Partial<Film> = {}): Film => ({
  name,
  extension: 'mp4',
  seconds: 1.6,
  video,
  sound: aac,
  ...rest,
});
/** What is said of whole pictures in interlaced clothes. */
const shownWhole: Partial<Film> = { expected: { notes: [/are whole, and shown as they are/] } };
const copied = (...output: string[]): Oddity => ({ odd: 'remuxed', output: ['-map', '0', '-c', 'copy', ...output] });
export const turnedFilms: readonly Film[] = [
  ...[90, 180, 270].map((turn) =>
    film(`turned by ${turn}°`, x264, { oddities: [copied('-metadata:s:v', `rotate=${turn}`)] }),
  ),
  film(
    'turned by 90° in MOV',
    { ...x264, size: [320, 180] },
    {
      extension: 'mov',
      oddities: [copied('-metadata:s:v', 'rotate=90')],
    },
  ),
  film('HEVC turned by 90°', videos.hevc, { oddities: [copied('-tag:v', 'hvc1', '-metadata:s:v', 'rotate=90')] }),
  film(
    'turned by 90°, pixels not square',
    { ...x264, pixelShape: '4/3' },
    {
      oddities: [copied('-metadata:s:v', 'rotate=90')],
    },
  ),
];

export const shapedFilms: readonly Film[] = [
  ...['16/11', '64/45', '12/11', '8/9', '2/1', '1/2'].map((pixelShape) =>
    film(`pixels of ${pixelShape}`, { ...x264, pixelShape }),
  ),
  film(
    'pixels of 16/15 in MPEG-2',
    { ...videos.mpeg2, size: [360, 288], pixelShape: '16/15' },
    {
      extension: 'mpg',
      sound: sounds.mp2,
    },
  ),
  film('pixels of 64/45 in AVI', { ...videos.mpeg4, pixelShape: '64/45' }, { extension: 'avi', sound: sounds.mp3 }),
  film('a shape that only MP4 knows', x264, { oddities: [copied('-aspect', '4:3')] }),
  film('a shape that only Matroska knows', x264, {
    extension: 'mkv',
    oddities: [copied('-aspect', '2.39')],
  }),
  film('a shape that only MP4 knows, of HEVC', videos.hevc, { oddities: [copied('-tag:v', 'hvc1', '-aspect', '4:3')] }),
  ...(
    [
      [242, 146],
      [200, 120],
      [250, 138],
      [64, 48],
      [640, 64],
      [64, 320],
      [720, 576],
      [1280, 720],
    ] as const
  ).map((size) => film(`${size.join(' × ')}`, { ...x264, size }, { seconds: 1 })),
  film('241 × 145', { ...x264, size: [241, 145], pixelFormat: 'yuv444p' }),
  film('odd sizes of VP9', { ...videos.vp9, size: [241, 145] }, { extension: 'webm', sound: sounds.opus }),
  film('HEVC of 242 × 138', { ...videos.hevc, size: [242, 138] }),
  film(
    'cropped by the stream',
    { ...x264, size: [272, 160] },
    {
      oddities: [copied('-bsf:v', 'h264_metadata=crop_left=16:crop_right=16:crop_top=8:crop_bottom=8')],
    },
  ),
];

export const filmsOfManyFormats: readonly Film[] = [
  ...['yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le', 'gray'].map((pixelFormat) =>
    film(`H.264 of ${pixelFormat}`, { ...x264, pixelFormat }),
  ),
  ...['yuv420p10le', 'yuv422p10le', 'yuv444p', 'yuv420p12le', 'gray'].map((pixelFormat) =>
    film(`HEVC of ${pixelFormat}`, { ...videos.hevc, pixelFormat }),
  ),
  film('H.264 of RGB', { ...x264, encoder: 'libx264rgb', pixelFormat: 'rgb24' }, { extension: 'mkv' }),
  film('lossless H.264', { ...x264, options: [...x264.options!, '-qp', '0'] }),
  film('VP9 of 10 bits', { ...videos.vp9, pixelFormat: 'yuv420p10le' }, { extension: 'webm', sound: sounds.opus }),
  film('VP9 of 4:4:4', { ...videos.vp9, pixelFormat: 'yuv444p' }, { extension: 'webm', sound: sounds.opus }),
  film('AV1 of 10 bits', { ...videos.av1, pixelFormat: 'yuv420p10le' }),
  film(
    'ProRes 4444',
    { encoder: 'prores_ks', options: ['-profile:v', '4444'], pixelFormat: 'yuv444p10le' },
    {
      extension: 'mov',
      sound: sounds.pcm,
    },
  ),
  film('DNxHR', videos.dnxhr, { extension: 'mov', sound: sounds.pcm }),
  film('MJPEG of 4:2:2', { ...videos.mjpeg, pixelFormat: 'yuvj422p' }, { extension: 'avi', sound: sounds.pcm }),
  film('MJPEG of 4:4:4', { ...videos.mjpeg, pixelFormat: 'yuvj444p' }, { extension: 'mov', sound: sounds.pcm }),
  film('PNG in MOV', { encoder: 'png', pixelFormat: 'rgb24' }, { extension: 'mov', sound: sounds.pcm }),
  film('raw RGB in AVI', { encoder: 'rawvideo', pixelFormat: 'bgr24' }, { extension: 'avi', sound: sounds.pcm }),
  film('raw 4:2:2 in MOV', { encoder: 'rawvideo', pixelFormat: 'uyvy422' }, { extension: 'mov', sound: sounds.pcm }),
  film('raw 4:2:0 in NUT', videos.raw, { extension: 'nut', sound: sounds.pcm }),
  film('Huffyuv in AVI', videos.huffyuv, { extension: 'avi', sound: sounds.pcm }),
  film(
    'FFV1 of 4:4:4 and 16 bits',
    { encoder: 'ffv1', pixelFormat: 'yuv444p16le' },
    { extension: 'mkv', sound: sounds.flac },
  ),
  film('Ut Video in AVI', { encoder: 'utvideo', pixelFormat: 'yuv422p' }, { extension: 'avi', sound: sounds.pcm }),
  film('QuickTime Animation', { encoder: 'qtrle', pixelFormat: 'rgb24' }, { extension: 'mov', sound: sounds.pcm }),
  film('JPEG 2000 in MOV', { encoder: 'jpeg2000', pixelFormat: 'yuv422p' }, { extension: 'mov', sound: sounds.pcm }),
  film(
    'DV',
    { encoder: 'dvvideo', size: [720, 576], pixelFormat: 'yuv420p' },
    { extension: 'dv', sound: sounds.pcm, seconds: 1, ...shownWhole },
  ),
  film('MS-MPEG-4 in AVI', videos.msmpeg4, { extension: 'avi', sound: sounds.mp3 }),
  film('Sorenson 1 in MOV', { encoder: 'svq1', pixelFormat: 'yuv410p' }, { extension: 'mov', sound: sounds.pcm }),
  film(
    'Cinepak in AVI',
    { encoder: 'cinepak', pixelFormat: 'rgb24', size: [160, 96] },
    { extension: 'avi', sound: sounds.pcm },
  ),
  film('VP9 in MP4', videos.vp9),
  film('AV1 in WebM', videos.av1, { extension: 'webm', sound: sounds.opus }),
  film('VC-2 in MKV', { encoder: 'vc2', pixelFormat: 'yuv422p', options: ['-strict', '-1'] }, { extension: 'mkv' }),
];

const tags = (matrix: string, primaries: string, transfer: string, range = 'tv') => [
  ...['-colorspace', matrix, '-color_primaries', primaries, '-color_trc', transfer, '-color_range', range],
];
const bt709 = { matrix: 'bt709', range: 'tv', tags: tags('bt709', 'bt709', 'bt709') } as const;
const bt601 = { matrix: 'bt601', range: 'tv', tags: tags('smpte170m', 'smpte170m', 'smpte170m') } as const;
const pal = { matrix: 'bt601', range: 'tv', tags: tags('bt470bg', 'bt470bg', 'gamma28') } as const;
const full709 = { matrix: 'bt709', range: 'pc', tags: tags('bt709', 'bt709', 'bt709', 'pc') } as const;
const full601 = { matrix: 'bt601', range: 'pc', tags: tags('smpte170m', 'smpte170m', 'smpte170m', 'pc') } as const;
const untagged709 = { matrix: 'bt709', range: 'tv', tags: [] } as const;
const hd = [1280, 720] as const;

export const colouredFilms: readonly Film[] = [
  film('BT.709, small', { ...x264, colour: bt709 }),
  film('BT.601 of NTSC', { ...x264, colour: bt601 }),
  film('BT.601 of PAL', { ...x264, colour: pal }),
  film('full range, BT.709', { ...x264, colour: full709 }),
  film('full range, BT.601', { ...x264, colour: full601 }),
  film('BT.709 in HD', { ...x264, colour: bt709, size: hd }, { seconds: 0.6, sound: null }),
  film('BT.601 in HD', { ...x264, colour: bt601, size: hd }, { seconds: 0.6, sound: null }),
  film('untagged HD', { ...x264, colour: untagged709, size: hd }, { seconds: 0.6, sound: null }),
  film('BT.709, encoded', { ...videos.mpeg4, colour: bt709 }),
  film('BT.709 of HEVC', { ...videos.hevc, colour: bt709 }),
  film('BT.601 of HEVC in HD', { ...videos.hevc, colour: bt601, size: hd }, { seconds: 0.6, sound: null }),
  film('untagged HEVC in HD', { ...videos.hevc, colour: untagged709, size: hd }, { seconds: 0.6, sound: null }),
  film('full range of HEVC', { ...videos.hevc, colour: full709 }),
  film('full range of VP9', { ...videos.vp9, colour: full601 }, { extension: 'webm', sound: sounds.opus }),
  film(
    'untagged MPEG-2 in HD',
    { ...videos.mpeg2, colour: untagged709, size: hd },
    {
      seconds: 0.6,
      sound: null,
      extension: 'ts',
    },
  ),
  film(
    'RGB in HD',
    { encoder: 'png', pixelFormat: 'rgb24', size: hd },
    {
      seconds: 0.4,
      sound: null,
      extension: 'mov',
    },
  ),
];

const fields = (order: 'top' | 'bottom') =>
  `tinterlace=mode=${order === 'top' ? 'interleave_top' : 'interleave_bottom'}`;
const interlacedX264 = (order: 'top' | 'bottom'): FilmVideo => ({
  ...x264,
  rate: '50',
  size: [320, 288],
  filters: [fields(order)],
  options: [...x264.options!, '-flags', '+ildct+ilme', '-x264-params', order === 'top' ? 'tff=1' : 'bff=1'],
});
const interlacedMpeg2 = (order: 'top' | 'bottom'): FilmVideo => ({
  ...videos.mpeg2,
  rate: '50',
  size: [320, 288],
  filters: [fields(order)],
  options: ['-q:v', '2', '-bf', '2', '-flags', '+ildct+ilme', '-top', order === 'top' ? '1' : '0'],
});

const fieldsShown = { deinterlaced: true, expected: { notes: [/25 frames become 50 pictures/] } };

export const interlacedFilms: readonly Film[] = [
  film('50 fields, top first', interlacedX264('top'), { ...fieldsShown, extension: 'ts' }),
  film('50 fields, bottom first', interlacedX264('bottom'), { ...fieldsShown, extension: 'ts' }),
  film('50 fields in MP4', interlacedX264('top'), { ...fieldsShown }),
  film('50 fields of MPEG-2, top first', interlacedMpeg2('top'), {
    ...fieldsShown,
    extension: 'mpg',
    sound: sounds.mp2,
  }),
  film('50 fields of MPEG-2, bottom first', interlacedMpeg2('bottom'), {
    ...fieldsShown,
    extension: 'ts',
    sound: sounds.mp2,
  }),
  film(
    'progressive pictures marked as interlaced',
    {
      ...x264,
      options: [...x264.options!, '-flags', '+ildct+ilme', '-x264-params', 'tff=1'],
    },
    shownWhole,
  ),
  film(
    'progressive pictures of MPEG-2 marked as interlaced',
    {
      ...videos.mpeg2,
      options: ['-q:v', '2', '-flags', '+ildct+ilme'],
    },
    { extension: 'mpg', sound: sounds.mp2, ...shownWhole },
  ),
];

/** Its pictures have numbers of their own. */
const other = (video: FilmVideo, rest: Partial<Film> = {}): Film =>
  film('what follows', { ...video, firstNumber: 100 }, { extension: 'ts', ...rest });

export const changingFilms: readonly Film[] = [
  film('a change of shape', x264, {
    extension: 'ts',
    oddities: [{ odd: 'followed', by: other({ ...x264, size: [192, 144] }) }],
    expected: { notes: [/ are fitted into /] },
  }),
  film('a change of pixel shape', x264, {
    extension: 'ts',
    oddities: [{ odd: 'followed', by: other({ ...x264, pixelShape: '4/3' }) }],
    expected: { notes: [/ are fitted into /] },
  }),
  film('a change of size', x264, {
    extension: 'ts',
    oddities: [{ odd: 'followed', by: other({ ...x264, size: [480, 288] }) }],
    expected: { notes: [/ are fitted into /] },
  }),
  film('a change of shape in MPEG-2', videos.mpeg2, {
    extension: 'ts',
    sound: sounds.mp2,
    oddities: [{ odd: 'followed', by: other({ ...videos.mpeg2, size: [192, 144] }, { sound: sounds.mp2 }) }],
    expected: { notes: [/ are fitted into /] },
  }),
  film('a change of rate', x264, {
    extension: 'ts',
    oddities: [{ odd: 'followed', by: other({ ...x264, rate: '50' }) }],
    // FFmpeg's tool joins times of decoding, and leaves out a picture. On the air all are shown, without a pause.
    expected: {
      seconds: 3.2,
      differences: [/^pictures: 1 pictures are not the source's: 39$/, /^times: /, /^sound: .* is 40 ms off$/],
    },
  }),
  film('a change of B-pictures', x264, {
    extension: 'ts',
    oddities: [{ odd: 'followed', by: other({ ...x264, options: ['-preset', 'ultrafast', '-bf', '0'] }) }],
    // As above.
    expected: {
      seconds: 3.2,
      differences: [/^pictures: 2 pictures are not the source's: 137, 138$/, /^times: /, /^sound: .* is 2\d ms off$/],
    },
  }),
];
