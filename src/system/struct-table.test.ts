import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeLibc } from '../../test/support/fake-libc.js';
import { StructTable } from './struct-table.js';

const wholeNumbers = fc.oneof(
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: -3, max: 3 }).map((near) => 2 ** 32 + near),
  fc.integer({ min: -3, max: 3 }).map((near) => 2 ** 31 + near),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
);

test('an integer below 2^53 is written as 64 bits, and nothing beside it', () => {
  fc.assert(
    fc.property(wholeNumbers, fc.integer({ min: 0, max: 2 }), (value, index) => {
      const table = new StructTable(new FakeLibc(), 16);
      table.bytes.fill(0xaa);
      const expected = Buffer.from(table.bytes);
      expected.writeBigUInt64LE(BigInt(value), index * 4);
      table.setLong(index, value);
      assert.deepEqual(table.bytes, expected);
    }),
  );
});

test('the smallest table lies at its address', () => {
  // V8 keeps small typed arrays elsewhere until their memory is requested.
  const libc = new FakeLibc();
  let given: Buffer | undefined;
  libc.address = (buffer) => {
    given = buffer;
    return 0;
  };
  const table = new StructTable(libc, 8);
  table.setLong(0, 0x1_2345_6789);
  assert.equal(given?.readBigUInt64LE(), 0x1_2345_6789n);
});
