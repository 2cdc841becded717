import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf } from '../../test/support/received-batch.js';
import { Millis, PacketNumber } from '../base/units.js';
import { ServerClock } from '../clock/server-clock.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../wire/retransmission.js';
import { writeRtpHeader } from '../wire/rtp.js';
import { TS_GROUP_LENGTH, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../wire/ts.js';
import { RtpReceiver } from './rtp-receiver.js';
import { StreamBuffer } from './stream-buffer.js';

const station = { format: 'h264', ssrc: 77, width: 640, height: 360, bitrate: 5_000_000 } as const;

function datagram(
  n: number,
  options: { ssrc?: number; payloadType?: number; time?: number; fill?: number } = {},
): Buffer {
  const out = Buffer.alloc(12 + TS_GROUP_LENGTH, options.fill ?? n & 0xff);
  for (let at = 12; at < out.length; at += TS_PACKET_LENGTH) out[at] = TS_SYNC_BYTE;
  writeRtpHeader(out, 0, false, options.payloadType ?? 33, n, options.time ?? n * 100, options.ssrc ?? 77);
  return out;
}

/** The server's clock at local time 5. */
function clockAt(time: Millis): ServerClock {
  const clock = new ServerClock();
  clock.add({ sent: Millis(5), received: Millis(5), time });
  return clock;
}

/** A time at which packet 100,000 has its time stamp; wrapped, as all of these tests. */
const TIME = Millis(10_000_000 / 90);

const unitsOf = (buffer: StreamBuffer) => buffer.read({ position: 0 }, 1e9) ?? [];

/** The numbers of the packets in the buffer, modulo 256. */
function numbersIn(buffer: StreamBuffer): number[] {
  const numbers: number[] = [];
  for (const { data } of unitsOf(buffer)) {
    for (let at = 0; at < data.length; at += TS_GROUP_LENGTH) numbers.push(data[at + 1]!);
  }
  return numbers;
}

test('packets are written in order, with unwrapped sequence numbers and time stamps', () => {
  const buffer = new StreamBuffer();
  const serverTime = Millis(1_800_000_000_000);
  const start = serverTime * 90;
  const reception = new RtpReceiver({ station, buffer, clock: clockAt(serverTime) });
  reception.anchor(PacketNumber(131_070), serverTime, Millis(5));
  reception.begin(null, serverTime, Millis(5));
  const packets = [131_070, 131_072, 131_071, 131_073].map((n) => datagram(n, { time: start + (n - 131_070) * 9_000 }));
  reception.take(batchOf(packets), Millis(5));
  assert.deepEqual(
    unitsOf(buffer).map(({ time, data }) => [time - start, data[1]]),
    [
      [0, 0xfe],
      [9_000, 0xff],
      [18_000, 0],
      [27_000, 1],
    ],
  );
  assert.equal(reception.report().reordered, 1);
  assert.equal(reception.report().lastArrival, 5);
});

test('time stamps continue across the wrap at 2^32', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer });
  for (const n of [0, 1, 2]) reception.take(batchOf([datagram(n, { time: 2 ** 32 - 100 + n * 100 })]), Millis(0));
  assert.deepEqual(
    unitsOf(buffer).map(({ time }) => time - (2 ** 32 - 100)),
    [0, 100, 200],
  );
});

test('datagrams can be overwritten after the call: the stream and waiting packets have memory of their own', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer });
  for (const numbers of [[1, 2], [4, 5], [3]]) {
    const batch = batchOf(numbers.map((n) => datagram(n)));
    reception.take(batch, Millis(0));
    batch.buffer.fill(0xee);
  }
  assert.deepEqual(numbersIn(buffer), [1, 2, 3, 4, 5]);
});

test('memory of units that the buffer drops is used again', () => {
  const buffer = new StreamBuffer({ maxBytes: 500_000 });
  const reception = new RtpReceiver({ station, buffer });
  const memory = new Set<ArrayBufferLike>();
  const cursor = { position: 0 };
  for (let n = 0; n < 5_000; n++) {
    reception.take(batchOf([datagram(n)]), Millis(n));
    for (const { data } of buffer.read(cursor, 1e9)!) memory.add(data.buffer);
  }
  assert.ok(memory.size <= 5, `${memory.size} pieces of memory`);
});

test('foreign packets on the same group and port are counted and ignored', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer });
  const others = [datagram(2, { ssrc: 78 }), datagram(2, { payloadType: 26 }), Buffer.from('hello'), Buffer.alloc(0)];
  reception.take(batchOf([datagram(1), ...others, datagram(2)]), Millis(0));
  assert.deepEqual(numbersIn(buffer), [1, 2]);
  assert.deepEqual([reception.report().foreign, reception.report().malformed], [3, 1]);
  assert.equal(reception.report().lost, 0);
});

test('a missing packet is given up after its deadline, also when no packets come', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer, reorder: { deadline: Millis(50) } });
  reception.take(batchOf([1, 2, 4].map((n) => datagram(n))), Millis(10));
  reception.take(batchOf([]), Millis(59));
  assert.deepEqual(numbersIn(buffer), [1, 2]);
  reception.take(batchOf([]), Millis(60));
  assert.deepEqual(numbersIn(buffer), [1, 2, 4]);
  assert.equal(reception.report().lost, 1);
});

test('no datagram throws', () => {
  for (const format of ['h264', 'jpeg'] as const) {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (datagrams) => {
        const reception = new RtpReceiver({ station: { ...station, format }, buffer: new StreamBuffer() });
        datagrams.forEach((bytes, now) => {
          const framed = datagram(now, { payloadType: format === 'h264' ? 33 : 26 }).subarray(0, 12);
          reception.take(batchOf([Buffer.from(bytes), Buffer.concat([framed, Buffer.from(bytes)])]), Millis(now));
        });
      }),
    );
  }
});

/** Packet `n` once more, as a server sends it. */
function repeated(n: number, options: { ssrc?: number; time?: number; fill?: number } = {}): Buffer {
  const out = Buffer.concat([Buffer.alloc(RETRANSMISSION_OVERHEAD), datagram(n, options)]);
  return out.subarray(writeRetransmission(out, RETRANSMISSION_OVERHEAD, PacketNumber(n), 0));
}

test('a missing packet is requested, and counted by what repairs it', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer, clock: clockAt(TIME), paths: 2 });
  reception.anchor(PacketNumber(100_000), TIME, Millis(5));
  const group = (numbers: number[], path = 0) =>
    reception.take(batchOf(numbers.map((n) => datagram(n))), Millis(10), path);
  group([100_000, 100_001, 100_005, 100_006]);
  assert.deepEqual(reception.sequence.nacks.due(Millis(10)), [{ packets: [100_002, 100_003, 100_004], copies: 1 }]);
  reception.takeShared(batchOf([repeated(100_002), repeated(100_007)]), Millis(20));
  assert.equal(reception.takeOwn(repeated(100_003), Millis(20)), 'taken');
  group([100_004, 100_005], 1);
  const { repaired, lostBeforeRepair, lost, paths, duplicates } = reception.report();
  assert.deepEqual(repaired, { request: 1, group: 1, parity: 0, path: 1 });
  assert.deepEqual([lostBeforeRepair, lost, duplicates], [3, 0, 1]);
  assert.deepEqual(paths, [
    { received: 4, first: 4, lost: 3 },
    { received: 2, first: 1, lost: 0 },
  ]);
  assert.deepEqual(
    numbersIn(buffer),
    [0, 1, 2, 3, 4, 5, 6].map((n) => (100_000 + n) & 0xff),
  );
});

test('foreign, distant and malformed retransmissions change nothing', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer });
  assert.equal(reception.takeOwn(repeated(5), Millis(0)), 'far'); // nothing has begun
  reception.take(batchOf([datagram(1)]), Millis(0));
  for (const n of [40_000, 40_001, 40_002]) assert.equal(reception.takeOwn(repeated(n), Millis(0)), 'far');
  reception.takeOwn(repeated(2, { ssrc: 78 }), Millis(0));
  reception.takeOwn(datagram(2), Millis(0));
  reception.takeShared(batchOf([Buffer.from('hello'), repeated(2, { ssrc: 78 })]), Millis(0));
  reception.take(batchOf([datagram(2)]), Millis(0));
  assert.deepEqual(numbersIn(buffer), [1, 2]);
  assert.deepEqual([reception.report().foreign, reception.report().jumps], [4, 0]);
});

test('packets kept until the beginning is known are taken, except those before it', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer, waits: true });
  reception.take(batchOf([110, 111, 112].map((n) => datagram(n))), Millis(0));
  assert.equal(reception.sequence.next, null);
  reception.anchor(PacketNumber(65_536 + 111), Millis(11_100 / 90), Millis(5));
  reception.begin(PacketNumber(65_536 + 108), Millis(1_000), Millis(5));
  reception.sequence.expectFlow(PacketNumber(65_536 + 108), Millis(5));
  assert.equal(reception.sequence.base, 65_536 + 110);
  const early = [5_000, 107, 109, 108].map((n) => repeated(65_536 + n, { time: n * 100 }));
  reception.takeEarly(early, PacketNumber(65_536 + 108), Millis(6));
  reception.sequence.settle(Millis(6));
  assert.deepEqual(numbersIn(buffer), [108, 109, 110, 111, 112]);
});

test('lost packets at the end of a flow are missing from when the flow is ended', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer, waits: true, reorder: { deadline: Millis(50) } });
  reception.take(batchOf([110, 111].map((n) => datagram(n))), Millis(0));
  reception.anchor(PacketNumber(111), Millis(11_100 / 90), Millis(0));
  reception.begin(PacketNumber(105), null, Millis(0));
  reception.sequence.expectFlow(PacketNumber(105), Millis(0));
  for (const n of [105, 106, 107]) reception.takeOwn(repeated(n), Millis(1));
  reception.sequence.settle(Millis(1_000));
  assert.deepEqual(numbersIn(buffer), [105, 106, 107]);
  reception.sequence.endFlow(Millis(1_000));
  assert.deepEqual(reception.sequence.due(Millis(1_000))[0]!.packets, [108, 109]);
  reception.sequence.settle(Millis(1_049));
  assert.equal(reception.report().lost, 0);
  reception.sequence.settle(Millis(1_050));
  assert.deepEqual(numbersIn(buffer), [105, 106, 107, 110, 111]);
  assert.equal(reception.report().lost, 2);
});

test('a stopped stream takes no packets, and continues where it was', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer });
  reception.take(batchOf([1, 2, 4].map((n) => datagram(n))), Millis(0));
  reception.sequence.stop();
  reception.take(batchOf([5, 6].map((n) => datagram(n))), Millis(10_000));
  assert.deepEqual([reception.sequence.next, reception.sequence.base, reception.sequence.nacks.missing], [3, null, 0]);
  reception.sequence.resume();
  reception.sequence.expectFlow(PacketNumber(3), Millis(10_001));
  for (const n of [3, 4, 5]) reception.takeOwn(repeated(n), Millis(10_001));
  reception.sequence.settle(Millis(10_001));
  assert.deepEqual(numbersIn(buffer), [1, 2, 3, 4, 5]);
});

test('time in which the process did not run does not count towards deadlines', () => {
  const buffer = new StreamBuffer();
  const reception = new RtpReceiver({ station, buffer, latency: Millis(20), reorder: { deadline: Millis(200) } });
  reception.take(batchOf([1, 2, 4].map((n) => datagram(n))), Millis(20));
  assert.equal(reception.sequence.due(Millis(20)).length, 1);
  reception.take(batchOf([]), Millis(700)); // the machine stood still for 600 ms
  assert.equal(reception.report().lost, 0);
  assert.ok(reception.sequence.wakeAt > 600);
  reception.takeOwn(repeated(3), Millis(701));
  reception.sequence.settle(Millis(701));
  assert.deepEqual(numbersIn(buffer), [1, 2, 3, 4]);
});
