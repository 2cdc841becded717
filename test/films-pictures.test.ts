import { testFilms } from './support/films/film-test.js';
import { jpegFilms } from './support/films/jpeg-films.js';
import * as pictures from './support/films/odd-pictures.js';

testFilms('odd pictures', Object.values(pictures).flat());
testFilms('stations of JPEG', jpegFilms);
