import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../base/units.js';
import { behindText, withDigit } from './viewing.js';

test('a channel number that is no prefix of a longer one is tuned at once', () => {
  const cases: [typed: string, digit: string, after: string, isWhole: boolean][] = [
    ['', '1', '1', false],
    ['1', '2', '12', true],
    ['', '2', '2', true],
    ['', '7', '7', true], // no station has it, nor a longer number that begins with it
    ['', '0', '', false],
    ['0', '1', '1', false],
    ['99999', '9', '99999', true],
  ];
  for (const [typed, digit, after, isWhole] of cases) {
    assert.deepEqual(withDigit(typed, digit, [1, 2, 12, 13]), { typed: after, isWhole }, `${typed}${digit}`);
  }
});

test('a picture that is a second behind is not behind', () => {
  assert.deepEqual(
    [null, 0, 1_000, 1_001, 45_900, 3_723_000].map((behind) => behindText(behind === null ? null : Millis(behind))),
    ['', '', '', '−0:01', '−0:45', '−1:02:03'],
  );
});
