import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Broadcast, type BroadcastOptions, EPOCH, RATE, StreamReader } from '../../test/support/broadcast.js';
import { stationInfo } from '../../test/support/channels.js';
import { batchOf } from '../../test/support/received-batch.js';
import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import { Refusal } from '../control/refusal.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { StreamBuffer } from './stream-buffer.js';
import { StreamController } from './stream-controller.js';

test('the stream begins with the burst and continues with the group, without a gap or a packet twice', async () => {
  for (const delay of [1, 80].map(Millis)) {
    for (const interval of [1, 4, 10]) {
      const broadcast = new Broadcast({ interval, toServer: { delay }, fromServer: { delay }, group: [{ delay }] });
      await broadcast.run(Millis(7_654));
      const live = broadcast.next;
      await broadcast.tune();
      const reader = new StreamReader(broadcast);
      await reader.watch(Millis(5_000));
      assert.ok(reader.first! < live - RATE, `${live - reader.first!} packets before`);
      assert.deepEqual(reader.gaps, []);
      assert.ok(broadcast.next - reader.next! < 100, `${broadcast.next - reader.next!} packets behind`);
      assert.equal(broadcast.receiver.isLive, true);
      assert.equal(broadcast.receiver.report().lost, 0);
      const before = broadcast.sent.retransmissions;
      await reader.watch(Millis(5_000));
      assert.equal(broadcast.sent.retransmissions, before);
    }
  }
});

/** A station that is watched over a network with this loss, both ways and to the group. */
async function watching(options: BroadcastOptions = {}, loss = 0) {
  const broadcast = new Broadcast({
    ...options,
    group: (options.group ?? [{ delay: Millis(10) }]).map((hazards) => ({ loss, ...hazards })),
    toServer: { delay: Millis(10), loss, ...options.toServer },
    fromServer: { delay: Millis(10), loss, ...options.fromServer },
  });
  await broadcast.run(Millis(7_654));
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(2_000));
  return { broadcast, receiver: broadcast.receiver, reader };
}

for (const loss of [0.01, 0.05, 0.1]) {
  test(`at a loss of ${loss * 100}% everywhere nothing is missing, from the first packet on`, async () => {
    const { receiver, reader } = await watching({}, loss);
    await reader.watch(Millis(30_000));
    assert.deepEqual(reader.gaps, []);
    const { lost, lostBeforeRepair, repaired, received } = receiver.report();
    assert.equal(lost, 0);
    assert.equal(repaired.request, lostBeforeRepair);
    assert.ok(Math.abs(lostBeforeRepair / received - loss) < loss / 4, `${lostBeforeRepair} of ${received}`);
  });
}

test('packets out of order are not requested once it is known how late they come', async () => {
  const { broadcast, receiver, reader } = await watching({ group: [{ delay: Millis(5), jitter: Millis(15) }] });
  await reader.watch(Millis(20_000));
  const before = broadcast.sent.retransmissions;
  await reader.watch(Millis(20_000));
  assert.deepEqual(reader.gaps, []);
  assert.ok(broadcast.sent.retransmissions - before <= 5, `${broadcast.sent.retransmissions - before}`);
  assert.ok(receiver.report().reordered > 1_000);
});

const small = { receiver: { buffer: { maxBytes: 2_000_000 } } };

for (const [pause, seconds] of Object.entries({ 'a second': 1, 'a minute': 60 })) {
  test(`after a pause of ${pause} the stream continues with the next packet, despite losses`, async () => {
    for (const loss of [0, 0.05]) {
      const { broadcast, receiver, reader } = await watching(small, loss);
      await broadcast.run(Millis(seconds * 1_000));
      const { sent } = broadcast;
      const before = sent.retransmissions;
      const position = reader.next!;
      if (seconds > 10) assert.equal(receiver.isLive, false);
      await reader.play(Millis(30_000));
      assert.ok(reader.next! - position > 29 * RATE);
      assert.deepEqual(reader.gaps, []);
      assert.equal(receiver.report().lost, 0);
      if (seconds > 10) assert.ok(sent.retransmissions - before > 10_000);
      assert.ok(receiver.buffer.bytes < 2_600_000, `${receiver.buffer.bytes} bytes held`);
    }
  });
}

test('after a pause of three hours the stream continues with the next packet, at its own pace', async () => {
  const { broadcast, receiver, reader } = await watching(small);
  await broadcast.run(Millis(30_000));
  broadcast.skip(Millis(3 * 3_600_000));
  await reader.play(Millis(30_000));
  assert.deepEqual(reader.gaps, []);
  assert.equal(receiver.isLive, false);
  const behind = (broadcast.next - reader.next!) / RATE;
  assert.ok(Math.abs(behind - 3 * 3_600 - 30) < 1, `${behind} s behind`);
});

test('a reader faster than the station returns to the group, without a gap or a packet twice', async () => {
  const { broadcast, receiver, reader } = await watching(small, 0.02);
  await broadcast.run(Millis(60_000));
  assert.equal(receiver.isLive, false);
  await reader.watch(Millis(30_000));
  assert.equal(receiver.isLive, true);
  assert.deepEqual(reader.gaps, []);
  assert.ok(broadcast.next - reader.next! < 150);
  const before = broadcast.sent.retransmissions;
  await reader.watch(Millis(10_000));
  assert.ok(broadcast.sent.retransmissions - before < 1_000);
});

test('the past is sought, and the present after it', async () => {
  const { broadcast, receiver } = await watching({}, 0.02);
  const { station } = broadcast;
  const [anHour, aMinute] = [Millis(EPOCH - 3_600_000), Millis(EPOCH - 60_000)];
  for (const [target, first] of [
    [{ kind: 'time', time: anHour, item: false }, () => station.at(millisToTicks(anHour))],
    [{ kind: 'time', time: aMinute, item: false }, () => station.at(millisToTicks(aMinute))],
    [{ kind: 'live' }, () => broadcast.next - RATE],
  ] as const) {
    const wanted = first();
    const buffer = await broadcast.seek(target);
    assert.equal(buffer, receiver.buffer);
    const another = new StreamReader(broadcast);
    await another.play(Millis(15_000));
    assert.equal(another.first, station.randomAccessBefore(PacketNumber(wanted)));
    assert.deepEqual(another.gaps, []);
    assert.ok(another.next! - another.first! > 14 * RATE);
    assert.equal(receiver.isLive, target.kind === 'live');
    assert.equal(receiver.oldest, 0);
  }
  assert.ok(Math.abs(receiver.serverNow()! - broadcast.serverNow) < 1);
});

test('a stream can begin in the past', async () => {
  const broadcast = new Broadcast();
  const time = Millis(EPOCH - 86_400_000);
  await broadcast.tune({ start: { kind: 'time', time, item: true } });
  const reader = new StreamReader(broadcast);
  await reader.play(Millis(5_000));
  const { station } = broadcast;
  assert.equal(reader.first, station.beginningOf(station.at(millisToTicks(time))));
  assert.deepEqual(reader.gaps, []);
});

test('a moment that the server does not have is refused, and the stream goes on', async () => {
  const { broadcast, receiver, reader } = await watching({ history: Millis(60_000) });
  const { buffer } = receiver;
  const long = { kind: 'time', time: Millis(EPOCH - 3_600_000), item: false } as const;
  await assert.rejects(broadcast.seek(long), (error) => error instanceof Refusal && error.reason === 'too-early');
  assert.equal(receiver.buffer, buffer);
  await reader.watch(Millis(3_000));
  assert.deepEqual(reader.gaps, []);
});

test('a server over budget leaves the viewer to the group', async () => {
  const broadcast = new Broadcast({ budget: 1_000_000 });
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(5_000));
  assert.deepEqual(reader.gaps, []);
  assert.equal(broadcast.receiver.isLive, true);
  assert.ok(reader.first! > broadcast.station.at(millisToTicks(EPOCH)));
});

test('a stream whose replay is refused continues with the present', async () => {
  const { broadcast, receiver, reader } = await watching({ ...small, history: Millis(20_000) });
  await broadcast.run(Millis(60_000));
  await reader.watch(Millis(10_000));
  assert.equal(receiver.isLive, true);
  assert.equal(reader.gaps.length, 1);
  assert.ok(broadcast.next - reader.next! < 150);
  assert.ok(broadcast.troubles[0] instanceof Refusal);
});

test('without the server its flow is given up, and the stream continues with the group', async () => {
  const { broadcast, receiver, reader } = await watching(small, 0.01);
  broadcast.isServing = false;
  await reader.watch(Millis(1_500));
  assert.ok(broadcast.checks > 0);
  receiver.serverLost();
  await reader.watch(Millis(20_000));
  assert.equal(receiver.isLive, true);
  assert.ok(receiver.report().lost > 50);
  assert.equal(
    receiver.report().lost,
    reader.gaps.reduce((sum, { missing }) => sum + missing, 0),
  );
  broadcast.isServing = true;
  broadcast.startServer();
  receiver.serverBack(null);
  await reader.watch(Millis(1_000));
  const { lost } = receiver.report();
  await reader.watch(Millis(10_000));
  assert.equal(receiver.report().lost, lost);
});

test('a stream that is behind continues with the next packet when the server is back', async () => {
  const { broadcast, receiver, reader } = await watching(small);
  await broadcast.run(Millis(60_000));
  await reader.play(Millis(5_000));
  broadcast.isServing = false;
  broadcast.isOnAir = false;
  await reader.play(Millis(5_000));
  receiver.serverLost();
  await reader.play(Millis(10_000));
  broadcast.startServer();
  broadcast.isServing = true;
  broadcast.isOnAir = true;
  await broadcast.run(Millis(500));
  receiver.serverBack(null);
  await reader.play(Millis(20_000));
  assert.deepEqual(reader.gaps, []);
  assert.equal(receiver.isLive, false);
  assert.ok(broadcast.next - reader.next! < 110 * RATE);
});

test('a stream that is behind without a server continues with the group where that goes on', async () => {
  const { broadcast, receiver, reader } = await watching(small);
  await broadcast.run(Millis(60_000));
  await reader.play(Millis(5_000));
  broadcast.isServing = false;
  await reader.play(Millis(5_000));
  receiver.serverLost();
  await reader.watch(Millis(20_000));
  assert.equal(receiver.isLive, true);
  assert.equal(reader.gaps.length, 1);
});

test('of two interfaces each fills the gaps of the other', async () => {
  const gaps = { every: Millis(3_000), length: Millis(500) };
  const { receiver, reader } = await watching({
    group: [
      { delay: Millis(10), gaps },
      { delay: Millis(25), loss: 0.02 },
    ],
  });
  await reader.watch(Millis(29_000));
  assert.deepEqual(reader.gaps, []);
  const { paths, repaired } = receiver.report();
  assert.equal(paths.length, 2);
  assert.ok(paths[0]!.lost > 10 * 0.4 * RATE && paths[1]!.lost < 30 * 0.03 * RATE, JSON.stringify(paths));
  assert.ok(paths[0]!.first > 0 && paths[1]!.first > 0);
  assert.ok(repaired.request < 50, `${repaired.request} asked for`);
});

test('a receiver that looks once a second has all packets repaired', async () => {
  const { receiver, reader } = await watching({ latency: Millis(1_000) }, 0.05);
  await reader.watch(Millis(30_000));
  assert.deepEqual(reader.gaps, []);
  assert.equal(receiver.report().lost, 0);
  assert.ok(receiver.report().repaired.request > 500);
});

test('receivers report losses before and after repair, rarely', async () => {
  const { broadcast, reader } = await watching({}, 0.05);
  await reader.watch(Millis(30_000));
  const { reports } = broadcast.unicast.stats(broadcast.serverNow)[broadcast.info.id]!;
  assert.equal(reports.receivers, 1);
  assert.equal(reports.unrepaired, 0);
  assert.ok(reports.received > 20 * RATE && Math.abs(reports.lost / reports.received - 0.05) < 0.01);
  assert.ok(Math.abs(reports.loss.p50 - 0.05) < 0.03, `${reports.loss.p50}`);
  assert.ok(reports.jitter.p50 > 0 && reports.jitter.p50 < 20 && reports.delay.p50 < 100, JSON.stringify(reports));
});

const fec = { columns: 10, rows: 5 };

test('parity recovers most packets without a request, and the rest are requested in time', async () => {
  for (const loss of [0.01, 0.1]) {
    const { receiver, reader } = await watching({ fec }, loss);
    await reader.watch(Millis(30_000));
    assert.deepEqual(reader.gaps, []);
    const { lost, repaired, lostBeforeRepair } = receiver.report();
    assert.equal(lost, 0);
    assert.ok(repaired.parity > lostBeforeRepair * 0.8, JSON.stringify(repaired));
    assert.ok(repaired.request < lostBeforeRepair * (loss < 0.05 ? 0.05 : 0.2), JSON.stringify(repaired));
  }
});

test('at a loss of 30% parity and requests together leave less than one packet of 10,000 missing', async () => {
  const { receiver, reader } = await watching({ fec }, 0.3);
  await reader.watch(Millis(60_000));
  const { lost, received } = receiver.report();
  assert.ok(lost / received < 1e-4, `${lost} of ${received}`);
});

test('without a server parity alone repairs', async () => {
  const broadcast = new Broadcast({ fec, group: [{ loss: 0.01 }] });
  await broadcast.receiver.join();
  await broadcast.receiver.begin(null, null);
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(30_000));
  const { lost, repaired } = broadcast.receiver.report();
  assert.ok(repaired.parity > 100 && lost < 5, `${lost} lost, ${repaired.parity} brought back`);
  assert.equal(broadcast.sent.feedback, 0);
});

test('in any sequence of pauses, playing and seeks, no packet is missing, twice or out of order', async () => {
  const action = fc.oneof(
    fc.record({ do: fc.constantFrom('watch', 'play', 'pause'), time: fc.integer({ min: 20, max: 12_000 }) }),
    fc.record({ do: fc.constant('back'), time: fc.integer({ min: 0, max: 100_000 }) }),
    fc.record({ do: fc.constant('live'), time: fc.constant(0) }),
  );
  const hazards = fc.record({
    loss: fc.double({ min: 0, max: 0.03, noNaN: true }),
    delay: fc.integer({ min: 1, max: 40 }).map(Millis),
    jitter: fc.integer({ min: 0, max: 10 }).map(Millis),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 8 }),
      fc.tuple(hazards, hazards, hazards),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1_000_000, max: 20_000_000 }),
      async (actions, [group, toServer, fromServer], interval, maxBytes) => {
        const receiver = { buffer: { maxBytes }, deadline: Millis(500) };
        const broadcast = new Broadcast({ group: [group], toServer, fromServer, interval, receiver });
        await broadcast.run(Millis(3_333));
        await broadcast.tune();
        // A reader's position is held; before there is one, a small buffer can drop the beginning.
        const begin = async () => {
          const reader = new StreamReader(broadcast);
          await reader.watch(Millis(500));
          return reader;
        };
        let reader = await begin();
        const check = () => {
          assert.deepEqual(reader.gaps, []);
          assert.ok(reader.first === null || reader.first === broadcast.station.randomAccessBefore(reader.first));
        };
        for (const { do: what, time } of actions) {
          if (what === 'watch') await reader.watch(Millis(time));
          else if (what === 'play') await reader.play(Millis(time));
          else if (what === 'pause') await broadcast.run(Millis(time));
          else {
            check();
            const past = { kind: 'time', time: Millis(broadcast.serverNow - time), item: false } as const;
            await broadcast.seek(what === 'live' ? { kind: 'live' } : past);
            reader = await begin();
          }
        }
        const position = reader.next ?? 0;
        await reader.watch(Millis(3_000));
        check();
        assert.ok(reader.next! - position > RATE, 'the stream goes on');
        assert.deepEqual(broadcast.troubles, []);
      },
    ),
    { numRuns: 12 },
  );
});

/** A controller alone, whose server has answered with a burst from packet 1,000 on. */
function controlled() {
  const station = stationInfo(1);
  const controller = new StreamController({
    station,
    createBuffer: () => new StreamBuffer(),
    paths: 1,
    latency: Millis(20),
    speed: 10,
    random: () => 0.5,
  });
  const flow = controller.nextFlow();
  const burst = { flow, from: 1_000, time: EPOCH };
  controller.tuned({ station, next: 2_000, serverTime: EPOCH, members: 1, burst, roundTrip: Millis(2) }, Millis(0));
  const group = (n: number) => {
    const packet = Buffer.alloc(RTP_HEADER_LENGTH + 188, 0x47);
    writeRtpHeader(packet, 0, false, 33, n, millisToTicks(EPOCH) + (n - 2_000) * 90, station.ssrc);
    return batchOf([packet]);
  };
  return { controller, flow, group };
}

test('a flow that stalls is requested again, and when it is refused the stream continues with the group', () => {
  const { controller, flow, group } = controlled();
  assert.equal(controller.isLive, false);
  const orders = controller.advance(Millis(600));
  const replay = orders.find((order) => order.type === 'replay');
  assert.deepEqual(replay?.request.from, { kind: 'packet', packet: 1_000 });
  assert.ok(replay.request.flow > flow);
  assert.deepEqual(
    controller.advance(Millis(601)).filter(({ type }) => type === 'replay'),
    [],
    'a request that is not answered yet is not repeated',
  );
  const refusal = new Refusal({ code: 'over-budget', message: 'no' });
  assert.deepEqual(controller.refused(replay.request.flow - 1, refusal, Millis(602)), [], 'another flow');
  assert.deepEqual(controller.refused(replay.request.flow, refusal, Millis(602))[0], {
    type: 'report',
    error: refusal,
  });
  controller.takeGroup(group(2_000), Millis(610), 0);
  assert.equal(controller.isLive, true);
});

test('a server that does not answer feedback is checked', () => {
  const { controller } = controlled();
  controller.advance(Millis(600));
  assert.ok(controller.advance(Millis(1_600)).some(({ type }) => type === 'check'));
});

test('a call that orders nothing allocates no list', () => {
  const { controller, group } = controlled();
  controller.takeGroup(group(2_000), Millis(1), 0); // sends the flow its end
  assert.equal(controller.takeGroup(group(2_001), Millis(2), 0), controller.takeGroup(group(2_002), Millis(3), 0));
});
