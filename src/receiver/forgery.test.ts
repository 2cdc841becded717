import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Broadcast, type BroadcastOptions, FORGED, RATE, StreamReader } from '../../test/support/broadcast.js';
import { randomFrom } from '../../test/support/relay.js';
import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../wire/retransmission.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../wire/ts.js';

/** The address of the forger; `SERVER` is that of the station's server, which it can write into its packets as well. */
const STRANGER = { address: '10.0.0.66', port: 5004 };
const SERVER = { address: '10.0.0.1', port: 5004 };
const SERVERS = [{ address: SERVER.address, localAddress: 'path 0' }];

interface Forgery {
  /** Packets ahead of the one that is about to leave. */
  ahead: number;
  payload?: Buffer;
  payloadType?: number;
  /** Milliseconds ahead of the server's clock. */
  time?: number;
}

const pictureless = (): Buffer => {
  const payload = Buffer.alloc(4 * TS_PACKET_LENGTH, FORGED);
  for (let at = 0; at < payload.length; at += TS_PACKET_LENGTH) payload[at] = TS_SYNC_BYTE;
  return payload;
};

/** A station that is watched, and somebody who sends to its group. */
async function attacked(options: BroadcastOptions = {}) {
  const receiver = { servers: SERVERS, ...options.receiver };
  const broadcast = new Broadcast({ ...options, source: SERVER, receiver });
  await broadcast.run(Millis(1_000));
  await broadcast.tune();
  const reader = new StreamReader(broadcast, undefined, { skipsForged: true });
  await reader.watch(Millis(2_000));
  const forge = ({ ahead, payload = pictureless(), payloadType = 33, time = 0 }: Forgery): Buffer => {
    const n = broadcast.next + ahead;
    const packet = Buffer.alloc(RTP_HEADER_LENGTH + payload.length);
    const timestamp = millisToTicks(Millis(broadcast.serverNow + time));
    payload.copy(packet, writeRtpHeader(packet, 0, false, payloadType, n, timestamp, broadcast.info.ssrc));
    return packet;
  };
  return { broadcast, reader, receiver: broadcast.receiver, forge };
}

test('one forged packet far ahead, just inside the window or with a bad payload moves nothing', async () => {
  const { broadcast, reader, receiver, forge } = await attacked();
  const forgeries: Forgery[] = [
    { ahead: 8_000 },
    { ahead: 4_000 },
    { ahead: 32_000 },
    { ahead: -20_000 },
    { ahead: 30, payload: Buffer.alloc(0) },
    { ahead: 30, payload: Buffer.alloc(188) },
    { ahead: 30, payload: pictureless().subarray(1) },
    { ahead: 1, payloadType: 26 },
    { ahead: 1, time: 3_600_000 },
    { ahead: 1, time: -3_600_000 },
    { ahead: 1, time: 5_000 },
  ];
  const { retransmissions } = broadcast.sent;
  for (const forgery of forgeries) {
    broadcast.inject(0, forge(forgery), SERVER);
    await reader.watch(Millis(1_000));
  }
  const report = receiver.report();
  assert.deepEqual(reader.gaps, []);
  assert.equal(report.malformed, forgeries.length);
  assert.deepEqual([report.lost, report.lostBeforeRepair, report.jumps, report.conflicting], [0, 0, 0, 0]);
  assert.equal(broadcast.sent.retransmissions, retransmissions, 'nothing was requested');
  assert.ok(broadcast.next - reader.next! < 100);
});

test('a forged packet as far ahead as one is believed loses nothing but its place', async () => {
  for (const ahead of [40, 64, 80, 100, 110, 118, 160]) {
    const { broadcast, reader, receiver, forge } = await attacked();
    broadcast.inject(0, forge({ ahead }), SERVER);
    await reader.watch(Millis(2_000));
    const { lost, conflicting } = receiver.report();
    assert.deepEqual([reader.gaps.length, lost], [0, 0], `${ahead} ahead`);
    assert.ok(conflicting <= 1);
  }
});

test('a packet far behind is not followed, also when the server has just answered', async () => {
  const { broadcast, reader, receiver, forge } = await attacked();
  for (let i = 0; i < 10; i++) {
    broadcast.inject(0, forge({ ahead: 20_000 }), SERVER); // The server is asked.
    await reader.watch(Millis(40));
    broadcast.inject(0, forge({ ahead: -32_700 }), SERVER);
    await reader.watch(Millis(500));
  }
  const { lost, jumps } = receiver.report();
  assert.deepEqual([reader.gaps, lost, jumps], [[], 0, 0]);
  assert.ok(broadcast.next - reader.next! < 100);
});

test('packets are believed although the answer of the server took seconds', async () => {
  for (const [there, back] of [
    [2_500, 1],
    [1, 2_500],
  ] as const) {
    const toServer = { delay: Millis(there) };
    const { reader, receiver } = await attacked({ toServer, fromServer: { delay: Millis(back) } });
    await reader.watch(Millis(5_000));
    const { malformed, lost } = receiver.report();
    assert.deepEqual([reader.gaps, malformed, lost], [[], 0, 0]);
  }
});

test('two forged packets in a row do not turn repair off', async () => {
  const { broadcast, reader, receiver, forge } = await attacked({ group: [{ loss: 0.05 }] });
  for (let i = 0; i < 3; i++) {
    broadcast.inject(0, forge({ ahead: 32_000 }), SERVER);
    broadcast.inject(0, forge({ ahead: 32_001 }), SERVER);
    await reader.watch(Millis(2_000));
  }
  const { lost, lostBeforeRepair, repaired } = receiver.report();
  assert.deepEqual([lost, reader.gaps], [0, []]);
  assert.ok(lostBeforeRepair > 100 && repaired.request === lostBeforeRepair);
});

test('packets of other addresses change nothing, and are reported once', async () => {
  const { broadcast, reader, receiver, forge } = await attacked();
  for (let i = 0; i < 200; i++) {
    broadcast.inject(0, forge({ ahead: i % 50 }), STRANGER);
    await reader.watch(Millis(20));
  }
  const { foreign, malformed, conflicting, lost } = receiver.report();
  assert.deepEqual([reader.gaps, foreign, malformed, conflicting, lost], [[], 200, 0, 0, 0]);
  assert.equal(reader.forged, 0);
  assert.equal(broadcast.troubles.length, 1);
  assert.match(broadcast.troubles[0]!.message, /10\.0\.0\.66 also sends/);
});

test('a forged packet with the right address, number and time takes the place of one, which is counted and reported', async () => {
  const { broadcast, reader, receiver, forge } = await attacked();
  for (let i = 0; i < 20; i++) {
    broadcast.inject(0, forge({ ahead: 20 }), SERVER);
    await reader.watch(Millis(500));
  }
  const { conflicting, lost } = receiver.report();
  assert.deepEqual([reader.forged, conflicting, lost], [20, 20, 0]);
  assert.match(broadcast.troubles[0]!.message, /two versions/);
});

test('a forged repair or parity changes nothing that is not missing', async () => {
  const { broadcast, reader, receiver, forge } = await attacked({ fec: { columns: 10, rows: 5 } });
  const repair = (ahead: number): Buffer => {
    const out = Buffer.concat([Buffer.alloc(RETRANSMISSION_OVERHEAD), forge({ ahead })]);
    const n = PacketNumber(broadcast.next + ahead);
    return out.subarray(writeRetransmission(out, RETRANSMISSION_OVERHEAD, n, 0));
  };
  for (let i = 0; i < 200; i++) {
    broadcast.inject(6, repair(i * 7), SERVER);
    broadcast.inject(2, forge({ ahead: i, payloadType: 96 }), SERVER);
    await reader.watch(Millis(20));
  }
  assert.deepEqual([reader.gaps, reader.forged, receiver.report().lost], [[], 0, 0]);
});

test('a jump of the group is followed when its server bears it out, without one after a while', async () => {
  for (const isServing of [true, false]) {
    const { broadcast, reader, receiver } = await attacked();
    if (!isServing) {
      broadcast.isServing = false;
      receiver.serverLost();
    }
    broadcast.jump(40_000);
    await reader.watch(Millis(isServing ? 500 : 3_000));
    const { jumps, lost } = receiver.report();
    assert.deepEqual([jumps, lost], [1, 0], `serving ${isServing}`);
    assert.deepEqual(reader.gaps, []); // The content goes on; only its numbers jump.
    const behind = broadcast.next - 40_000 - reader.next!;
    assert.ok(behind < 100, `${behind} behind`);
  }
});

test('a forged run of packets is not followed while the server answers, nor beside the old numbers', async () => {
  for (const isServing of [true, false]) {
    const { broadcast, reader, receiver, forge } = await attacked();
    if (!isServing) {
      broadcast.isServing = false;
      receiver.serverLost();
    }
    const first = broadcast.next + 20_000;
    for (let i = 0; i < 2_000; i += 5) {
      for (let k = 0; k < 5; k++) broadcast.inject(0, forge({ ahead: first + i + k - broadcast.next }), SERVER);
      await reader.watch(Millis(10));
    }
    assert.deepEqual([reader.gaps, receiver.report().jumps], [[], 0]);
  }
});

interface AnyForgery extends Forgery {
  /** Offset of the port that it is sent to. */
  readonly offset: number;
  readonly pause: number;
}

/** Any datagram in the station's name: its distance, time, kind and content. */
const anyForgery = fc.record({
  ahead: fc.oneof(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -32_768, max: 32_767 })),
  time: fc.oneof(fc.constant(0), fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: -1e9, max: 1e9 })),
  payloadType: fc.constantFrom(33, 33, 33, 26, 96, 97),
  payload: fc.oneof(
    fc.constant(pictureless()),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  ),
  offset: fc.constantFrom(0, 0, 0, 2, 4, 6),
  pause: fc.integer({ min: 0, max: 30 }),
});

/** A mix of forgeries, and what has come of it some seconds later. */
async function underAttack(
  forgeries: readonly AnyForgery[],
  source: typeof SERVER,
  pauseAfter: (own: number) => number,
) {
  const scene = await attacked({ fec: { columns: 5, rows: 5 } });
  const { broadcast, reader, receiver, forge } = scene;
  for (const { offset, pause, ...forgery } of forgeries) {
    broadcast.inject(offset, forge(forgery), source);
    const length = pauseAfter(pause);
    if (length > 0) await reader.watch(Millis(length));
  }
  await reader.watch(Millis(3_000));
  const missing = reader.gaps.reduce((sum, gap) => sum + gap.missing, 0);
  assert.ok(broadcast.next - reader.next! < RATE, `${broadcast.next - reader.next!} behind`);
  return { ...scene, missing, report: receiver.report() };
}

const sometimes = (seed: number) => {
  const random = randomFrom(seed);
  return (pause: number): number => (random() < 0.5 ? pause : 0);
};

const manyForgeries = fc.array(anyForgery, { minLength: 60, maxLength: 120 });

test('any mix of forged packets of others changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(manyForgeries, fc.nat(1_000), async (forgeries, seed) => {
      const { reader, missing, report } = await underAttack(forgeries, STRANGER, sometimes(seed));
      const { lost, conflicting, foreign } = report;
      assert.equal(foreign, forgeries.length);
      assert.deepEqual([reader.forged, missing, lost, conflicting], [0, 0, 0, 0]);
    }),
    { numRuns: 4 },
  );
});

test('forged packets with the server’s address, now and then, lose no more than they replace', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyForgery, { minLength: 5, maxLength: 15 }), async (forgeries) => {
      const { reader, missing, report } = await underAttack(forgeries, SERVER, (pause) => 300 + pause);
      const { lost, conflicting } = report;
      const right = missing - reader.forged <= conflicting && lost <= conflicting;
      assert.ok(right, `${missing} missing, ${lost} lost, ${reader.forged} forged, ${conflicting} replaced`);
    }),
    { numRuns: 4 },
  );
});

test('nothing is missing any more soon after a flood of forged packets with the server’s address', async () => {
  await fc.assert(
    fc.asyncProperty(manyForgeries, fc.nat(1_000), async (forgeries, seed) => {
      const { reader, receiver, report } = await underAttack(forgeries, SERVER, sometimes(seed));
      const [gaps, { forged }] = [reader.gaps.length, reader];
      await reader.watch(Millis(3_000));
      const { lost, conflicting } = receiver.report();
      assert.deepEqual(
        [reader.gaps.length, reader.forged, lost, conflicting],
        [gaps, forged, report.lost, report.conflicting],
      );
    }),
    { numRuns: 4 },
  );
});
