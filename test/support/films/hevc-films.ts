/** Films of stations that send H.265. */
import type { Film, FilmVideo, Oddity } from './film.js';
import { colouredFilms, shapedFilms } from './odd-pictures.js';
import { filmsOfVariableRate, trimmedFilms } from './odd-times.js';
import { aac, videos, x264 } from './ordinary-films.js';

/** With B-pictures of which others are made; the groups begin with pictures that need those of the group before. */
const open: FilmVideo = {
  encoder: 'libx265',
  options: [
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=none:keyint=26:min-keyint=26:bframes=3:b-adapt=0:scenecut=0',
  ],
};
const closed: FilmVideo = {
  encoder: 'libx265',
  options: ['-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25:bframes=3:b-adapt=0:open-gop=0'],
};
const tagged = (video: FilmVideo): FilmVideo => ({ ...video, options: [...(video.options ?? []), '-tag:v', 'hvc1'] });

const forHevc = (film: Film): Film => ({ ...film, name: `${film.name}, as H.265`, settings: { format: 'hevc' } });
const film = (name: string, extension: string, given: Partial<Film>): Film => ({
  ...forHevc({ name, extension, seconds: 2.4, video: open, sound: aac }),
  ...given,
});

const cut: Oddity = { odd: 'cut off', share: 0.7 };

/** Films of other tests that are copied here, without those in HD. */
const isCopied = ({ video }: Film) => video?.encoder === 'libx265' && (video.size?.[0] ?? 0) < 1_280;
const others = [...shapedFilms, ...colouredFilms, ...filmsOfVariableRate].filter(isCopied);

export const hevcFilms: readonly Film[] = [
  film('open groups in MP4', 'mp4', { video: tagged(open), expected: { video: 'copied' } }),
  film('open groups of 10 bits in Matroska', 'mkv', {
    video: { ...open, pixelFormat: 'yuv420p10le' },
    expected: { video: 'copied' },
  }),
  film('closed groups in a transport stream', 'ts', { video: closed, expected: { video: 'copied' } }),
  film('a transport stream that is cut off', 'ts', { oddities: [cut], expected: { video: 'copied' } }),
  film('sound that is longer', 'mkv', { sound: { ...aac, seconds: 4 }, expected: { video: 'copied' } }),
  film('H.264', 'mp4', { video: x264, expected: { video: 'encoded' } }),
  film('12 bits', 'mkv', { video: { ...videos.hevc, pixelFormat: 'yuv420p12le' }, expected: { video: 'encoded' } }),
  ...others.map((each) => forHevc({ ...each, expected: { ...each.expected, video: 'copied' } })),
  ...trimmedFilms.filter(({ video }) => video?.encoder === 'libx265').map(forHevc),
];
