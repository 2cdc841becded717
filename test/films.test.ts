import { testFilms } from './support/films/film-test.js';
import { ordinaryFilms } from './support/films/ordinary-films.js';

testFilms('ordinary films', ordinaryFilms);
