import { testFilms } from './support/films/film-test.js';
import { hevcFilms } from './support/films/hevc-films.js';

testFilms('stations of H.265', hevcFilms);
