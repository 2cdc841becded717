import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecThreads, decoderThreads } from './codec-threads.js';

test('a codec has threads for the machine’s processors, and no more than the memory of its child allows', () => {
  assert.deepEqual([1, 2, 4, 10, 11, 64, 512].map(codecThreads), [2, 3, 6, 15, 16, 16, 16]);
});

test('pictures larger than 2160p are decoded by fewer threads', () => {
  assert.equal(decoderThreads({ width: 65_536, height: 65_536 }), 1);
  assert.ok(decoderThreads({ width: 7_680, height: 4_320 }) <= 4);
  assert.equal(decoderThreads({ width: 1_920, height: 1_080 }), codecThreads());
  assert.equal(decoderThreads({ width: 0, height: 0 }), codecThreads());
});
