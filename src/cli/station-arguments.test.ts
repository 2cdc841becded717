import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { stationsOf } from './station-arguments.js';

test('NAME=PATH names the station, unless that is a file’s own name', (context) => {
  const folder = scratchFolder(context);
  const odd = join(folder, 'a=b.mp4');
  writeFileSync(odd, '');
  assert.deepEqual(
    stationsOf(['film.mp4', 'The lobby=film.mp4', odd]).map(({ name, source }) => [name, source]),
    [
      [undefined, 'film.mp4'],
      ['The lobby', 'film.mp4'],
      [undefined, odd],
    ],
  );
});

test('groups count up from the given one, and not beyond the last', () => {
  const groups = (first: string) => stationsOf(['one.mp4', 'two.mp4'], first).map(({ group }) => group);
  assert.deepEqual(groups('239.1.2.255'), ['239.1.2.255', '239.1.3.0']);
  assert.throws(() => groups('239.255.255.255'), Problem);
});
