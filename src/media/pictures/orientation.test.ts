import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSideways, isUpright, parseDisplayMatrix, uprightFilters } from './orientation.js';

const one = 1 << 16;
/** a, b, c, d → the filters that turn the picture upright. */
const cases: [matrix: [number, number, number, number], filters: string[]][] = [
  [[1, 0, 0, 1], []],
  [[0, 1, -1, 0], ['transpose=clock']],
  [
    [-1, 0, 0, -1],
    ['hflip', 'vflip'],
  ],
  [[0, -1, 1, 0], ['transpose=cclock']],
  [[-1, 0, 0, 1], ['hflip']],
  [
    [1, 0, 0, -1],
    ['hflip', 'vflip', 'hflip'],
  ],
  [
    [0, 1, 1, 0],
    ['transpose=clock', 'hflip'],
  ],
];

for (const [[a, b, c, d], filters] of cases) {
  test(`the display matrix (${a} ${b}, ${c} ${d}) needs ${filters.join(', ') || 'nothing'}`, () => {
    const matrix = new Int32Array([a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]);
    const orientation = parseDisplayMatrix(Buffer.from(matrix.buffer));
    assert.deepEqual(uprightFilters(orientation), filters);
    assert.equal(isUpright(orientation), filters.length === 0);
    assert.equal(isSideways(orientation), a === 0);
  });
}
