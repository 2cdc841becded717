import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { planStations } from './line-up.js';
import { findSources } from './sources.js';

const noProblem = (problem: Problem) => assert.fail(problem.message);

test('a folder plays its videos in order of their names, numbers as numbers, and nothing else', (context) => {
  const folder = join(scratchFolder(context), 'My_films');
  mkdirSync(join(folder, 'more.mp4'), { recursive: true });
  for (const name of ['Part 10.mp4', 'Part 2.MKV', '.hidden.mp4', 'notes.txt']) writeFileSync(join(folder, name), '');
  const [source] = findSources([`${folder}/`], noProblem);
  assert.equal(source?.name, 'My films');
  assert.deepEqual(source?.files, [join(folder, 'Part 2.MKV'), join(folder, 'Part 10.mp4')]);
});

test('NAME=PATH names a station, unless that is a file’s own name', (context) => {
  const folder = scratchFolder(context);
  const [plain, odd] = ['film.mp4', 'a=b.mp4'].map((name) => join(folder, name));
  for (const path of [plain, odd]) writeFileSync(path, '');
  const found = findSources([plain, `The lobby=${plain}`, odd], noProblem);
  assert.deepEqual(
    found.map((source) => [source?.name, source?.files]),
    [
      ['film', [plain]],
      ['The lobby', [plain]],
      ['a=b', [odd]],
    ],
  );
});

test('a missing source is told and leaves the others their numbers', (context) => {
  const path = join(scratchFolder(context), 'film.mp4');
  writeFileSync(path, '');
  const problems: Problem[] = [];
  const sources = findSources([`${path}.gone`, path, path], (problem) => problems.push(problem));
  assert.equal(problems.length, 1);
  const plans = planStations(sources, { format: 'h264', firstGroup: null });
  assert.deepEqual(
    plans.map(({ number, id }) => [number, id]),
    [
      [2, 'film'],
      [3, 'film-2'],
    ],
  );
  assert.notEqual(plans[0].group, plans[1].group);
});

test('groups count up from the one that is given, and not beyond the last', (context) => {
  const path = join(scratchFolder(context), 'film.mp4');
  writeFileSync(path, '');
  const sources = findSources([path, path], noProblem);
  const groups = (firstGroup: string) =>
    planStations(sources, { format: 'h264', firstGroup }).map(({ group }) => group);
  assert.deepEqual(groups('239.1.2.255'), ['239.1.2.255', '239.1.3.0']);
  assert.throws(() => groups('239.255.255.255'), Problem);
});
