import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stationInfo } from '../../test/support/channels.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { batchOf } from '../../test/support/received-batch.js';
import { Millis } from '../base/units.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../wire/ts.js';
import { type OpenGroup, receiveStation } from './station-receiver.js';

const station = stationInfo(1);

function packet(n: number): Buffer {
  const out = Buffer.alloc(RTP_HEADER_LENGTH + TS_PACKET_LENGTH, n);
  out[RTP_HEADER_LENGTH] = TS_SYNC_BYTE;
  writeRtpHeader(out, 0, false, 33, n, n * 9_000, station.ssrc);
  return out;
}

/** A receiver, and the group that it opened, which is handed `last` while it is closed. */
async function receiving(last: Buffer[] = []) {
  const timers = new HandTimers();
  let opened: Parameters<OpenGroup>[0] | undefined;
  const receiver = await receiveStation({
    station,
    localAddress: '127.0.0.1',
    latency: Millis(500),
    deadline: Millis(100),
    timers,
    openGroup: async (options) => {
      opened = options;
      return {
        leave: () => undefined,
        setSources: () => undefined,
        close: async () => options.onDatagrams(batchOf(last)),
      };
    },
    onError: (error) => assert.fail(error),
  });
  const numbers = () => receiver.buffer.read({ position: 0 }, 1e6)!.map(({ data }) => data[1]);
  return { receiver, group: opened!, timers, numbers };
}

test('a receiver joins its station’s group and holds its packets', async () => {
  const { group, receiver, numbers } = await receiving();
  assert.deepEqual(
    [group.group, group.port, group.localAddress, group.latency],
    [station.group, station.port, '127.0.0.1', 500],
  );
  group.onDatagrams(batchOf([packet(1), packet(2)]));
  assert.deepEqual(numbers(), [1, 2]);
  assert.equal(receiver.report().received, 2);
});

test('a missing packet is given up in time, although no packets come', async () => {
  const { group, timers, receiver, numbers } = await receiving();
  group.onDatagrams(batchOf([packet(1), packet(3)]));
  timers.advance(100);
  group.onDatagrams(batchOf([]));
  assert.deepEqual(numbers(), [1, 3]);
  assert.equal(receiver.report().lost, 1);
});

test('packets that come while the group is left are held, and then the buffer ends', async () => {
  const { receiver, numbers } = await receiving([packet(7)]);
  await receiver.close();
  assert.deepEqual(numbers(), [7]);
  assert.ok(receiver.buffer.isEnded);
});

test('a socket that fails to close is reported, and the buffer ends all the same', async () => {
  const receiver = await receiveStation({
    station,
    localAddress: '127.0.0.1',
    openGroup: async () => ({
      leave: () => undefined,
      setSources: () => undefined,
      close: () => Promise.reject(new Error('the socket is stuck')),
    }),
    onError: (error) => assert.fail(error),
  });
  await assert.rejects(receiver.close(), /the socket is stuck/);
  assert.ok(receiver.buffer.isEnded);
});
