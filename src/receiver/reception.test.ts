import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeRtpHeader } from '../wire/rtp.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';
import { Reception } from './reception.js';
import { StreamBuffer } from './stream-buffer.js';

const station = { format: 'h264', ssrc: 77, width: 640, height: 360 } as const;

function datagram(n: number, options: { ssrc?: number; payloadType?: number; time?: number } = {}): Buffer {
  const out = Buffer.alloc(12 + TS_GROUP_LENGTH, n & 0xff);
  writeRtpHeader(out, 0, false, options.payloadType ?? 33, n, options.time ?? n * 100, options.ssrc ?? 77);
  return out;
}

function everything(buffer: StreamBuffer): { first: number; time: number }[] {
  return (buffer.read({ position: 0 }, 1e9) ?? []).map(({ data, time }) => ({ first: data[0], time }));
}

test('packets go into the buffer in order, with sequence number and timestamp unwrapped', () => {
  const buffer = new StreamBuffer();
  const serverTime = 1_800_000_000_000;
  const start = serverTime * 90;
  const reception = new Reception({ station, buffer, next: 131_070, serverTime });
  for (const n of [131_070, 131_072, 131_071, 131_073]) {
    reception.datagram(datagram(n, { time: start + (n - 131_070) * 100 }), 5);
  }
  assert.deepEqual(
    everything(buffer).map(({ time }) => time - start),
    [0, 100, 200, 300],
  );
  assert.equal(reception.report().reordered, 1);
  assert.equal(reception.report().lastArrival, 5);
});

test('timestamps go on over the wrap at 2^32', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer });
  for (const n of [0, 1, 2]) reception.datagram(datagram(n, { time: 2 ** 32 - 100 + n * 100 }), 0);
  assert.deepEqual(
    everything(buffer).map(({ time }) => time - (2 ** 32 - 100)),
    [0, 100, 200],
  );
});

test('packets of others on the same group and port are counted and left out', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer });
  reception.datagram(datagram(1), 0);
  reception.datagram(datagram(2, { ssrc: 78 }), 0);
  reception.datagram(datagram(2, { payloadType: 26 }), 0);
  reception.datagram(Buffer.from('hello'), 0);
  reception.datagram(datagram(2), 0);
  assert.equal(everything(buffer).length, 2);
  assert.equal(reception.report().foreign, 3);
  assert.equal(reception.report().lost, 0);
});

test('what is missing is given up by the tick after the deadline', () => {
  const buffer = new StreamBuffer();
  const reception = new Reception({ station, buffer, reorder: { deadline: 50 } });
  for (const n of [1, 2, 4]) reception.datagram(datagram(n), 10);
  assert.equal(everything(buffer).length, 2);
  assert.equal(reception.nextDeadline(), 60);
  reception.tick(60);
  assert.equal(everything(buffer).length, 3);
  assert.equal(reception.report().lost, 1);
});

test('no datagrams break it', () => {
  for (const format of ['h264', 'jpeg'] as const) {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (datagrams) => {
        const reception = new Reception({ station: { ...station, format }, buffer: new StreamBuffer() });
        datagrams.forEach((bytes, now) => {
          const framed = datagram(now, { payloadType: format === 'h264' ? 33 : 26 }).subarray(0, 12);
          reception.datagram(Buffer.from(bytes), now);
          reception.datagram(Buffer.concat([framed, Buffer.from(bytes)]), now);
        });
      }),
    );
  }
});
