import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSliceStart, pictureSetIds } from './slice-header.js';

const place = (hex: string) => {
  const data = Buffer.from(hex, 'hex');
  return { data, start: 0, end: data.length };
};

test('a slice is read up to its frame number', () => {
  // ue(0), ue(7), ue(2), u(4) = 9: 1 0001000 011 1001 …
  assert.deepEqual(
    parseSliceStart(place('41887280'), (set) => (set === 2 ? 4 : null)),
    { firstMacroblock: 0, frameNumber: 9, isField: false },
  );
});

test('emulation prevention within the beginning of a slice is left out', () => {
  // ue(0), ue(7), ue(0), u(16) = 0: 1 0001000 1 0000000 00000000 0…, with 03 behind two zero bytes
  const bits = (hex: string) => parseSliceStart(place(hex), () => 16);
  assert.deepEqual(bits('418880000003018000'), { firstMacroblock: 0, frameNumber: 0, isField: false });
  assert.deepEqual(bits('4188800000030180ff'), { firstMacroblock: 0, frameNumber: 0, isField: false });
});

test('a slice that ends too early, is of no type or without its parameter set is damaged', () => {
  assert.equal(
    parseSliceStart(place('41'), () => 4),
    null,
  );
  assert.equal(
    parseSliceStart(place('4100000000'), () => 4),
    null,
  );
  // ue(10): 0001011
  assert.equal(
    parseSliceStart(place('418bff'), () => 4),
    null,
  );
  assert.equal(
    parseSliceStart(place('41887280'), () => null),
    null,
  );
});

test('a picture parameter set names its sequence parameter set', () => {
  // ue(0), ue(0); ue(1), ue(2)
  assert.deepEqual(pictureSetIds(place('68c0')), { id: 0, sequence: 0 });
  assert.deepEqual(pictureSetIds(place('684c')), { id: 1, sequence: 2 });
  assert.equal(pictureSetIds(place('68')), null);
});
