import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import { type LastPicture, lastDurationOf } from './last-duration.js';

const every = (step: number, count: number) => Float64Array.from({ length: count }, (_, i) => i * step);

const cases: (Partial<LastPicture> & { what: string; shown: Float64Array; expected: number })[] = [
  {
    what: 'at a constant rate it is as long as the others',
    shown: every(3_600, 50),
    ownDuration: Ticks90k(3_600),
    expected: 3_600,
  },
  { what: 'without any duration it is as long as the others', shown: every(3_600, 50), expected: 3_600 },
  {
    what: 'the last slide stands as long as its packet says',
    shown: every(9_000, 5),
    ownDuration: Ticks90k(900_000),
    expected: 900_000,
  },
  {
    what: 'a last picture of 1 ms is as long as the others',
    shown: every(3_600, 50),
    ownDuration: Ticks90k(90),
    expected: 3_600,
  },
  { what: 'a single picture without a duration stands for 40 ms', shown: every(0, 1), expected: 3_600 },
  {
    what: 'an edit list cuts the last picture short',
    shown: every(90_000, 5),
    ownDuration: Ticks90k(90_000),
    declaredEnd: Ticks90k(410_000),
    expected: 50_000,
  },
  {
    what: 'an end that is declared and never reached does not count',
    shown: every(3_600, 50),
    ownDuration: Ticks90k(3_600),
    declaredEnd: Ticks90k(900_000),
    expected: 3_600,
  },
  {
    what: 'where pictures are reordered, the end that the container declares counts',
    shown: Float64Array.of(0, 3_600, 7_200, 550_000),
    isReordered: true,
    ownDuration: Ticks90k(542_800),
    longestDuration: Ticks90k(542_800),
    declaredEnd: Ticks90k(553_600),
    expected: 3_600,
  },
  {
    what: 'a last picture of 40 ms is meant, however long the others stand',
    shown: every(180_000, 6),
    isReordered: true,
    ownDuration: Ticks90k(180_000),
    declaredEnd: Ticks90k(903_600),
    expected: 3_600,
  },
  {
    what: 'an end before the last picture does not count',
    shown: every(3_600, 50),
    isReordered: true,
    ownDuration: Ticks90k(3_600),
    declaredEnd: Ticks90k(3_600 * 49),
    expected: 3_600,
  },
];

for (const { what, expected, ...last } of cases) {
  test(what, () => {
    const given = { isReordered: false, ownDuration: Ticks90k(0), declaredEnd: null, ...last };
    assert.equal(lastDurationOf({ longestDuration: given.ownDuration, ...given }), expected);
  });
}
