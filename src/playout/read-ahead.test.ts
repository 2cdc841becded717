import assert from 'node:assert/strict';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReel, systemError } from '../../test/support/fake-reel.js';
import { madeFilm, madeReel } from '../../test/support/made-reel.js';
import { play } from '../../test/support/timeline.js';
import { Millis, millisToTicks, PacketNumber, ticksToMillis } from '../base/units.js';
import { Station } from '../station/station.js';
import { loadLibc } from '../system/libc.js';
import { RECOVERY } from '../threads/read-errors.js';
import { StationCounters } from '../threads/station-counters.js';
import { AHEAD, adviseKernel, ReadAhead, readThrough } from './read-ahead.js';

const start = Millis(1_790_000_000_000);

/** Two items, a packet every 10 ms; payloads of 16 bytes. */
const twoItems = () =>
  new Station({
    items: [1, 2].map((tag) => ({
      name: `${tag}`,
      reel: fakeReel({ times: Array.from({ length: 70 }, (_, i) => i * 900), duration: 63_000, tag }),
    })),
    ssrc: 1,
  });

function readAhead(fail: () => Error | null = () => null) {
  const brought: { descriptor: number; position: number; length: number }[] = [];
  const errors: string[] = [];
  const ahead = new ReadAhead(
    (descriptor, position, length) => {
      const error = fail();
      if (error) throw error;
      brought.push({ descriptor, position, length });
    },
    (id, { code, message }) => errors.push(`${id}: ${code}, ${message}`),
  );
  return { ahead, brought, errors };
}

/** Reads until nothing more is to be read at once. */
function readAll(ahead: ReadAhead, now: () => number): void {
  while (ahead.read(() => Millis(now())));
}

test('packets of the next second are brought once and in order, across items and cycles', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 30 }), (steps) => {
      const { ahead, brought } = readAhead();
      const station = twoItems();
      const progress = new StationCounters();
      ahead.add({ id: 'a', station, progress, now: start });
      let now: number = start;
      for (const step of steps) {
        readAll(ahead, () => now);
        const until = ticksToMillis(station.due(progress.readTo));
        assert.ok(until > now + AHEAD / 2 && until <= now + AHEAD + 20, `${until - now} ms ahead`);
        now += step;
      }
      const packets = brought.flatMap(({ descriptor, position, length }) =>
        Array.from({ length: length / 16 }, (_, i) => `${descriptor} ${position / 16 + i}`),
      );
      const expected = station
        .ranges(station.at(millisToTicks(start)), progress.readTo)
        .flatMap(({ reel, from, to }) =>
          Array.from({ length: to - from }, (_, i) => `${reel.data.descriptor} ${from + i}`),
        );
      assert.deepEqual(packets, expected);
    }),
  );
});

test('packets that are not in memory any more are brought again', () => {
  const { ahead, brought } = readAhead();
  const station = twoItems();
  const progress = new StationCounters();
  ahead.add({ id: 'a', station, progress, now: start });
  readAll(ahead, () => start);
  const bytes = () => brought.reduce((sum, { length }) => sum + length, 0);
  const before = bytes();
  progress.readTo = PacketNumber(progress.readTo - 60);
  readAll(ahead, () => start);
  assert.ok(bytes() - before >= 50 * 16);
  assert.ok(progress.readTo > station.at(millisToTicks(Millis(start + AHEAD / 2))));
});

test('after a long stall only packets that are still to be sent are brought', () => {
  const { ahead, brought } = readAhead();
  const station = twoItems();
  ahead.add({ id: 'a', station, progress: new StationCounters(), now: start });
  readAll(ahead, () => start);
  brought.length = 0;
  readAll(ahead, () => start + 60_000);
  const bytes = brought.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes <= (AHEAD / 10 + 2) * 16, `${bytes}`);
});

test('an error of the disk is counted and reported once, and reading goes on behind it', () => {
  let error: Error | null = systemError('EIO');
  const { ahead, brought, errors } = readAhead(() => error);
  const progress = new StationCounters();
  ahead.add({ id: 'a', station: twoItems(), progress, now: start });
  for (let time = 0; time < 5_000; time += 500) readAll(ahead, () => start + time);
  assert.deepEqual(errors, ['a: EIO, EIO: the disk is gone, read']);
  const failed = progress.readErrors;
  assert.ok(failed >= 5);
  error = null;
  readAll(ahead, () => start + 5_500);
  assert.ok(brought.length > 0);
  assert.equal(progress.readErrors, failed);
  error = systemError('EIO');
  readAll(ahead, () => start + 5_500 + RECOVERY);
  assert.equal(errors.length, 2, 'it had recovered');
});

test('an error that no system call made is a fault of the program: it is thrown', () => {
  const error = new RangeError('out of range');
  const { ahead, errors } = readAhead(() => error);
  ahead.add({ id: 'a', station: twoItems(), progress: new StationCounters(), now: start });
  assert.throws(() => readAll(ahead, () => start), error);
  assert.deepEqual(errors, []);
});

test('the station that runs out first is read for first, and stations on the air before those that begin', () => {
  const order: number[] = [];
  let now: number = start;
  const ahead = new ReadAhead(
    (descriptor) => {
      order.push(descriptor);
      now += 60; // The disk is slow.
    },
    (_id, { message }) => assert.fail(message),
  );
  const stationOf = (tag: number) =>
    new Station({
      items: [
        {
          name: `${tag}`,
          reel: fakeReel({ times: Array.from({ length: 100 }, (_, i) => i * 9_000), duration: 900_000, tag }),
        },
      ],
      ssrc: tag,
    });
  const add = (tag: number) =>
    ahead.add({ id: `${tag}`, station: stationOf(tag), progress: new StationCounters(), now: Millis(now) });
  add(1);
  readAll(ahead, () => now);
  now += 300;
  add(2);
  readAll(ahead, () => now);
  order.length = 0;
  now += 950; // The first has nothing left, the second a little.
  for (const tag of [3, 4, 5]) add(tag);
  assert.equal(
    ahead.read(() => Millis(now)),
    true,
    'the disk is slow: messages come first',
  );
  assert.deepEqual(order, [1, 2]);
  readAll(ahead, () => now);
  assert.deepEqual([...new Set(order)].sort(), [1, 2, 3, 4, 5]);
});

test('a removed station is not read any more', () => {
  const { ahead, brought } = readAhead();
  ahead.add({ id: 'a', station: twoItems(), progress: new StationCounters(), now: start });
  ahead.remove('a');
  readAll(ahead, () => start);
  assert.deepEqual(brought, []);
});

for (const [name, bringing] of [
  ['reading through', async () => readThrough()],
  [
    'advising the kernel',
    async () => {
      const loaded = await loadLibc();
      return loaded.libc === null ? null : adviseKernel(loaded.libc);
    },
  ],
] as const) {
  test(`${name}: reading past the end of the file is an error with the position`, async (context) => {
    const bring = await bringing();
    if (bring === null) return context.skip('Linux only');
    const folder = mkdtempSync(join(tmpdir(), 'msc-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'reel');
    writeFileSync(path, Buffer.alloc(300_000));
    const descriptor = openSync(path, 'r');
    bring(descriptor, 0, 300_000);
    bring(descriptor, 123, 1);
    assert.throws(() => bring(descriptor, 299_000, 2_000), /ends.*301000/);
  });
}

test('the packets of a change are brought a second before it begins', async (context) => {
  const { ahead, brought } = readAhead();
  const [one, two] = await Promise.all([madeReel(context, madeFilm(200, 48)), madeReel(context, madeFilm(100, 24))]);
  const station = new Station({ items: [{ name: 'one', reel: one }], ssrc: 1 });
  ahead.add({ id: 'a', station: Station.of(station.data), progress: new StationCounters(), now: start });
  play(station, millisToTicks(Millis(start + 2_000)), [{ name: 'two', reel: two }]);
  const isBrought = () => brought.some(({ descriptor }) => descriptor === two.data.descriptor);
  ahead.change('a', station.deltaSince(0));
  readAll(ahead, () => start + 900);
  assert.equal(isBrought(), false);
  const begins = ticksToMillis(station.timeline.periods[1]!.from);
  readAll(ahead, () => begins - 500);
  assert.equal(isBrought(), true);
});
