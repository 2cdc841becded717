/** Films of stations that send JPEG pictures. */

import type { Film } from './film.js';
import { colouredFilms, shapedFilms, turnedFilms } from './odd-pictures.js';
import { filmsOfManyRates, filmsOfVariableRate, trimmedFilms } from './odd-times.js';
import { ordinaryFilms } from './ordinary-films.js';

const chosen = [
  ...ordinaryFilms.slice(0, 1),
  ...ordinaryFilms.slice(13, 14),
  ...turnedFilms.slice(0, 1),
  ...shapedFilms.slice(0, 1),
  ...colouredFilms.slice(0, 2),
  ...colouredFilms.slice(6, 7),
  ...filmsOfManyRates.slice(0, 1),
  ...filmsOfVariableRate.slice(0, 1),
  ...trimmedFilms.slice(0, 1),
];

export const jpegFilms: readonly Film[] = chosen.map((film) => ({
  ...film,
  name: `${film.name}, as JPEG`,
  sound: null,
  settings: { format: 'jpeg', fps: 'source' },
  expected: film.expected?.seconds === undefined ? {} : { seconds: film.expected.seconds },
}));
