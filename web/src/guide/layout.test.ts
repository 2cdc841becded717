import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { plainStation } from '../../dev/plain-station.js';
import { cellsOf, halfHours, positionIn } from './layout.js';

const MINUTE = 60_000;
const grid = { from: 0, to: 180 * MINUTE, now: 90 * MINUTE };
const station = plainStation(1, 'harbour');

test('programmes take their part of the row, and are cut at its ends', () => {
  const cells = cellsOf(
    station,
    [
      { from: Millis(-60 * MINUTE), to: Millis(45 * MINUTE), title: 'Dawn' },
      { from: Millis(45 * MINUTE), to: Millis(135 * MINUTE), title: 'Noon' },
      { from: Millis(135 * MINUTE), to: Millis(600 * MINUTE), title: 'Dusk' },
    ],
    grid,
  );
  assert.deepEqual(
    cells.map(({ title, start, end, passed }) => [title, start, end, passed]),
    [
      ['Dawn', 0, 0.25, 1],
      ['Noon', 0.25, 0.75, 0.5],
      ['Dusk', 0.75, 1, 0],
    ],
  );
});

test('programmes too short to be read share a cell, with each title once', () => {
  const short = Array.from({ length: 180 }, (_, index) => ({
    from: Millis(index * MINUTE),
    to: Millis((index + 1) * MINUTE),
    title: index % 2 === 0 ? 'Tick' : 'Tock',
  }));
  const cells = cellsOf(station, short, grid);
  assert.ok(cells.length <= 12, String(cells.length));
  assert.equal(cells[0]?.title, 'Tick · Tock');
  assert.equal(cells[0]?.start, 0);
  assert.equal(cells.at(-1)!.end, 1);
  for (const [index, cell] of cells.slice(1).entries()) assert.equal(cell.start, cells[index]?.end);
});

test('without a guide, now and next fill the row', () => {
  const own = plainStation(1, 'harbour', { nowPlaying: 'Dawn', nowUntil: 90 * MINUTE, next: 'Noon' });
  assert.deepEqual(
    cellsOf(own, undefined, grid).map(({ title, start, end }) => [title, start, end]),
    [
      ['Dawn', 0, 0.5],
      ['Noon', 0.5, 1],
    ],
  );
});

test('hours are listed and positioned in the grid', () => {
  assert.deepEqual(halfHours(0, 90 * MINUTE), [0, 30 * MINUTE, 60 * MINUTE]);
  assert.equal(positionIn(90 * MINUTE, grid), 0.5);
  assert.equal(positionIn(180 * MINUTE, grid), null);
});
