import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answers } from './answers.js';

const MIB = 2 ** 20;

test('a network has eight mebibytes of answers waiting, and one answer always', () => {
  const answers = new Answers();
  const large = answers.begin('192.0.2.1', 100 * MIB);
  assert.equal(answers.begin('192.0.2.1', MIB), null);
  large!();
  large!();
  const ends = Array.from({ length: 8 }, () => answers.begin('192.0.2.1', MIB));
  assert.ok(ends.every((end) => end !== null));
  assert.equal(answers.begin('192.0.2.1', MIB), null);
  assert.ok(answers.begin('192.0.2.1', 100), 'small ones are not counted');
  ends[0]!();
  assert.ok(answers.begin('192.0.2.1', MIB));
});

test('beyond sixty-four mebibytes, each network has one answer', () => {
  const answers = new Answers();
  for (let n = 0; n < 8; n++) assert.ok(answers.begin(`10.0.0.${n}`, 8 * MIB));
  assert.ok(answers.begin('192.0.2.1', MIB));
  assert.equal(answers.begin('192.0.2.1', MIB), null);
});
