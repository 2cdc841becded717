import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, type BroadcastOptions, RATE, StreamReader } from '../../test/support/broadcast.js';
import { Millis } from '../base/units.js';

const PATIENCE = Millis(60_000);

/** A station that is recorded, with a latency of a second. */
async function recording(options: BroadcastOptions = {}) {
  const delay = Millis(10);
  const broadcast = new Broadcast({
    latency: Millis(1_000),
    group: [{ delay }],
    toServer: { delay },
    fromServer: { delay },
    ...options,
    receiver: { patience: PATIENCE, speed: 100 },
  });
  await broadcast.run(Millis(3_456));
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(8_000)); // Until the group feeds the stream.
  return { broadcast, receiver: broadcast.receiver, reader };
}

/** The server, or the network, stands still for this time. */
async function interrupt(
  { broadcast, receiver }: { broadcast: Broadcast; receiver: Broadcast['receiver'] },
  ms: number,
) {
  broadcast.isOnAir = false;
  broadcast.isServing = false;
  const noticed = Math.min(3_000, ms);
  await broadcast.run(Millis(noticed));
  if (ms > noticed) {
    receiver.serverLost();
    await broadcast.run(Millis(ms - noticed));
  }
  broadcast.isOnAir = true;
  broadcast.isServing = true;
  if (ms > noticed) receiver.serverBack(null);
}

for (const seconds of [1, 3, 10, 100]) {
  test(`after an interruption of ${seconds} s a recorder gets all that it missed, each packet about once`, async () => {
    const all = await recording();
    const { broadcast, receiver, reader } = all;
    const before = broadcast.sent.retransmissions;
    await interrupt(all, seconds * 1_000);
    await reader.watch(Millis(25_000));
    assert.deepEqual(reader.gaps, []);
    assert.equal(receiver.report().lost, 0);
    assert.ok(broadcast.next - reader.next! < 2 * RATE, `${broadcast.next - reader.next!} packets behind`);
    const repaired = broadcast.sent.retransmissions - before;
    assert.ok(repaired < 1.5 * (seconds + 2) * RATE, `${repaired} retransmissions`);
    assert.equal(receiver.isLive, true);
  });
}

test('a recorder gets all that it missed despite losses on all ways', async () => {
  const hazards = { delay: Millis(10), loss: 0.05 };
  const all = await recording({ group: [hazards], toServer: hazards, fromServer: hazards });
  await interrupt(all, 5_000);
  await all.reader.watch(Millis(30_000));
  assert.deepEqual(all.reader.gaps, []);
  assert.equal(all.receiver.report().lost, 0);
});

test('what the server has no longer is given up, and counted', async () => {
  const all = await recording({ history: Millis(2_000) });
  const { broadcast, receiver, reader } = all;
  const last = broadcast.next;
  await interrupt(all, 10_000);
  const first = broadcast.next;
  await reader.watch(Millis(20_000));
  assert.equal(reader.gaps.length, 1);
  const { lost } = receiver.report();
  assert.equal(lost, reader.gaps[0]!.missing);
  assert.ok(lost <= first - last && lost > first - last - 3 * RATE, `${lost} of ${first - last}`);
  assert.ok(broadcast.next - reader.next! < 2 * RATE);
});

test('a recording that ends waits for what is missing, and no longer than its limit', async () => {
  for (const isServing of [true, false]) {
    const { broadcast, receiver, reader } = await recording();
    broadcast.isOnAir = false;
    await broadcast.run(Millis(1_000));
    broadcast.isOnAir = true;
    broadcast.isServing = false;
    await broadcast.run(Millis(1_500));
    assert.ok(receiver.missing > 0);
    broadcast.isServing = isServing;
    const finishing = receiver.finish(Millis(10_000));
    let isDone = false;
    void finishing.then(() => {
      isDone = true;
    });
    const began = broadcast.timers.now();
    for (let second = 0; !isDone && second < 30; second++) await broadcast.run(Millis(1_000));
    const waited = broadcast.timers.now() - began;
    await reader.watch(Millis(10));
    assert.ok(isServing ? waited < 9_000 : waited >= 10_000 && waited <= 12_000, `${waited} ms`);
    assert.equal(receiver.report().lost > 0, !isServing);
    assert.equal(reader.gaps.length, isServing ? 0 : 1);
  }
});
