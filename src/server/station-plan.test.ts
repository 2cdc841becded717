import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../base/problem.js';
import type { StationConfig } from './config.js';
import { Plans, planStation, type StationPlan } from './station-plan.js';

const source = { name: 'film', path: 'film.mp4', files: ['film.mp4'], notes: [] };

function plan(config: Omit<StationConfig, 'source'>, before: StationPlan[] = []): StationPlan {
  const others = new Plans();
  for (const other of before) others.add(other);
  return planStation({ config, source, number: before.length + 1, format: 'h264', others });
}

test('stations of one name have ids and groups of their own', () => {
  const first = plan({});
  const second = plan({}, [first]);
  assert.deepEqual(
    [first, second].map(({ number, id, name }) => [number, id, name]),
    [
      [1, 'film', 'film'],
      [2, 'film-2', 'film'],
    ],
  );
  assert.notEqual(first.group, second.group);
});

test('a station is called by the title of its source; its id is that of the name', () => {
  const titled = { ...source, name: 'The.Film.2008.x264', title: 'The Film 2008' };
  const { id, name } = planStation({ config: {}, source: titled, number: 1, format: 'h264', others: new Plans() });
  assert.deepEqual([id, name], ['the-film-2008-x264', 'The Film 2008']);
});

test('name, number, format and group are those of the configuration', () => {
  const { name, number, id, group } = plan({ name: 'Lobby', number: 7, format: 'jpeg', group: '239.1.2.3' });
  assert.deepEqual([name, number, id, group], ['Lobby', 7, 'lobby-jpeg', '239.1.2.3']);
});

test('a number or a group that another station has is refused with its name', () => {
  const first = plan({ name: 'Lobby', number: 3, group: '239.1.2.3' });
  for (const config of [{ number: 3 }, { group: '239.1.2.3' }]) {
    assert.throws(
      () => plan(config, [first]),
      (error) => error instanceof Problem && /Lobby/.test(error.message),
    );
  }
});
