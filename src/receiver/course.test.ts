import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, type BroadcastOptions, StreamReader } from '../../test/support/broadcast.js';

test('tuned in, the stream begins with the burst and goes on with the group, without a gap or a packet twice', async () => {
  for (const delay of [1, 20, 80]) {
    for (const interval of [1, 4, 10]) {
      const broadcast = new Broadcast({ interval, toServer: { delay }, fromServer: { delay }, group: [{ delay }] });
      await broadcast.run(7_654);
      const live = broadcast.next;
      await broadcast.tune();
      const reader = new StreamReader(broadcast);
      await reader.watch(5_000);
      assert.ok(reader.first! < live - 475, `${live - reader.first!} packets before`);
      assert.deepEqual(reader.gaps, []);
      assert.ok(broadcast.next - reader.next! < 100, `${broadcast.next - reader.next!} packets behind`);
      assert.equal(broadcast.receiver.isLive, true);
      assert.equal(broadcast.receiver.report().lost, 0);
      const before = broadcast.sent.retransmissions;
      await reader.watch(5_000);
      assert.equal(broadcast.sent.retransmissions, before);
    }
  }
});

/** A station that is watched, over a network of which so much is lost both ways and to the group. */
async function watching(options: BroadcastOptions = {}, loss = 0) {
  const broadcast = new Broadcast({
    ...options,
    group: (options.group ?? [{ delay: 10 }]).map((hazards) => ({ loss, ...hazards })),
    toServer: { delay: 10, loss, ...options.toServer },
    fromServer: { delay: 10, loss, ...options.fromServer },
  });
  await broadcast.run(7_654);
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(2_000);
  return { broadcast, receiver: broadcast.receiver, reader };
}

for (const loss of [0.01, 0.05, 0.1]) {
  test(`at a loss of ${loss * 100}% everywhere nothing is missing, from the first packet on`, async () => {
    const { receiver, reader } = await watching({}, loss);
    await reader.watch(60_000);
    assert.deepEqual(reader.gaps, []);
    const { lost, lostBeforeRepair, repaired, received } = receiver.report();
    assert.equal(lost, 0);
    assert.equal(repaired.request, lostBeforeRepair);
    assert.ok(Math.abs(lostBeforeRepair / received - loss) < loss / 4, `${lostBeforeRepair} of ${received}`);
  });
}

test('what comes out of order is not asked for once it is known how late it is', async () => {
  const { broadcast, receiver, reader } = await watching({ group: [{ delay: 5, jitter: 15 }] });
  await reader.watch(20_000);
  const before = broadcast.sent.retransmissions;
  await reader.watch(20_000);
  assert.deepEqual(reader.gaps, []);
  assert.ok(broadcast.sent.retransmissions - before <= 5, `${broadcast.sent.retransmissions - before}`);
  assert.ok(receiver.report().reordered > 1_000);
});

const small = { receiver: { buffer: { maxBytes: 2_000_000 } } };

for (const [pause, seconds] of Object.entries({ 'a second': 1, 'a minute': 60 })) {
  test(`after a pause of ${pause} the stream goes on with the very next packet, whatever is lost`, async () => {
    for (const loss of [0, 0.05]) {
      const { broadcast, receiver, reader } = await watching(small, loss);
      await broadcast.run(seconds * 1_000);
      const { sent } = broadcast;
      const before = sent.retransmissions;
      if (seconds > 10) assert.equal(receiver.isLive, false);
      await reader.play(30_000);
      assert.deepEqual(reader.gaps, []);
      assert.equal(receiver.report().lost, 0);
      if (seconds > 10) assert.ok(sent.retransmissions - before > 10_000);
      assert.ok(receiver.buffer.bytes < 2_600_000, `${receiver.buffer.bytes} bytes held`);
    }
  });
}

test('after a pause of three hours the stream goes on with the very next packet, and then at its pace', async () => {
  const { broadcast, receiver, reader } = await watching(small);
  await broadcast.run(30_000);
  broadcast.skip(3 * 3_600_000);
  await reader.play(30_000);
  assert.deepEqual(reader.gaps, []);
  assert.equal(receiver.isLive, false);
  const behind = (broadcast.next - reader.next!) / 475;
  assert.ok(Math.abs(behind - 3 * 3_600 - 30) < 1, `${behind} s behind`);
});

test('who reads faster than the station comes back to the group, without a gap or a packet twice', async () => {
  const { broadcast, receiver, reader } = await watching(small, 0.02);
  await broadcast.run(60_000);
  assert.equal(receiver.isLive, false);
  await reader.watch(30_000);
  assert.equal(receiver.isLive, true);
  assert.deepEqual(reader.gaps, []);
  assert.ok(broadcast.next - reader.next! < 150);
  const before = broadcast.sent.retransmissions;
  await reader.watch(10_000);
  assert.ok(broadcast.sent.retransmissions - before < 1_000);
});
