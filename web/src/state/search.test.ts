import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainStation } from '../../dev/plain-station.js';
import { favouritesFirst, searchStations } from './search.js';

const stations = [
  plainStation(1, 'cafe', { name: 'Café Müller', nowPlaying: 'Tides' }),
  plainStation(2, 'news', { nowPlaying: 'Report', next: 'Café culture' }),
  plainStation(12, 'stage', { nowPlaying: 'Quartet' }),
];
const found = (asked: string): string[] => searchStations(stations, asked).map(({ id }) => id);

test('every word is searched for in names, programmes and numbers, ignoring accents', () => {
  assert.deepEqual(found(''), ['cafe', 'news', 'stage']);
  assert.deepEqual(found('CAFE'), ['cafe', 'news']);
  assert.deepEqual(found('muller tides'), ['cafe']);
  assert.deepEqual(found('12'), ['stage']);
  assert.deepEqual(found('news quartet'), []);
});

test('favourites are listed apart, by number', () => {
  const { favourites, others } = favouritesFirst(stations, ['stage', 'gone', 'cafe']);
  assert.deepEqual(
    favourites.map(({ id }) => id),
    ['cafe', 'stage'],
  );
  assert.deepEqual(
    others.map(({ id }) => id),
    ['news'],
  );
});
