import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { plainStation } from '../../dev/plain-station.js';
import { joined, loopFrom, nowAndNext, passed, programmeAt, readGuide } from './programmes.js';

const listed = ['Dawn', 'Noon', 'Dusk'].map((title, index) => ({
  from: Millis(index * 100),
  to: Millis((index + 1) * 100),
  title,
}));
const guide = readGuide({ stations: [{ id: 'harbour', programmes: listed }] }, { from: -1, to: 1000 });

test('now and next are taken from the guide, with their times', () => {
  const station = plainStation(1, 'harbour', { nowPlaying: 'own', nowUntil: 150 });
  assert.deepEqual(nowAndNext(station, guide, Millis(100)), { now: listed[1], next: listed[2] });
  assert.deepEqual(nowAndNext(station, guide, Millis(299)), { now: listed[2], next: null });
});

test("without a guide, the station's own now and next are used", () => {
  const station = plainStation(2, 'news', { nowPlaying: 'Report', nowUntil: 500, next: 'Weather' });
  assert.deepEqual(nowAndNext(station, guide, Millis(100)), {
    now: { from: null, to: 500, title: 'Report' },
    next: { from: 500, to: null, title: 'Weather' },
  });
  assert.deepEqual(nowAndNext(plainStation(2, 'news'), new Map(), Millis(100)), {
    now: { from: null, to: null, title: 'Tides' },
    next: null,
  });
});

test('a programme begins with its first moment and ends before its last', () => {
  assert.equal(programmeAt(listed, Millis(100))?.title, 'Noon');
  assert.equal(programmeAt(listed, Millis(99))?.title, 'Dawn');
  assert.equal(programmeAt(listed, Millis(300)), null);
});

test('guides of two times are joined without duplicates', () => {
  const before = new Map([['harbour', listed.slice(0, 2)]]);
  const after = new Map([
    ['harbour', listed.slice(1)],
    ['news', listed],
  ]);
  assert.deepEqual(
    [...joined(before, after)],
    [
      ['harbour', listed],
      ['news', listed],
    ],
  );
});

test('the part that has passed is known only with a beginning and an end', () => {
  assert.equal(passed(listed[1]!, Millis(125)), 0.25);
  assert.equal(passed(listed[1]!, Millis(900)), 1);
  assert.equal(passed({ from: null, to: Millis(5), title: '' }, Millis(3)), null);
});

test('malformed entries of an answer are left out, and the rest is kept', () => {
  for (const answer of [null, 5, 'x', [], {}, { stations: 5 }])
    assert.equal(readGuide(answer, { from: 0, to: 9 }).size, 0);
  const odd = readGuide(
    {
      stations: [{ id: 5 }, { id: 'a', programmes: [null, { from: 5, to: 1, title: 'x' }, listed[0]] }],
    },
    { from: -1, to: 1000 },
  );
  assert.deepEqual([...odd], [['a', [listed[0]]]]);
});

test('a programme with the bounds of the requested time has no end', () => {
  const guide = (from: number, to: number) =>
    readGuide({ stations: [{ id: 'loop', programmes: [{ from, to, title: 'Loop' }] }] }, { from, to });
  const endless = { from: null, to: null, title: 'Loop' };
  assert.deepEqual(guide(5, 9).get('loop'), [endless]);
  assert.deepEqual(joined(guide(5, 9), guide(9, 12)).get('loop'), [endless]);
});

test('the only item of a station began a whole number of durations earlier', () => {
  const alone = plainStation(1, 'film', { itemFrom: 1_000_000, duration: 30 });
  assert.equal(loopFrom(alone, Millis(1_000_000)), 1_000_000);
  assert.equal(loopFrom(alone, Millis(1_029_999)), 1_000_000);
  assert.equal(loopFrom(alone, Millis(999_999)), 970_000);
  assert.equal(loopFrom(alone, Millis(1_065_000)), 1_060_000);
  assert.equal(loopFrom({ ...alone, itemFrom: null }, Millis(5)), null);
  assert.equal(loopFrom({ ...alone, nowUntil: 1_030_000 }, Millis(1_000_000)), null);
});
