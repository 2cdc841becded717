import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation } from '../../test/support/stations.js';
import { Millis } from '../base/units.js';
import type { Station } from '../station/station.js';
import { LocalCatalogue } from './local-catalogue.js';

const EPOCH = 1_800_000_000_000;
const MINUTE = 60_000;

/** Items of station n last n − 1 minutes; the item of station 1 never ends. */
function openCatalogue(count: number) {
  const timers = new HandTimers();
  const now = () => Millis(EPOCH + timers.now());
  const catalogue = new LocalCatalogue({ now, timers });
  const computed = { infos: 0 };
  const info = (number: number) => () => {
    computed.infos++;
    const length = (number - 1) * MINUTE;
    const item = Math.floor(timers.now() / length);
    const ending = length > 0 && { nowUntil: EPOCH + (item + 1) * length, next: `item ${item + 1}` };
    return makeStation(number, { nowPlaying: `item ${item}`, ...ending });
  };
  for (let number = count; number > 0; number--) {
    catalogue.add({ station: {} as Station, info: info(number), poster: async () => null });
  }
  return { timers, catalogue, computed };
}

const numbersOf = ({ stations }: LocalCatalogue) => stations.map(({ info }) => info.number);

test('nothing is computed while nothing changes, however often stations are listed', () => {
  const { timers, catalogue, computed } = openCatalogue(1_000);
  let changes = 0;
  catalogue.onChange(() => changes++);
  assert.deepEqual(numbersOf(catalogue).slice(0, 3), [1, 2, 3]);
  computed.infos = 0;
  for (let second = 0; second < 59; second++) {
    timers.advance(1_000);
    numbersOf(catalogue);
  }
  assert.deepEqual([computed.infos, changes], [0, 0]);
});

test('listeners are notified when a station plays something else, and that station alone is computed', () => {
  const { timers, catalogue, computed } = openCatalogue(1_000);
  let changes = 0;
  catalogue.onChange(() => changes++);
  numbersOf(catalogue);
  computed.infos = 0;
  timers.advance(MINUTE + 1);
  assert.equal(changes, 1);
  assert.equal(computed.infos, 1);
  assert.equal(catalogue.stations[1]!.info.nowPlaying, 'item 1');
  timers.advance(MINUTE);
  assert.equal(changes, 2);
  assert.equal(computed.infos, 1 + 2, 'the items of one and of two minutes ended');
});

test('there is one timer, only while there are listeners and an item ends', () => {
  const { timers, catalogue } = openCatalogue(3);
  assert.equal(timers.pending, 0);
  const ends = [catalogue.onChange(() => {}), catalogue.onChange(() => {})];
  assert.equal(timers.pending, 1);
  timers.advance(10 * MINUTE);
  assert.equal(timers.pending, 1);
  for (const end of ends) end();
  assert.equal(timers.pending, 0);
  const alone = openCatalogue(1);
  alone.catalogue.onChange(() => {});
  assert.equal(alone.timers.pending, 0, 'its item never ends');
});

test('a changed station, and no other, is described again at once', () => {
  const { catalogue, computed } = openCatalogue(2);
  let changes = 0;
  catalogue.onChange(() => changes++);
  numbersOf(catalogue);
  computed.infos = 0;
  catalogue.changed('station-2');
  numbersOf(catalogue);
  assert.deepEqual([changes, computed.infos], [1, 1]);
});
