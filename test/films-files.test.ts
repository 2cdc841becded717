import { testFilms } from './support/films/film-test.js';
import * as containers from './support/films/odd-containers.js';

testFilms('odd files and sounds', Object.values(containers).flat());
