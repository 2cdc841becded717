import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answers } from './answers.js';

const MIB = 2 ** 20;

/** Answers that are sent, and those of them that were closed, by name. */
function sending() {
  const answers = new Answers();
  const closed: string[] = [];
  /** Begins an answer of which `unread` bytes are left; null where it may not be sent. */
  const begin = (address: string, bytes: number, unread = bytes) =>
    answers.begin(address, bytes, { unread: () => unread, close: () => closed.push(address) });
  return { begin, closed };
}

test('an address has eight mebibytes of answers waiting, and one answer always', () => {
  const { begin } = sending();
  const large = begin('192.0.2.1', 60 * MIB);
  assert.equal(begin('192.0.2.1', MIB), null);
  large!();
  large!();
  const ends = Array.from({ length: 8 }, () => begin('192.0.2.1', MIB));
  assert.ok(ends.every((end) => end !== null));
  assert.equal(begin('192.0.2.1', MIB), null);
  assert.ok(begin('192.0.2.1', 100), 'small ones are not counted');
  ends[0]!();
  assert.ok(begin('192.0.2.1', MIB));
});

test('beyond sixty-four mebibytes, the oldest answer of the address that holds most makes room', () => {
  const { begin, closed } = sending();
  for (let n = 0; n < 8; n++) assert.ok(begin(`10.0.0.${n}`, n === 3 ? 8 * MIB : 7 * MIB));
  assert.ok(begin('192.0.2.1', 7 * MIB));
  assert.ok(begin('192.0.2.2', 7 * MIB));
  assert.deepEqual(closed, ['10.0.0.3']);
  assert.ok(begin('192.0.2.3', 7 * MIB));
  assert.deepEqual(closed, ['10.0.0.3', '10.0.0.0']);
  assert.equal(begin('192.0.2.4', 8 * MIB), null, 'it would hold more than any other');
});

test('however many addresses read nothing, no more than sixty-four mebibytes wait', () => {
  const { begin, closed } = sending();
  for (let n = 0; n < 8_192; n++) assert.ok(begin(`address ${n}`, 4 * MIB));
  assert.equal(8_192 - closed.length, 16);
});

test('what has been taken makes room before anything is closed', () => {
  const { begin, closed } = sending();
  for (let n = 0; n < 16; n++) begin(`10.0.0.${n}`, 4 * MIB, MIB);
  for (let n = 0; n < 12; n++) assert.ok(begin(`192.0.2.${n}`, 4 * MIB));
  assert.deepEqual(closed, []);
});

test('an answer that ends after it was closed is not counted twice', () => {
  const { begin, closed } = sending();
  const first = begin('10.0.0.0', 40 * MIB);
  assert.ok(begin('10.0.0.1', 40 * MIB));
  assert.deepEqual(closed, ['10.0.0.0']);
  first!();
  assert.ok(begin('10.0.0.2', 24 * MIB));
  assert.equal(begin('10.0.0.3', 60 * MIB), null);
});
