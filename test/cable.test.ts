import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchSender } from '../src/net/batch-sender.js';
import { loadLibc } from '../src/system/libc.js';
import { datagrams, listener, openReceiver, send } from './support/batches.js';
import { cable, withoutNetwork } from './support/network.js';

const GROUP = '239.255.77.8';
const { libc } = await loadLibc();
const times = (count: number, length: number): number[] => new Array(count).fill(length);

const cases = [
  { mtu: 1_500, lengths: [...times(60, 1_328), 100, ...times(40, 1_412), 7], notes: 0 },
  { mtu: 1_500, lengths: times(90, 1_472), notes: 0 },
  { mtu: 1_400, lengths: [...times(60, 1_328), ...times(40, 1_412), 7, ...times(60, 1_328)], notes: 1 },
  { mtu: 1_400, lengths: [...times(3, 1_328), 1_412], notes: 1 },
];

for (const { mtu, lengths, notes } of cases) {
  const most = Math.max(...lengths);
  test(`${lengths.length} datagrams of up to ${most} bytes arrive as sent where the MTU is ${mtu}`, {
    skip: libc === null ? 'needs 64-bit Linux' : withoutNetwork(),
    timeout: 30_000,
  }, async (context) => {
    const [near, far] = await cable(context, [mtu, 1_500]);
    const { reports, callbacks } = listener();
    const receiver = await far.inside(() => openReceiver(context, far.address, GROUP));
    const options = {
      interfaceAddress: near.address,
      ttl: 1,
      capacity: 256,
      buffer: Buffer.alloc(256 * 1_472),
      ...callbacks,
    };
    const sender = await near.inside(() => BatchSender.open(libc!, options));
    assert.ok(sender);
    context.after(() => sender.close());
    const destination = sender.addDestination(GROUP, receiver.port);
    const batch = datagrams(destination, lengths);
    for (const _ of [1, 2]) {
      send(sender, batch);
      assert.deepEqual(
        await receiver.all(sender, destination),
        batch.map(({ bytes }) => bytes),
      );
    }
    assert.equal(reports.notes.length, notes, `${reports.notes}`);
    assert.deepEqual([reports.errors, reports.refused], [[], {}]);
    assert.equal(sender.counters.refused, 0);
  });
}
