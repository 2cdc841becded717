import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Answer, GATHERING, GROUP_SILENCE, NackResponder, UNSEEN } from './nack-responder.js';

const toldOf = (answers: readonly Answer<string>[]) => answers.map(({ n, to, copies }) => [n, to, copies]);

test('who misses a packet gets it, in as many copies as asked for, once requests have been gathered', () => {
  const answers = new NackResponder<string>();
  answers.ask(7, 'a', 1, 0);
  answers.ask(7, 'b', 3, 1);
  answers.ask(9, 'a', 1, 2);
  assert.equal(answers.nextAt, GATHERING);
  assert.deepEqual(toldOf(answers.due(GATHERING - 1, 10)), []);
  assert.deepEqual(toldOf(answers.due(GATHERING, 10)), [
    [7, 'a', 1],
    [7, 'b', 3],
  ]);
  assert.deepEqual(toldOf(answers.due(GATHERING + 2, 10)), [[9, 'a', 1]]);
  assert.equal(answers.nextAt, Number.POSITIVE_INFINITY);
});

test('what two hundred viewers miss is sent to the group once, however their requests are spread', () => {
  const delays = fc.array(fc.nat(60), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(delays, (times) => {
      const answers = new NackResponder<string>();
      const sent: Answer<string>[] = [];
      // Half come with the first: so many are close to each other in any case.
      const asks = times.map((time, i) => ({ time: i < 100 ? time % 4 : time, client: `${i}` }));
      for (const { time, client } of asks.sort((a, b) => a.time - b.time)) {
        sent.push(...answers.due(time, 200));
        answers.ask(7, client, 1, time);
      }
      sent.push(...answers.due(1_000, 200));
      assert.deepEqual(toldOf(sent), [[7, null, 1]]);
    }),
  );
});

test('requests that come far apart are answered one by one until they are many, and then nobody is left out', () => {
  const answers = new NackResponder<string>();
  const sent: Answer<string>[] = [];
  for (let i = 0; i < 30; i++) {
    answers.ask(7, `${i}`, 1, i * 3);
    sent.push(...answers.due(i * 3 + 1, 100));
  }
  const toGroup = sent.findIndex(({ to }) => to === null);
  assert.ok(toGroup > 0 && toGroup <= 10);
  assert.deepEqual(
    sent.slice(0, toGroup).map(({ to }) => to),
    Array.from({ length: toGroup }, (_, i) => `${i}`),
  );
  assert.equal(sent.length, toGroup + 1);
});

test('who asks again after an answer to the group was missed by it, and gets its own', () => {
  const answers = new NackResponder<string>();
  for (const client of ['a', 'b', 'c', 'd']) answers.ask(7, client, 1, 0);
  assert.deepEqual(toldOf(answers.due(GATHERING, 4)), [[7, null, 1]]);
  answers.ask(7, 'e', 1, 10);
  answers.ask(7, 'a', 2, GATHERING + UNSEEN - 1); // it may not have looked yet
  answers.ask(7, 'b', 2, 40);
  assert.deepEqual(toldOf(answers.due(90, 4)), [[7, 'b', 2]]);
  answers.ask(7, 'f', 1, GATHERING + GROUP_SILENCE);
  assert.deepEqual(toldOf(answers.due(GROUP_SILENCE + 2 * GATHERING, 4)), [[7, 'f', 1]]);
});

test('an answer that cannot be given yet comes again; who has left gets none', () => {
  const answers = new NackResponder<string>();
  answers.ask(7, 'a', 1, 0);
  answers.ask(7, 'b', 1, 0);
  const [first, second] = answers.due(GATHERING, 2);
  answers.again(first, 5);
  answers.again(second, 5);
  answers.leave('a');
  assert.deepEqual(toldOf(answers.due(5 + GATHERING, 2)), [[7, 'b', 1]]);
});

test('the packets remembered are bounded, and forgotten after a while', () => {
  const answers = new NackResponder<string>();
  let n = 0;
  while (answers.ask(n, 'a', 1, 0)) n++;
  assert.ok(n > 1_000 && n < 100_000);
  assert.equal(answers.due(GATHERING, 1).length, n);
  assert.ok(!answers.ask(n, 'a', 1, 999));
  assert.ok(answers.ask(n, 'a', 1, 1_000));
});
