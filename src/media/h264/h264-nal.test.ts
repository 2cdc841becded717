import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NalList, splitAnnexB, splitLengthPrefixed } from '../../wire/nal-units.js';
import { parseExtradata } from './h264-nal.js';

const unitsOf = (data: Buffer, list: NalList): Buffer[] =>
  Array.from({ length: list.count }, (_, i) => data.subarray(list.starts[i], list.ends[i]));

/** NAL units never hold 00 00 0x with x below 4, and never end in 0. */
const nal = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) =>
    Buffer.from(bytes.map((byte, i) => (byte === 0 && (i % 2 === 1 || i === bytes.length - 1) ? 7 : byte))),
  );
const nals = fc.array(nal, { minLength: 1, maxLength: 8 });

test('an access unit in Annex B form is split into its NAL units, with start codes of any length', () => {
  const startCode = fc.constantFrom([0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0, 0, 1]);
  fc.assert(
    fc.property(nals, fc.array(startCode, { minLength: 8, maxLength: 8 }), (units, codes) => {
      const data = Buffer.concat(units.flatMap((unit, i) => [Buffer.from(codes[i]!), unit]));
      const list = new NalList();
      assert.equal(splitAnnexB(data, list), true);
      assert.deepEqual(unitsOf(data, list), units);
    }),
  );
});

test('an access unit with length prefixes of any size is split into its NAL units', () => {
  fc.assert(
    fc.property(nals, fc.constantFrom(1, 2, 4), (units, size) => {
      const prefixed = units.flatMap((unit) => {
        const prefix = Buffer.alloc(size);
        prefix.writeUIntBE(unit.length, 0, size);
        return [prefix, unit];
      });
      const data = Buffer.concat(prefixed);
      const list = new NalList();
      assert.equal(splitLengthPrefixed(data, size, list), true);
      assert.deepEqual(unitsOf(data, list), units);
      assert.equal(splitLengthPrefixed(data.subarray(0, data.length - 1), size, list), false, 'cut off');
    }),
  );
});

test('any bytes are split within their bounds or refused', () => {
  const list = new NalList();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 1, 2, 4), (bytes, size) => {
      const data = Buffer.from(bytes);
      const whole = size === 0 ? splitAnnexB(data, list) : splitLengthPrefixed(data, size, list);
      for (let i = 0; whole && i < list.count; i++) {
        const end = list.ends[i]!;
        assert.ok(list.starts[i]! < end && end <= data.length);
      }
    }),
  );
});

test('extradata of either form gives its parameter sets', () => {
  const avcc = Buffer.from([1, 100, 0, 40, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 9]);
  const sets = [Buffer.from([0x67, 1, 2]), Buffer.from([0x68, 9])];
  assert.deepEqual(parseExtradata(avcc), { nalLengthSize: 4, parameterSets: sets });
  const annexB = Buffer.from([0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 9]);
  assert.deepEqual(parseExtradata(annexB), { nalLengthSize: 0, parameterSets: sets });
  assert.deepEqual(parseExtradata(null), { nalLengthSize: 0, parameterSets: [] });
});

test('extradata that is cut off anywhere, or empty, never throws', () => {
  const avcc = Buffer.from([1, 100, 0, 40, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 9]);
  for (let length = 1; length < avcc.length; length++) {
    assert.equal(parseExtradata(avcc.subarray(0, length)), null, `${length} bytes`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseExtradata(Buffer.from(bytes));
    }),
  );
});
