/** Some 700 films: those of the tests, and each ordinary one with each of many oddities. */
import type { Film } from '../../../test/support/films/film.js';
import * as containers from '../../../test/support/films/odd-containers.js';
import * as pictures from '../../../test/support/films/odd-pictures.js';
import * as times from '../../../test/support/films/odd-times.js';
import { ordinaryFilms } from '../../../test/support/films/ordinary-films.js';

const ofTests: readonly Film[] = [
  ...ordinaryFilms,
  ...[containers, pictures, times].flatMap((module) => Object.values(module).flat()),
];

interface Change {
  name: string;
  change(film: Film): Film | null;
}

const ofVideo = (film: Film, video: Partial<NonNullable<Film['video']>>): Film =>
  film.video ? { ...film, video: { ...film.video, ...video } } : film;
const copied = (...output: string[]) => ['-map', '0', '-c', 'copy', ...output];
/** These have a few sizes, or a few rates. */
const isFree = ({ video }: Film) => !['h263', 'dnxhd', 'rv10'].includes(video?.encoder ?? '');
const isTimed = ({ video }: Film) => isFree({ video } as Film) && !/^mpeg[12]/.test(video?.encoder ?? '');

const changes: readonly Change[] = [
  { name: '30000/1001', change: (film) => ofVideo(film, { rate: '30000/1001' }) },
  { name: '50 a second', change: (film) => (isFree(film) ? ofVideo(film, { rate: '50' }) : null) },
  { name: '15 a second', change: (film) => (isTimed(film) ? ofVideo(film, { rate: '15' }) : null) },
  { name: '322 × 182', change: (film) => (isFree(film) ? ofVideo(film, { size: [322, 182] }) : null) },
  { name: 'pixels of 16/11', change: (film) => (isFree(film) ? ofVideo(film, { pixelShape: '16/11' }) : null) },
  {
    // At the bounds of a picture: FFmpeg 5.1 shows the rest of an MJPEG picture that an edit list cuts through, not of others.
    name: 'begins late in its group',
    change: (film) => ({
      ...film,
      seconds: 4,
      oddities: [{ odd: 'remuxed', input: ['-ss', '1.32'], output: copied('-t', '2') }],
    }),
  },
  {
    name: 'begins after 10 s',
    change: (film) => ({ ...film, oddities: [{ odd: 'remuxed', output: copied('-output_ts_offset', '10') }] }),
  },
  { name: 'cut off', change: (film) => ({ ...film, seconds: 3, oddities: [{ odd: 'cut off', share: 0.7 }] }) },
  {
    name: 'damaged',
    change: (film) => ({ ...film, seconds: 3, oddities: [{ odd: 'zeroed', at: 0.6, bytes: 60 }] }),
  },
  {
    name: 'one channel of 44.1 kHz',
    change: (film) => (film.sound ? { ...film, sound: { ...film.sound, rate: 44_100, channels: 1 } } : null),
  },
  {
    name: 'sound longer',
    change: (film) => (film.sound ? { ...film, sound: { ...film.sound, seconds: film.seconds + 1.5 } } : null),
  },
  {
    name: 'sound shorter',
    change: (film) => (film.sound ? { ...film, sound: { ...film.sound, seconds: film.seconds - 0.9 } } : null),
  },
  {
    name: 'pictures missing',
    change: (film) =>
      isTimed(film)
        ? ofVideo(film, {
            filters: ["select='not(eq(mod(n\\,5)\\,3))'"],
            options: [...(film.video?.options ?? []), '-fps_mode', 'passthrough'],
          })
        : null,
  },
];

/** Their names are unique. */
export const manyFilms: readonly Film[] = [
  ...ofTests,
  ...changes.flatMap(({ name, change }) =>
    ordinaryFilms.flatMap((film) => {
      const changed = change(film);
      return changed ? [{ ...changed, name: `${film.name}, ${name}`, expected: {} }] : [];
    }),
  ),
];
