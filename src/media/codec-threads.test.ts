import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecThreads } from './codec-threads.js';

test('a codec has threads for the machine’s processors, and no more than the memory of its child allows', () => {
  assert.deepEqual([1, 2, 4, 10, 11, 64, 512].map(codecThreads), [2, 3, 6, 15, 16, 16, 16]);
});
