import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../base/units.js';
import { Pid, TS_GROUP_LENGTH, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../wire/ts.js';
import { StreamBuffer, type StreamUnit } from './stream-buffer.js';
import { UnitPacker } from './unit-packer.js';

function packing(): { packer: UnitPacker; units: StreamUnit[] } {
  const units: StreamUnit[] = [];
  return { packer: new UnitPacker((unit) => units.push(unit)), units };
}

/** PAT, PMT, PCR and the beginning of a picture. */
function accessPoint(): Buffer {
  const payload = Buffer.alloc(TS_GROUP_LENGTH);
  const headers = [
    [TS_SYNC_BYTE, 0x40 | (Pid.pat >> 8), Pid.pat & 0xff, 0x10],
    [TS_SYNC_BYTE, 0x40 | (Pid.pmt >> 8), Pid.pmt & 0xff, 0x10],
    [TS_SYNC_BYTE, Pid.video >> 8, Pid.video & 0xff, 0x20, 7, 0x10],
    [TS_SYNC_BYTE, 0x40 | (Pid.video >> 8), Pid.video & 0xff, 0x30, 1, 0x40],
  ];
  for (const [i, header] of headers.entries()) payload.set(header, i * TS_PACKET_LENGTH);
  return payload;
}

test('consecutive payloads become one unit until it is flushed', () => {
  const { packer, units } = packing();
  const buffer = Buffer.from('..abc..def..');
  packer.add(Ticks90k(1), buffer, 2, 5);
  packer.add(Ticks90k(2), buffer, 7, 10);
  assert.deepEqual(units, []);
  packer.flush();
  packer.flush();
  packer.add(Ticks90k(3), buffer, 2, 3);
  packer.flush();
  assert.deepEqual(
    units.map(({ time, data, randomAccess }) => [time, String(data), randomAccess]),
    [
      [1, 'abcdef', false],
      [3, 'a', false],
    ],
  );
});

test('a unit ends before a random access point, after 20 ms, and where time goes back', () => {
  const { packer, units } = packing();
  const payload = Buffer.from('abc');
  const point = accessPoint();
  for (const time of [0, 1799, 1800]) packer.add(Ticks90k(time), payload, 0, 3);
  packer.add(Ticks90k(1801), point, 0, point.length);
  packer.add(Ticks90k(1802), payload, 0, 3);
  packer.add(Ticks90k(900), payload, 0, 3);
  packer.flush();
  assert.deepEqual(
    units.map(({ time, data, randomAccess }) => [time, data.length, randomAccess]),
    [
      [0, 6, false],
      [1800, 3, false],
      [1801, TS_GROUP_LENGTH + 3, true],
      [900, 3, false],
    ],
  );
});

test('any amount of data is kept, byte for byte', () => {
  const { packer, units } = packing();
  const payloads = Array.from({ length: 1000 }, (_, i) => Buffer.alloc(i * 2, i));
  for (const payload of [...payloads, Buffer.alloc(600_000, 7)]) packer.add(Ticks90k(0), payload, 0, payload.length);
  packer.flush();
  const kept = Buffer.concat(units.map(({ data }) => data));
  assert.ok(kept.equals(Buffer.concat([...payloads, Buffer.alloc(600_000, 7)])));
});

test('memory is reused when its units are dropped, and not before', () => {
  const buffer = new StreamBuffer({ maxBytes: 700_000 });
  const memory = new Set<ArrayBufferLike>();
  const packer = new UnitPacker((unit) => {
    memory.add(unit.data.buffer);
    buffer.push(unit);
  });
  buffer.onDropped = (unit) => packer.reclaim(unit);
  const payload = Buffer.alloc(TS_GROUP_LENGTH);
  let first = 0; // the oldest unit that is held
  for (let n = 0; n < 10_000; n++) {
    payload.writeUInt32BE(n, 4);
    packer.add(Ticks90k(n * 2000), payload, 0, payload.length);
    packer.flush();
    if (n % 100 !== 0) continue;
    while (buffer.hasLost({ position: first })) first++;
    const held = buffer.read({ position: first }, 1e9)!;
    assert.deepEqual(
      held.map(({ data }) => data.readUInt32BE(4)),
      Array.from({ length: n + 1 - first }, (_, i) => first + i),
    );
  }
  assert.ok(memory.size <= 5, `${memory.size} pieces for 700 kB`);
});

test('a reader that drops the units it has read needs memory only for unread ones', () => {
  const buffer = new StreamBuffer();
  const memory = new Set<ArrayBufferLike>();
  const packer = new UnitPacker((unit) => {
    memory.add(unit.data.buffer);
    buffer.push(unit);
  });
  buffer.onDropped = (unit) => packer.reclaim(unit);
  const payload = Buffer.alloc(TS_GROUP_LENGTH);
  const cursor = { position: 0 };
  for (let n = 0; n < 10_000; n++) {
    packer.add(Ticks90k(n * 100), payload, 0, payload.length);
    packer.flush();
    if (n % 400 !== 0) continue;
    buffer.read(cursor, 1e9);
    buffer.dropBefore(cursor);
  }
  assert.ok(memory.size <= 8, `${memory.size} pieces for 400 packets`);
});
