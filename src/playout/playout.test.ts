import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import type { MulticastSender } from '../multicast/sender.js';
import { Station } from '../station/station.js';
import { parseRtp } from '../wire/rtp.js';
import { ticksToMillis } from '../wire/time.js';
import { LATEST, Playout } from './playout.js';

function recorder() {
  const sent: { sequenceNumber: number; port: number }[] = [];
  const ports: number[] = [];
  const sender: MulticastSender = {
    counters: { packets: 0, bytes: 0, errors: 0 },
    addDestination: (_group, port) => ports.push(port) - 1,
    send(batch) {
      for (let i = 0; i < batch.count; i++) {
        const packet = batch.buffer.subarray(batch.offsets[i], batch.offsets[i] + batch.lengths[i]);
        sent.push({ sequenceNumber: parseRtp(packet)!.sequenceNumber, port: ports[batch.destinations[i]] });
      }
    },
    close: async () => undefined,
  };
  return { sender, sent };
}

/** A packet every 10 ms. */
const steady = (onRead?: (packet: number) => void) =>
  new Station({
    items: [
      {
        name: 'steady',
        reel: fakeReel({ times: Array.from({ length: 100 }, (_, i) => i * 900), duration: 90_000, onRead }),
      },
    ],
    ssrc: 1,
  });

const start = 1_790_000_000_000;
const noError = (error: unknown) => assert.fail(String(error));

test('every packet leaves once, in order, none before it is due', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 190 }), { maxLength: 100 }), (pauses) => {
      const { sender, sent } = recorder();
      const playout = new Playout(sender);
      const station = steady();
      playout.add({ id: 'a', station, group: '239.255.0.1', port: 1, now: start, onReadError: noError });
      const first = playout.next('a')!;
      let now = start;
      for (const pause of pauses) {
        now += pause;
        playout.tick(now);
      }
      assert.deepEqual(
        sent.map((packet) => packet.sequenceNumber),
        Array.from({ length: playout.next('a')! - first }, (_, i) => (first + i) % 65_536),
      );
      assert.ok(ticksToMillis(station.due(playout.next('a')! - 1)) <= now);
      assert.ok(ticksToMillis(station.due(playout.next('a')!)) > now);
      assert.equal(playout.counters('a')!.droppedLate, 0);
    }),
  );
});

test('after a stall what is more than 200 ms late is dropped and counted, not fired', () => {
  const { sender, sent } = recorder();
  const playout = new Playout(sender);
  playout.add({ id: 'a', station: steady(), group: '239.255.0.1', port: 1, now: start, onReadError: noError });
  playout.tick(start + 5_000);
  assert.equal(sent.length, LATEST / 10);
  assert.equal(playout.counters('a')!.droppedLate, 500 - sent.length);
  assert.ok(playout.lateness().max <= LATEST + 1);
});

test('a station that cannot be read falls silent, and the others go on', () => {
  const { sender, sent } = recorder();
  const playout = new Playout(sender);
  const errors: unknown[] = [];
  const failing = steady(() => {
    throw new Error('disk gone');
  });
  playout.add({
    id: 'bad',
    station: failing,
    group: '239.255.0.1',
    port: 1,
    now: start,
    onReadError: (error) => errors.push(error),
  });
  playout.add({ id: 'good', station: steady(), group: '239.255.0.2', port: 2, now: start, onReadError: noError });
  for (let now = start; now < start + 1_000; now += 10) playout.tick(now);
  assert.ok(sent.every((packet) => packet.port === 2));
  assert.equal(sent.length, 99);
  assert.equal(playout.counters('bad')!.readErrors, errors.length);
  assert.ok(errors.length > 90);
});

test('a station taken off the air sends nothing more', () => {
  const { sender, sent } = recorder();
  const playout = new Playout(sender);
  playout.add({ id: 'a', station: steady(), group: '239.255.0.1', port: 1, now: start, onReadError: noError });
  playout.remove('a');
  playout.tick(start + 100);
  assert.deepEqual(sent, []);
});
