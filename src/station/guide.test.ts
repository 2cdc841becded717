import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import { begin } from '../../test/support/timeline.js';
import { Millis, PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { NowOnAir, programmesOf } from './guide.js';
import { Station } from './station.js';

const seconds = (count: number): Ticks90k => Ticks90k(count * TICKS_PER_SECOND);
/** The item on the air at a time, without a memory of earlier answers. */
const onAirAt = (station: Station, time: number) => new NowOnAir(station).at(Ticks90k(time));
const item = (name: string, length: number) => ({ name, reel: fakeReel({ times: [0], duration: seconds(length) }) });

test('the item on the air ends when the next item begins', () => {
  const station = new Station({ items: [item('one', 10), item('two', 5)], ssrc: 1 });
  assert.deepEqual(onAirAt(station, seconds(3)), { nowPlaying: 'one', nowUntil: 10_000, next: 'two' });
  assert.deepEqual(onAirAt(station, seconds(10)), { nowPlaying: 'two', nowUntil: 15_000, next: 'one' });
});

test('an item that follows itself is one programme, and the only one has no end', () => {
  const one = item('one', 10);
  const twice = new Station({ items: [one, one, item('two', 5)], ssrc: 1 });
  assert.deepEqual(onAirAt(twice, seconds(3)), { nowPlaying: 'one', nowUntil: 20_000, next: 'two' });
  assert.deepEqual(onAirAt(new Station({ items: [one], ssrc: 1 }), seconds(3)), { nowPlaying: 'one' });
});

test('a title is announced up to 200 characters', () => {
  const station = new Station({ items: [item('x'.repeat(500), 10), item('y'.repeat(500), 5)], ssrc: 1 });
  const { nowPlaying, next } = onAirAt(station, 0);
  assert.deepEqual([nowPlaying.length, next?.length], [200, 200]);
});

test('the item on the air is computed once until it changes, and its reader knows when that is', () => {
  const one = item('one', 10);
  const two = item('two', 5);
  const station = new Station({ items: [one, two], ssrc: 1 });
  const now = new NowOnAir(station);
  const first = now.at(seconds(3));
  assert.equal(now.until, 10_000);
  assert.equal(now.at(Ticks90k(seconds(10) - 1)), first);
  assert.deepEqual(now.at(seconds(10)), { nowPlaying: 'two', nowUntil: 15_000, next: 'one' });
  assert.deepEqual(now.at(seconds(3)), first);
  const period = { items: [one], item: 0, packet: 0, counters: null };
  begin(station, { ...period, from: seconds(30), first: PacketNumber(4) });
  assert.deepEqual(now.at(seconds(26)), { nowPlaying: 'two', nowUntil: 30_000, next: 'one' });
});

test('an item that repeats for ever is looked up once, and one that repeats until a change as often', () => {
  const [one, two] = [item('one', 1), item('two', 1)];
  const station = new Station({ items: [one], ssrc: 1 });
  let lookups = 0;
  const { itemOnAirAt } = station;
  station.itemOnAirAt = (time) => {
    lookups++;
    return itemOnAirAt.call(station, time);
  };
  const now = new NowOnAir(station);
  for (let second = 0; second < 1_000; second++) now.at(seconds(second));
  assert.deepEqual([now.until, lookups], [Number.POSITIVE_INFINITY, 1]);
  const period = { items: [two], item: 0, packet: 0, counters: null };
  begin(station, { ...period, from: seconds(5_000), first: PacketNumber(5_000) });
  assert.deepEqual(now.at(Ticks90k(0)), { nowPlaying: 'one', nowUntil: 5_000_000, next: 'two' });
  assert.ok(lookups < 5);
});

test('programmes are the items on the air in their order, the first and the last in full', () => {
  const station = new Station({ items: [item('one', 10), item('two', 5)], ssrc: 1 });
  assert.deepEqual(programmesOf(station, Millis(3_000), Millis(26_000)), [
    { from: 0, to: 10_000, title: 'one' },
    { from: 10_000, to: 15_000, title: 'two' },
    { from: 15_000, to: 25_000, title: 'one' },
    { from: 25_000, to: 30_000, title: 'two' },
  ]);
  assert.deepEqual(programmesOf(station, Millis(10_000), Millis(15_000)), [{ from: 10_000, to: 15_000, title: 'two' }]);
  assert.deepEqual(programmesOf(station, Millis(3_000), Millis(3_000)), []);
});

test('an item that repeats for ever is one programme, of the length asked for', () => {
  const station = new Station({ items: [item('one', 10)], ssrc: 1 });
  assert.deepEqual(programmesOf(station, Millis(3_000), Millis(3_600_000)), [
    { from: 3_000, to: 3_600_000, title: 'one' },
  ]);
  assert.equal(programmesOf(station, Millis(0), Millis(100 * 365 * 86_400_000)).length, 1);
});

test('programmes follow each other without a hole, and no two in a row are the same item', () => {
  const lengths = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 20 })), {
    minLength: 1,
    maxLength: 5,
  });
  const times = [fc.nat(1_000_000), fc.integer({ min: 1, max: 200_000 })] as const;
  fc.assert(
    fc.property(lengths, ...times, (items, from, length) => {
      const known = new Map(items.map(([name, seconds]) => [name, item(name, seconds)]));
      const station = new Station({ items: items.map(([name]) => known.get(name)!), ssrc: 1 });
      const programmes = programmesOf(station, Millis(from), Millis(from + length));
      assert.ok(programmes[0]!.from <= from && programmes.at(-1)!.to >= from + length);
      for (const [i, { from, to, title }] of programmes.entries()) {
        assert.ok(from < to);
        assert.equal(station.itemAt(Ticks90k(from * 90)).name, title);
        assert.equal(station.itemAt(Ticks90k(Math.ceil(to * 90) - 1)).name, title);
        if (i > 0) assert.deepEqual([programmes[i - 1]!.to, programmes[i - 1]!.title !== title], [from, true]);
      }
    }),
  );
});

test('a guide has 10,000 programmes at most', () => {
  const station = new Station({ items: [item('one', 1), item('two', 1)], ssrc: 1 });
  assert.equal(programmesOf(station, Millis(0), Millis(365 * 86_400_000)).length, 10_000);
});
