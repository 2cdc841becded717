import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber } from '../base/units.js';
import { GATHERING, GROUP_SILENCE, NackResponder, type Retransmission, UNSEEN } from './nack-responder.js';

const listed = (sent: readonly Retransmission<string>[]) => sent.map(({ n, to, copies }) => [n, to, copies]);

test('a missing packet is sent to each client that requested it, in as many copies, when requests have been gathered', () => {
  const responder = new NackResponder<string>();
  responder.request(PacketNumber(7), 'a', 1, Millis(0));
  responder.request(PacketNumber(7), 'b', 3, Millis(1));
  responder.request(PacketNumber(9), 'a', 1, Millis(2));
  assert.equal(responder.nextAt, GATHERING);
  assert.deepEqual(listed(responder.takeDue(Millis(GATHERING - 1), 10)), []);
  assert.deepEqual(listed(responder.takeDue(GATHERING, 10)), [
    [7, 'a', 1],
    [7, 'b', 3],
  ]);
  assert.deepEqual(listed(responder.takeDue(Millis(GATHERING + 2), 10)), [[9, 'a', 1]]);
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
        sent.push(...responder.takeDue(Millis(time), 200));
        responder.request(PacketNumber(7), client, 1, Millis(time));
      }
      sent.push(...responder.takeDue(Millis(1_000), 200));
      assert.deepEqual(listed(sent), [[7, null, 1]]);
    }),
  );
});

test('requests far apart are answered one by one, until a tenth of the viewers has requested the packet', () => {
  const responder = new NackResponder<string>();
  const sent: Retransmission<string>[] = [];
  for (let i = 0; i < 30; i++) {
    responder.request(PacketNumber(7), `${i}`, 1, Millis(i * 3));
    sent.push(...responder.takeDue(Millis(i * 3 + 1), 100));
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
  for (const client of ['a', 'b', 'c', 'd']) responder.request(PacketNumber(7), client, 1, Millis(0));
  assert.deepEqual(listed(responder.takeDue(GATHERING, 4)), [[7, null, 1]]);
  responder.request(PacketNumber(7), 'e', 1, Millis(10));
  responder.request(PacketNumber(7), 'a', 2, Millis(GATHERING + UNSEEN - 1)); // It may not have polled yet.
  responder.request(PacketNumber(7), 'b', 2, Millis(40));
  assert.deepEqual(listed(responder.takeDue(Millis(90), 4)), [[7, 'b', 2]]);
  responder.request(PacketNumber(7), 'f', 1, Millis(GATHERING + GROUP_SILENCE));
  assert.deepEqual(listed(responder.takeDue(Millis(GROUP_SILENCE + 2 * GATHERING), 4)), [[7, 'f', 1]]);
});

test('a retransmission that is not possible yet is tried again, but not for a client that has left', () => {
  const responder = new NackResponder<string>();
  responder.request(PacketNumber(7), 'a', 1, Millis(0));
  responder.request(PacketNumber(7), 'b', 1, Millis(0));
  for (const each of responder.takeDue(GATHERING, 2)) responder.retry(each, Millis(5));
  responder.leave('a');
  assert.deepEqual(listed(responder.takeDue(Millis(5 + GATHERING), 2)), [[7, 'b', 1]]);
});

test('remembered packets are limited, and forgotten after a second', () => {
  const responder = new NackResponder<string>();
  let n = 0;
  while (responder.request(PacketNumber(n), 'a', 1, Millis(0))) n++;
  assert.ok(n > 1_000 && n < 100_000);
  assert.equal(responder.takeDue(GATHERING, 1).length, n);
  assert.ok(!responder.request(PacketNumber(n), 'a', 1, Millis(999)));
  assert.ok(responder.request(PacketNumber(n), 'a', 1, Millis(1_000)));
});
