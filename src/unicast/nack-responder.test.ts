import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GATHERING, GROUP_SILENCE, NackResponder, type Retransmission, UNSEEN } from './nack-responder.js';

const listed = (sent: readonly Retransmission<string>[]) => sent.map(({ n, to, copies }) => [n, to, copies]);

test('a missing packet is sent to each client that requested it, in as many copies, when requests have been gathered', () => {
  const responder = new NackResponder<string>();
  responder.request(7, 'a', 1, 0);
  responder.request(7, 'b', 3, 1);
  responder.request(9, 'a', 1, 2);
  assert.equal(responder.nextAt, GATHERING);
  assert.deepEqual(listed(responder.takeDue(GATHERING - 1, 10)), []);
  assert.deepEqual(listed(responder.takeDue(GATHERING, 10)), [
    [7, 'a', 1],
    [7, 'b', 3],
  ]);
  assert.deepEqual(listed(responder.takeDue(GATHERING + 2, 10)), [[9, 'a', 1]]);
  assert.equal(responder.nextAt, Number.POSITIVE_INFINITY);
});

test('a packet that two hundred viewers miss is sent to the group once, however their requests are spread', () => {
  const delays = fc.array(fc.nat(60), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(delays, (times) => {
      const responder = new NackResponder<string>();
      const sent: Retransmission<string>[] = [];
      // Half of them come with the first: that many are close to each other in any case.
      const requests = times.map((time, i) => ({ time: i < 100 ? time % 4 : time, client: `${i}` }));
      for (const { time, client } of requests.sort((a, b) => a.time - b.time)) {
        sent.push(...responder.takeDue(time, 200));
        responder.request(7, client, 1, time);
      }
      sent.push(...responder.takeDue(1_000, 200));
      assert.deepEqual(listed(sent), [[7, null, 1]]);
    }),
  );
});

test('requests far apart are answered one by one, until a tenth of the viewers has requested the packet', () => {
  const responder = new NackResponder<string>();
  const sent: Retransmission<string>[] = [];
  for (let i = 0; i < 30; i++) {
    responder.request(7, `${i}`, 1, i * 3);
    sent.push(...responder.takeDue(i * 3 + 1, 100));
  }
  const toGroup = sent.findIndex(({ to }) => to === null);
  assert.ok(toGroup > 0 && toGroup <= 10);
  assert.deepEqual(
    sent.slice(0, toGroup).map(({ to }) => to),
    Array.from({ length: toGroup }, (_, i) => `${i}`),
  );
  assert.equal(sent.length, toGroup + 1);
});

test('a client that requests again after a retransmission to the group has missed it, and gets its own', () => {
  const responder = new NackResponder<string>();
  for (const client of ['a', 'b', 'c', 'd']) responder.request(7, client, 1, 0);
  assert.deepEqual(listed(responder.takeDue(GATHERING, 4)), [[7, null, 1]]);
  responder.request(7, 'e', 1, 10);
  responder.request(7, 'a', 2, GATHERING + UNSEEN - 1); // It may not have polled yet.
  responder.request(7, 'b', 2, 40);
  assert.deepEqual(listed(responder.takeDue(90, 4)), [[7, 'b', 2]]);
  responder.request(7, 'f', 1, GATHERING + GROUP_SILENCE);
  assert.deepEqual(listed(responder.takeDue(GROUP_SILENCE + 2 * GATHERING, 4)), [[7, 'f', 1]]);
});

test('a retransmission that is not possible yet is tried again, but not for a client that has left', () => {
  const responder = new NackResponder<string>();
  responder.request(7, 'a', 1, 0);
  responder.request(7, 'b', 1, 0);
  for (const each of responder.takeDue(GATHERING, 2)) responder.retry(each, 5);
  responder.leave('a');
  assert.deepEqual(listed(responder.takeDue(5 + GATHERING, 2)), [[7, 'b', 1]]);
});

test('remembered packets are limited, and forgotten after a second', () => {
  const responder = new NackResponder<string>();
  let n = 0;
  while (responder.request(n, 'a', 1, 0)) n++;
  assert.ok(n > 1_000 && n < 100_000);
  assert.equal(responder.takeDue(GATHERING, 1).length, n);
  assert.ok(!responder.request(n, 'a', 1, 999));
  assert.ok(responder.request(n, 'a', 1, 1_000));
});
