import { testFilms } from './support/films/film-test.js';
import * as times from './support/films/odd-times.js';

testFilms('odd times', Object.values(times).flat());
