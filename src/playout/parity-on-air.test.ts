import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReader, fakeReel } from '../../test/support/fake-reel.js';
import { type FakeSource, fakeSource } from '../../test/support/fake-source.js';
import { playoutAt, type Sent, start } from '../../test/support/hand-playout.js';
import { begin } from '../../test/support/timeline.js';
import { Millis, millisToTicks, PacketNumber, Ticks90k, ticksToMillis, unwrap } from '../base/units.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import { NOTICE } from '../station/change.js';
import { parityOf } from '../station/fec-source.js';
import { type PacketSource, packetsOf } from '../station/packet-source.js';
import { Station } from '../station/station.js';
import { StationCounters } from '../threads/station-counters.js';
import type { FecMode } from '../wire/fec.js';
import { ParityOnAir } from './parity-on-air.js';
import { EARLY, PERIOD } from './playout.js';

const size = { columns: 10, rows: 5 };
const PORT = 5_000;
const [COLUMNS, ROWS] = [PORT + 2, PORT + 4];

/** A station with parity on the air, its clock turned by hand. */
function onAir(options: { station?: PacketSource; mode?: FecMode; reader?: PayloadReader } = {}) {
  const { station = fakeSource(), mode = 'both', reader } = options;
  const { memory, playout, add, ...rest } = playoutAt({ reader });
  const progress = add('a', station, PORT);
  const parity = new ParityOnAir(playout, memory.scratch());
  const [columns, rows] = [new StationCounters(), new StationCounters()];
  const fec = { size, mode, columns: columns.shared, rows: rows.shared };
  parity.add({ id: 'a', station, group: '239.255.0.1', port: PORT, bitrate: 5e6, fec });
  return { ...rest, playout, parity, progress, columns, rows };
}

/** The unwrapped numbers of the packets sent to `port`. */
function numbersOf(sent: readonly Sent[], port: number, source: PacketSource): number[] {
  const near = source.at(millisToTicks(start));
  return sent.filter((each) => each.port === port).map((each) => unwrap(each.sequenceNumber, near, 65_536));
}

const following = (numbers: readonly number[]) => Array.from(numbers, (_, i) => numbers[0]! + i);

/** Checks that the parity sent is right, and each packet behind those that it protects. */
function check(sent: readonly Sent[], station: FakeSource): { columns: number[]; rows: number[] } {
  const parity = parityOf(fakeSource(), size);
  const leaving = new Map(numbersOf(sent, PORT, station).map((n, i) => [n, i]));
  const media = sent.filter(({ port }) => port === PORT);
  const of = { columns: [] as number[], rows: [] as number[] };
  for (const [name, port, covers] of [
    ['columns', COLUMNS, (m: number) => (Math.floor(m / 10) + 1) * 50 + (m % 10)],
    ['rows', ROWS, (m: number) => m * 10 + 9],
  ] as const) {
    of[name] = numbersOf(sent, port, parity[name]);
    const own = sent.filter((each) => each.port === port);
    of[name].forEach((m, i) => {
      const packet = own[i]!;
      assert.deepEqual(packet.bytes, packetsOf(parity[name], PacketNumber(m), PacketNumber(m + 1))[0], `${name} ${m}`);
      const behind = leaving.get(covers(m));
      assert.ok(behind !== undefined && sent.indexOf(media[behind]!) < sent.indexOf(packet), `${name} ${m} too early`);
      const late = packet.time - ticksToMillis(parity[name].due(PacketNumber(m)));
      assert.ok(late >= -EARLY && late <= PERIOD - EARLY, `${late} ms late`);
    });
  }
  return of;
}

test('parity of columns and rows leaves in whole blocks, behind the packets that it protects, and is counted', () => {
  const station = fakeSource();
  const { sent, play, progress, columns, rows } = onAir({ station });
  play(1_000); // Ten blocks, of which the first is not whole.
  const left = check(sent, station);
  assert.deepEqual(left.columns, following(left.columns));
  assert.deepEqual(left.rows, following(left.rows));
  assert.equal(left.columns[0]! % 10, 0);
  assert.equal(left.rows[0]! % 5, 0);
  assert.ok(left.columns.length >= 80 && left.rows.length >= 40);
  assert.deepEqual([columns.packets, rows.packets], [left.columns.length, left.rows.length]);
  assert.equal(columns.bytes, left.columns.length * (12 + 16 + 40));
  assert.equal(progress.packets, sent.filter(({ port }) => port === PORT).length);
  assert.equal(progress.next, station.at(millisToTicks(start)) + 1 + progress.packets);
  assert.deepEqual([columns.droppedLate, rows.droppedLate, columns.waits], [0, 0, 0]);
});

test('a change of the parity takes effect at a block’s beginning, and leaves the station alone', () => {
  const station = fakeSource();
  const { sent, play, parity, progress } = onAir({ station, mode: 'none' });
  const steps: [FecMode, columns: boolean, rows: boolean][] = [
    ['none', false, false],
    ['columns', true, false],
    ['both', true, true],
    ['columns', true, false],
    ['both', true, true],
    ['none', false, false],
  ];
  for (const [mode, hasColumns, hasRows] of steps) {
    parity.set('a', mode);
    play(233);
    const settled = sent.length;
    play(333);
    const ports = new Set(sent.slice(settled).map(({ port }) => port));
    assert.deepEqual([ports.has(COLUMNS), ports.has(ROWS)], [hasColumns, hasRows], mode);
  }
  // Numbers are consecutive within a stretch; stretches are whole blocks.
  const borders = (numbers: number[]) =>
    numbers.filter((m, i) => m !== numbers[i - 1]! + 1 || m !== numbers[i + 1]! - 1).slice(1, -1);
  const left = check(sent, station);
  assert.deepEqual(borders(left.columns), []);
  assert.equal(left.columns.length % 10, 0);
  const rowBorders = borders(left.rows);
  assert.equal(rowBorders.length, 2, 'one pause of the rows');
  assert.equal((rowBorders[0]! + 1) % 5, 0);
  assert.equal(rowBorders[1]! % 5, 0);
  assert.equal(left.rows.length % 5, 0);
  assert.equal(progress.droppedLate, 0);
});

test('parity that is switched on again before its block ends goes on without a gap', () => {
  const station = fakeSource();
  const { sent, play, parity } = onAir({ station });
  play(545); // In the middle of a block.
  parity.set('a', 'none');
  play(9);
  parity.set('a', 'both');
  play(512);
  const left = check(sent, station);
  assert.deepEqual(left.columns, following(left.columns));
  assert.deepEqual(left.rows, following(left.rows));
});

test('a station whose parity is off is read once, like one that never has any', () => {
  const station = fakeSource();
  const { play } = onAir({ station, mode: 'none' });
  play(1_000);
  assert.deepEqual(station.written, following(station.written));
});

test('a reader that would wait for the disk is asked only for the station’s packets in memory', () => {
  const asked: number[] = [];
  const reader = fakeReader((_tag, packet, count) => {
    for (let i = 0; i < count; i++) asked.push(packet + i);
    return count;
  }, true);
  const times = Array.from({ length: 100_000 }, (_, i) => i * 180);
  const reel = fakeReel({ times, duration: times.length * 180 });
  const station = new Station({ items: [{ name: 'steady', reel }], ssrc: 1 });
  const { sent, play, progress } = onAir({ station, reader });
  play(50);
  assert.deepEqual(asked, []);
  for (let i = 0; i < 100; i++) {
    progress.readTo = PacketNumber(station.at(millisToTicks(Millis(start + 50 + i * 10))) + 8); // Never a whole row ahead.
    play(10);
    const most = Math.max(...asked);
    assert.ok(most < progress.readTo % station.cyclePackets, `${most} of ${progress.readTo}`);
  }
  for (const port of [COLUMNS, ROWS]) {
    const numbers = sent.filter((each) => each.port === port).map(({ sequenceNumber }) => sequenceNumber);
    assert.ok(numbers.length >= 40);
    assert.deepEqual(numbers, following(numbers));
  }
});

test('parity of packets that the disk does not bring is dropped in time, and later parity is right', () => {
  let gone = 0;
  const station = fakeSource({ isInMemory: (n) => n < gone || n >= gone + 20 });
  const { sent, play, progress, columns } = onAir({ station });
  gone = station.at(millisToTicks(Millis(start + 400)));
  play(1_500);
  assert.ok(progress.droppedLate > 0 && progress.droppedLate < 30);
  assert.ok(columns.droppedLate > 0);
  const parity = parityOf(fakeSource(), size);
  const after = (gone + 200) * 2;
  for (const [port, source] of [
    [COLUMNS, parity.columns],
    [ROWS, parity.rows],
  ] as const) {
    const own = sent.filter((each) => each.port === port && each.time > after);
    const numbers = numbersOf(own, port, source);
    assert.ok(own.length >= 20);
    assert.deepEqual(numbers, following(numbers));
    own.forEach(({ bytes }, i) => {
      assert.deepEqual(bytes, packetsOf(source, PacketNumber(numbers[i]!), PacketNumber(numbers[i]! + 1))[0]);
    });
  }
});

test('the parity of a station that is taken off the air ends', () => {
  const { sent, play, parity, playout } = onAir();
  play(300);
  parity.remove('a');
  playout.remove('a');
  sent.length = 0;
  assert.equal(playout.tick(), Number.POSITIVE_INFINITY);
  assert.deepEqual(sent, []);
  parity.set('a', 'both');
  assert.equal(playout.tick(), Number.POSITIVE_INFINITY);
});

test('parity of packets that a change replaces is computed again', () => {
  const stationOf = (tag: number) => {
    const reel = fakeReel({ times: Array.from({ length: 60 }, (_, i) => i * 9_000), duration: 540_000, tag });
    return new Station({ items: [{ name: `${tag}`, reel }], ssrc: 1 });
  };
  const station = stationOf(1);
  const { clock, sent, parity, playout, play } = onAir({ station });
  play(8_000);
  const first = PacketNumber(station.at(Ticks90k(millisToTicks(clock.now) + NOTICE)) + 1);
  const { items } = stationOf(2);
  begin(station, { from: station.due(first), first, items, item: 0, packet: 0, counters: null });
  playout.readAgain('a');
  parity.change('a');
  play(20_000);
  const fresh = parityOf(station, size);
  for (const [port, source] of [
    [COLUMNS, fresh.columns],
    [ROWS, fresh.rows],
  ] as const) {
    const own = sent.filter((each) => each.port === port);
    for (const [i, m] of numbersOf(sent, port, source).entries()) {
      assert.deepEqual(own[i]!.bytes, packetsOf(source, PacketNumber(m), PacketNumber(m + 1), fakeReader())[0]);
    }
    assert.ok(own.length > 5);
  }
});
