/** Films whose times are odd: trimmed, joined, of variable rate, with sound and pictures that begin or end apart. */
import { Millis } from '../../../src/base/units.js';
import { clicksIn } from './clicks.js';
import type { Film, Oddity } from './film.js';
import { aac, sounds, videos, x264 } from './ordinary-films.js';

const copy = ['-map', '0', '-c', 'copy'];
const remuxed = (output: readonly string[], input: readonly string[] = []): Oddity => ({
  odd: 'remuxed',
  input,
  output: [...copy, ...output],
});
/** Variable rate: pictures keep the times that a filter gives them. */
const kept = ['-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
const film = (name: string, extension: string, rest: Partial<Film>): Film => ({
  name,
  extension,
  seconds: 2,
  video: x264,
  sound: aac,
  ...rest,
});
const withRate = (rate: string, extension: string): Film =>
  film(`${rate} pictures a second in ${extension}`, extension, { video: { ...x264, rate } });
const withFilter = (filter: string) => ({ ...x264, filters: [filter], options: [...x264.options!, ...kept] });

const rates = ['24000/1001', '24', '30000/1001', '30', '50', '60000/1001', '60', '12', '10', '5'];

export const filmsOfManyRates: readonly Film[] = [
  ...rates.map((rate) => withRate(rate, 'mp4')),
  ...['24000/1001', '30000/1001', '60000/1001'].map((rate) => withRate(rate, 'mkv')),
  ...['30000/1001', '50', '12'].map((rate) => withRate(rate, 'ts')),
  ...['30', '60'].map((rate) => withRate(rate, 'flv')),
  film('15 pictures a second in AVI', 'avi', { video: { ...videos.mpeg4, rate: '15' }, sound: sounds.mp3 }),
  film('one picture a second', 'mp4', { seconds: 4, video: { ...x264, rate: '1' } }),
  film('encoded at 30000/1001', 'mkv', { video: { ...videos.mpeg4, rate: '30000/1001' } }),
  film('encoded at 60', 'mp4', { video: { ...videos.hevc, rate: '60' } }),
  film('120 pictures a second', 'mp4', {
    seconds: 1,
    video: { ...x264, rate: '120' },
  }),
];

export const trimmedFilms: readonly Film[] = [
  film('an MP4 whose beginning was cut off', 'mp4', {
    seconds: 4,
    video: { ...x264, options: [...x264.options!, '-g', '60'] },
    oddities: [remuxed(['-t', '1.6'], ['-ss', '1.3'])],
    // The track's own duration: the last picture but one is missing.
    expected: { seconds: 1.74 },
  }),
  film('a MOV whose beginning was cut off', 'mov', {
    seconds: 4,
    video: { ...x264, options: [...x264.options!, '-g', '100'] },
    oddities: [remuxed(['-t', '2'], ['-ss', '1'])],
  }),
  film('an MP4 of HEVC whose beginning was cut off', 'mp4', {
    seconds: 4,
    video: videos.hevc,
    oddities: [remuxed(['-t', '1.6', '-tag:v', 'hvc1'], ['-ss', '1.3'])],
  }),
  film('an MP4 cut at a key picture', 'mp4', {
    seconds: 3,
    oddities: [remuxed(['-t', '1'], ['-ss', '1'])],
  }),
  film('an MP4 whose end was cut off', 'mp4', { seconds: 3, oddities: [remuxed(['-t', '1.2'])] }),
  film('a Matroska file whose beginning was cut off', 'mkv', {
    seconds: 4,
    oddities: [remuxed(['-t', '1.6'], ['-ss', '1.3'])],
  }),
  film('a transport stream whose beginning was cut off', 'ts', {
    seconds: 4,
    oddities: [remuxed(['-t', '1.6'], ['-ss', '1.3'])],
    expected: { notes: [/sound are left out: the pictures begin later/] },
  }),
];

export const joinedFilms: readonly Film[] = [
  film('a transport stream written twice', 'ts', {
    oddities: [{ odd: 'twice' }],
    expected: { seconds: 4 },
  }),
  film('a transport stream written twice, encoded', 'ts', {
    video: videos.mpeg2,
    sound: sounds.mp2,
    oddities: [{ odd: 'twice' }],
    // FFmpeg's tool plays the sound of the second recording right behind that of the first, 16 ms later than its time stamps say.
    expected: { seconds: 4, differences: [/^sound: the click at 3\.8\d\d s is 2\d ms off$/] },
  }),
  film('a programme stream written twice', 'mpg', {
    video: videos.mpeg2,
    sound: sounds.mp2,
    oddities: [{ odd: 'twice' }],
    // As above.
    expected: { seconds: 4, differences: [/^sound: the click at 3\.8\d\d s is 2\d ms off$/] },
  }),
  film('a transport stream that begins at 26 h, where time stamps wrap', 'ts', {
    container: ['-output_ts_offset', '95442.7'],
  }),
  film('a transport stream that begins after an hour', 'ts', { container: ['-output_ts_offset', '3600'] }),
  film('an MP4 that begins after 10 s', 'mp4', { container: ['-output_ts_offset', '10'] }),
  film('a Matroska file that begins after 10 s', 'mkv', { container: ['-output_ts_offset', '10'] }),
];

const late = (name: string, extension: string, seconds: number, rest: Partial<Film> = {}): Film =>
  film(name, extension, {
    ...rest,
    sound: { ...(rest.sound ?? aac), seconds: (rest.seconds ?? 2) - seconds },
    // The same file twice: sound from the delayed one.
    oddities: [
      {
        odd: 'remuxed',
        input: ['-itsoffset', String(seconds)],
        add: [film('pictures', extension === 'mp4' ? 'mp4' : 'mkv', { ...rest, sound: null })],
        output: ['-map', '1:v', '-map', '0:a', '-c', 'copy'],
        extension,
      },
    ],
  });

export const filmsWithSoundApart: readonly Film[] = [
  late('sound 0.3 s late in MP4', 'mp4', 0.3),
  late('sound 0.7 s late in MP4', 'mp4', 0.7),
  late('sound 0.7 s late in Matroska', 'mkv', 0.7),
  late('sound 0.7 s late in a transport stream', 'ts', 0.7),
  late('sound 1.5 s late in a transport stream', 'ts', 1.5, { seconds: 3 }),
  late('sound 0.7 s late, encoded', 'mkv', 0.7, { sound: sounds.flac }),
  late('sound 0.7 s late beside encoded pictures', 'mkv', 0.7, { video: videos.mpeg4 }),
  film('sound 2 s longer than the pictures', 'mp4', {
    sound: { ...aac, seconds: 4 },
    expected: { pictures: 50, clicks: clicksIn(4).length, seconds: 4 },
  }),
  film('sound 2 s longer than the pictures, in Matroska', 'mkv', {
    sound: { ...aac, seconds: 4 },
    expected: { seconds: 4 },
  }),
  film('sound 2 s longer than the pictures, encoded', 'mkv', {
    video: videos.mpeg4,
    sound: { ...sounds.flac, seconds: 4 },
    expected: { seconds: 4 },
  }),
  film('pictures 2 s longer than the sound', 'mp4', {
    seconds: 4,
    sound: { ...aac, seconds: 2 },
    expected: { pictures: 100, clicks: clicksIn(2).length, seconds: 4 },
  }),
  film('pictures 2 s longer than the sound, encoded', 'mkv', {
    seconds: 4,
    video: videos.mpeg4,
    sound: { ...sounds.mp3, seconds: 2 },
    expected: { seconds: 4 },
  }),
];

export const filmsOfVariableRate: readonly Film[] = [
  film('every fifth picture missing, in MP4', 'mp4', { video: withFilter("select='not(eq(mod(n\\,5)\\,3))'") }),
  film('every fifth picture missing, in Matroska', 'mkv', { video: withFilter("select='not(eq(mod(n\\,5)\\,3))'") }),
  film('two thirds of the pictures missing in the middle', 'mp4', {
    seconds: 3,
    video: withFilter("select='lt(n\\,25)+gt(n\\,50)+not(mod(n\\,3))'"),
  }),
  film('two thirds of the pictures missing in the middle, encoded', 'mkv', {
    seconds: 3,
    video: {
      ...videos.mpeg4,
      filters: ["select='lt(n\\,25)+gt(n\\,50)+not(mod(n\\,3))'"],
      options: ['-q:v', '2', '-fps_mode', 'passthrough', '-enc_time_base', '1:1000'],
    },
  }),
  film('a phone’s uneven times', 'mp4', { video: withFilter("settb=1/90000,setpts='(N+0.3*sin(N))/30/TB'") }),
  film('a phone’s uneven times, encoded', 'mp4', {
    video: {
      ...videos.hevc,
      filters: ["settb=1/90000,setpts='(N+0.3*sin(N))/30/TB'"],
      options: [...videos.hevc.options, ...kept],
    },
  }),
  film('30 pictures a second, then 60', 'mp4', {
    seconds: 2.4,
    video: withFilter("settb=1/90000,setpts='if(lt(N\\,30)\\,N/30\\,1+(N-30)/60)/TB'"),
    sound: { ...aac, seconds: 1.5 },
  }),
  film('a picture every two seconds, with B-pictures', 'mp4', {
    seconds: 0.24,
    video: withFilter("setpts='N*2/TB'"),
    sound: null,
    expected: { seconds: 10.04 },
  }),
  film('a picture every two seconds, without B-pictures', 'mp4', {
    seconds: 0.24,
    video: { ...withFilter("setpts='N*2/TB'"), options: [...x264.options!, '-bf', '0', ...kept] },
    sound: null,
    expected: { seconds: 10.04 },
  }),
  film('a picture every two seconds with sound, in Matroska', 'mkv', {
    seconds: 0.24,
    video: withFilter("setpts='N*2/TB'"),
    sound: { ...aac, seconds: 11 },
  }),
];

const animation = (
  name: string,
  extension: string,
  encoder: string,
  { expected, ...rest }: Partial<Film['video']> & Pick<Film, 'expected'> = {},
): Film =>
  film(name, extension, {
    video: { encoder, rate: '10', pixelFormat: 'rgb24', options: ['-bf', '0'], ...rest },
    sound: null,
    expected,
  });

export const animations: readonly Film[] = [
  animation('an animated GIF', 'gif', 'gif', { pixelFormat: 'rgb8' }),
  animation('an animated PNG', 'apng', 'apng'),
  animation('an animated GIF of variable rate', 'gif', 'gif', {
    pixelFormat: 'rgb8',
    filters: ["select='not(eq(mod(n\\,5)\\,3))'"],
    options: ['-fps_mode', 'vfr'],
    // FFmpeg gives the last picture the delay of the one before, 0.2 s.
    expected: { seconds: 2.1 },
  }),
];

export const filmsWithOddGroups: readonly Film[] = [
  film('open groups of pictures', 'mp4', {
    seconds: 3,
    video: {
      ...x264,
      options: ['-preset', 'ultrafast', '-g', '20', '-bf', '3', '-x264-params', 'open-gop=1:scenecut=0'],
    },
  }),
  film('a pyramid of B-pictures', 'mp4', {
    video: {
      ...x264,
      options: ['-preset', 'veryfast', '-g', '48', '-bf', '7', '-x264-params', 'b-pyramid=normal:b-adapt=0'],
    },
  }),
  film('no B-pictures', 'mp4', { video: { ...x264, options: ['-preset', 'ultrafast', '-g', '25', '-bf', '0'] } }),
  film('key pictures only', 'mp4', { video: { ...x264, options: ['-preset', 'ultrafast', '-g', '1'] } }),
  film('one group of pictures', 'mkv', {
    video: { ...x264, options: ['-preset', 'ultrafast', '-g', '500', '-bf', '2'] },
  }),
  film('key pictures too far apart to copy', 'mp4', {
    seconds: 3,
    video: { ...x264, options: ['-preset', 'ultrafast', '-g', '500', '-bf', '2'] },
    settings: { maxGop: Millis(1_000) },
    expected: { video: 'encoded' },
  }),
  film('periodic intra refresh', 'ts', {
    seconds: 3,
    video: { ...x264, options: ['-preset', 'ultrafast', '-bf', '0', '-x264-params', 'intra-refresh=1:keyint=25'] },
  }),
  film('several slices in a picture', 'mp4', {
    video: { ...x264, options: ['-preset', 'ultrafast', '-g', '25', '-x264-params', 'slices=4'] },
  }),
  film('MPEG-4 with packed B-pictures in AVI', 'avi', { video: videos.mpeg4, sound: sounds.mp3 }),
  film('H.264 with B-pictures in AVI', 'avi', {
    video: { ...x264, options: [...x264.options!, '-bf', '3'] },
    sound: sounds.mp3,
  }),
];
