import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf } from '../../test/support/received-batch.js';
import { writeRtpHeader } from '../wire/rtp.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';
import { Reception } from './reception.js';
import { StreamBuffer } from './stream-buffer.js';

const station = { format: 'h264', ssrc: 77, width: 640, height: 360, bitrate: 5_000_000 } as const;

function datagram(n: number, options: { ssrc?: number; payloadType?: number; time?: number } = {}): Buffer {
  const out = Buffer.alloc(12 + TS_GROUP_LENGTH, n & 0xff);
  writeRtpHeader(out, 0, false, options.payloadType ?? 33, n, options.time ?? n * 100, options.ssrc ?? 77);
  return out;
}

const unitsOf = (buffer: StreamBuffer) => buffer.read({ position: 0 }, 1e9) ?? [];

/** The numbers of the packets in the buffer, modulo 256. */
function numbersIn(buffer: StreamBuffer): number[] {
  const numbers: number[] = [];
  for (const { data } of unitsOf(buffer)) {
    for (let at = 0; at < data.length; at += TS_GROUP_LENGTH) numbers.push(data[at]);
  }
  return numbers;
}

test('packets go into the buffer in order, with sequence number and timestamp unwrapped', () => {
  const buffer = new StreamBuffer();
  const serverTime = 1_800_000_000_000;
  const start = serverTime * 90;
  const reception = new Reception({ station, buffer, next: 131_070, serverTime });
  const packets = [131_070, 131_072, 131_071, 131_073].map((n) => datagram(n, { time: start + (n - 131_070) * 9_000 }));
  reception.take(batchOf(packets), 5);
  assert.deepEqual(
    unitsOf(buffer).map(({ time, data }) => [time - start, data[0]]),
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

test('timestamps go on over the wrap at 2^32', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer });
  for (const n of [0, 1, 2]) reception.take(batchOf([datagram(n, { time: 2 ** 32 - 100 + n * 100 })]), 0);
  assert.deepEqual(
    unitsOf(buffer).map(({ time }) => time - (2 ** 32 - 100)),
    [0, 100, 200],
  );
});

test('what was lent may be written over: the stream has memory of its own, as has what waits', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer });
  for (const numbers of [[1, 2], [4, 5], [3]]) {
    const batch = batchOf(numbers.map((n) => datagram(n)));
    reception.take(batch, 0);
    batch.buffer.fill(0xee);
  }
  assert.deepEqual(numbersIn(buffer), [1, 2, 3, 4, 5]);
});

test('what the buffer no longer holds makes room for what comes', () => {
  const buffer = new StreamBuffer({ maxBytes: 500_000 });
  const reception = new Reception({ station, buffer });
  const memory = new Set<ArrayBufferLike>();
  const cursor = { position: 0 };
  for (let n = 0; n < 5_000; n++) {
    reception.take(batchOf([datagram(n)]), n);
    for (const { data } of buffer.read(cursor, 1e9)!) memory.add(data.buffer);
  }
  assert.ok(memory.size <= 5, `${memory.size} pieces of memory`);
});

test('packets of others on the same group and port are counted and left out', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer });
  const others = [datagram(2, { ssrc: 78 }), datagram(2, { payloadType: 26 }), Buffer.from('hello'), Buffer.alloc(0)];
  reception.take(batchOf([datagram(1), ...others, datagram(2)]), 0);
  assert.deepEqual(numbersIn(buffer), [1, 2]);
  assert.equal(reception.report().foreign, 4);
  assert.equal(reception.report().lost, 0);
});

test('what is missing is given up after the deadline, also when nothing comes', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer, reorder: { deadline: 50 } });
  reception.take(batchOf([1, 2, 4].map((n) => datagram(n))), 10);
  reception.take(batchOf([]), 59);
  assert.deepEqual(numbersIn(buffer), [1, 2]);
  reception.take(batchOf([]), 60);
  assert.deepEqual(numbersIn(buffer), [1, 2, 4]);
  assert.equal(reception.report().lost, 1);
});

test('no datagrams break it', () => {
  for (const format of ['h264', 'jpeg'] as const) {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (datagrams) => {
        const reception = new Reception({ station: { ...station, format }, buffer: new StreamBuffer() });
        datagrams.forEach((bytes, now) => {
          const framed = datagram(now, { payloadType: format === 'h264' ? 33 : 26 }).subarray(0, 12);
          reception.take(batchOf([Buffer.from(bytes), Buffer.concat([framed, Buffer.from(bytes)])]), now);
        });
      }),
    );
  }
});
