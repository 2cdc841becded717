import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fecOption } from './fec-option.js';

test('--fec names the parity and the size of its blocks', () => {
  assert.equal(fecOption('none'), 'none');
  assert.deepEqual(fecOption('auto'), { size: { columns: 10, rows: 5 }, mode: 'auto' });
  assert.deepEqual(fecOption('20x5'), { size: { columns: 20, rows: 5 }, mode: 'both' });
  assert.deepEqual(fecOption('1x20:columns'), { size: { columns: 1, rows: 20 }, mode: 'columns' });
});

test('a wrong value is refused with the allowed ones', () => {
  for (const text of ['', 'both', '10', '10x', '10x5:rows', '10 x 5', '-4x5', '4.5x5', '10x5:columns ']) {
    assert.throws(() => fecOption(text), /none, auto, or columns x rows/, text);
  }
  assert.throws(() => fecOption('3x5'), /L is 3, not 4 to 20/);
  assert.throws(() => fecOption('10x3:columns'), /D is 3, not 4 to 20/);
  assert.throws(() => fecOption('20x6'), /L × D is 120, more than 100/);
});
