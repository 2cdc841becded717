import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coverage } from './coverage.js';
import { FoundFault, Fuzzer } from './fuzzer.js';
import { mutate } from './mutate.js';
import { randomOf } from './random.js';
import type { FuzzTarget } from './target.js';

/** A decoder with counters, as instrumented modules have them: behind three bytes and a length it breaks. */
function brittle(): { target: FuzzTarget; coverage: Coverage } {
  const counters = { f: { 0: 0 }, s: { 0: 0 }, b: { 0: [0, 0], 1: [0, 0], 2: [0, 0], 3: [0, 0] } };
  const way = (branch: 0 | 1 | 2 | 3, isTaken: boolean) => {
    counters.b[branch][isTaken ? 0 : 1]!++;
    return isTaken;
  };
  const target: FuzzTarget = {
    ...{ name: 'brittle', block: 1, largest: 64, seeds: () => [] },
    mostWork: (length) => 10 + length,
    run(input) {
      counters.s[0] += input.length;
      if (!way(0, input[0] === 0x4d) || !way(1, input[1] === 0x53) || !way(2, input[2] === 0x43)) return;
      for (const _ of input) way(3, false);
      if (input.length > 40) throw new RangeError('too long');
    },
  };
  return { target, coverage: new Coverage({ brittle: counters }) };
}

async function faultWith(seed: number): Promise<{ error: unknown; runs: number }> {
  const fuzzer = new Fuzzer({ ...brittle(), seed });
  const error = await fuzzer.fuzz(() => fuzzer.runs > 100_000).catch((caught: unknown) => caught);
  return { error, runs: fuzzer.runs };
}

test('a fault behind several bytes is found by way of the branches before it, and its input is shortened', async () => {
  const { error } = await faultWith(1);
  assert.ok(error instanceof FoundFault);
  assert.match(error.message, /RangeError: too long/);
  assert.equal(error.input.length, 41);
  assert.equal(error.input.toString('latin1', 0, 3), 'MSC');
});

test('a seed determines a run', async () => {
  const [first, second, other] = [await faultWith(7), await faultWith(7), await faultWith(8)];
  assert.equal(first.runs, second.runs);
  assert.notEqual(first.runs, other.runs);
});

test('an input that does more work than it may is a fault', async () => {
  const { target, coverage } = brittle();
  const fuzzer = new Fuzzer({ target: { ...target, mostWork: () => 5 }, coverage, seed: 1 });
  await fuzzer.add(Buffer.alloc(5));
  await assert.rejects(fuzzer.add(Buffer.alloc(6)), /6 statements executed, more than 5/);
});

test('a counter in another range is news, the same again is not', () => {
  const counters = { f: {}, s: { 0: 2 }, b: { 0: [1, 0] } };
  const coverage = new Coverage({ module: counters });
  const take = (count: number) => {
    counters.b[0][0] = count;
    return coverage.take().news.length;
  };
  assert.deepEqual([1, 1, 2, 3, 4, 7, 8, 31, 32, 127, 128, 5_000].map(take), [1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0]);
  assert.deepEqual([coverage.edges, coverage.total], [1, 2]);
});

test('changed inputs are no longer than allowed', () => {
  const random = randomOf(3);
  const options = { largest: 24, block: 8, tokens: [Buffer.from('MSC1')] };
  let input: Buffer = Buffer.alloc(0);
  for (let i = 0; i < 20_000; i++) {
    const next = mutate(input, Buffer.alloc(16, i), random, options);
    assert.ok(next.length <= 24);
    input = i % 10 === 0 ? Buffer.alloc(8) : next;
  }
});
