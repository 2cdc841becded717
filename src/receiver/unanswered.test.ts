/** A server that answers requests and sends none of the packets that it is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, type BroadcastOptions, RATE, StreamReader } from '../../test/support/broadcast.js';
import { Millis } from '../base/units.js';

/** The longest time until it is noticed: that of the order, and of a look at the sockets. */
const NOTICED = 250 + 3 * 20;

/** A station of which the first server sends nothing to single viewers from `mute` on; the second one does all. */
async function withMuteServer(options: BroadcastOptions = {}) {
  const noticed: number[] = [];
  const onUnanswered = (): void => {
    noticed.push(broadcast.timers.now());
    broadcast.fromServer.change({ delay: Millis(1) });
    broadcast.receiver.serverBack(null);
  };
  const broadcast: Broadcast = new Broadcast({ ...options, receiver: { onUnanswered } });
  const mute = (): void => broadcast.fromServer.change({ delay: Millis(1), loss: 1 });
  await broadcast.run(Millis(7_654));
  return { broadcast, noticed, mute };
}

test('a burst that does not come is noticed within 310 ms, and another server sends it', async () => {
  const { broadcast, noticed, mute } = await withMuteServer();
  mute();
  const began = broadcast.timers.now();
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(5_000));
  assert.equal(noticed.length, 1);
  assert.ok(noticed[0]! - began <= NOTICED, `noticed after ${noticed[0]! - began} ms`);
  assert.deepEqual(reader.gaps, []);
  assert.equal(broadcast.receiver.report().lost, 0);
});

test('lost packets that are not sent again are noticed within 310 ms, and another server sends the others', async () => {
  const { broadcast, noticed, mute } = await withMuteServer({ group: [{ delay: Millis(1), loss: 0.05 }] });
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(5_000));
  assert.deepEqual(noticed, []);
  mute();
  const began = broadcast.timers.now();
  await reader.watch(Millis(10_000));
  assert.equal(noticed.length, 1);
  assert.ok(noticed[0]! - began <= NOTICED + 40, `noticed after ${noticed[0]! - began} ms`);
  const { lost } = broadcast.receiver.report();
  assert.ok(lost > 0 && lost < 0.05 * RATE * 0.4, `${lost} packets lost`);
});

for (const loss of [0, 0.1]) {
  test(`a server that sends what it is asked for is never left, with ${loss * 100}% lost both ways`, async () => {
    const path = { delay: Millis(10), loss };
    const { broadcast, noticed } = await withMuteServer({ group: [path], toServer: path, fromServer: path });
    await broadcast.tune();
    const reader = new StreamReader(broadcast);
    await reader.watch(Millis(30_000));
    assert.deepEqual(noticed, []);
    assert.deepEqual(reader.gaps, []);
  });
}
