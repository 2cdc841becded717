import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import { PacketNumber, Ticks90k } from '../base/units.js';
import type { PeriodOptions } from './period.js';
import { Period } from './period.js';
import type { StationItem } from './playlist.js';
import { Station } from './station.js';
import { Timeline } from './timeline.js';

const START = 161_000_000_000_000;
const reels = [
  { times: [0, 900, 2_000], duration: 3_000 },
  { times: [0], duration: 700 },
  { times: [0, 10, 20, 30], duration: 5_000 },
];
const items: readonly StationItem[] = reels.map((reel, tag) => ({
  name: `item ${tag}`,
  reel: fakeReel({ ...reel, tag, format: 'jpeg' }),
}));

interface Step {
  /** Packets from the period before, of which the last is the new one's first. */
  packets: number;
  item: number;
  /** Which of two playlists. */
  list: number;
}

const lists = [items, items.slice(1)];
const steps = fc.array(fc.record({ packets: fc.integer({ min: 1, max: 30 }), item: fc.nat(1), list: fc.nat(1) }), {
  minLength: 1,
  maxLength: 20,
});

/** Periods behind each other, each when its first packet would have left anyway. */
function periodsOf(steps: readonly Step[]): PeriodOptions[] {
  const periods: PeriodOptions[] = [
    { from: Ticks90k(0), first: PacketNumber(0), items, item: 0, packet: 0, counters: null },
  ];
  let n = new Station({ items, ssrc: 1 }).at(Ticks90k(START));
  for (const { packets, item, list } of steps) {
    n = PacketNumber(n + packets);
    const from = new Station({ timeline: Timeline.of({ periods }), ssrc: 1 }).due(n);
    periods.push({ from, first: n, items: lists[list]!, item, packet: 0, counters: null });
  }
  return periods;
}

test('in any order of asking, a packet and a time belong to the period that began last', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: -50, max: 700 }), { maxLength: 30 }), (made, asked) => {
      const options = periodsOf(made);
      const station = new Station({ timeline: Timeline.of({ periods: options }), ssrc: 1 });
      const periods = options.map((each) => new Period(each));
      for (const offset of asked) {
        const n = station.at(Ticks90k(START)) + offset;
        const period = periods.findLast(({ first }) => first <= n) ?? periods[0]!;
        const due = station.due(PacketNumber(n));
        assert.equal(period.at(due) >= n, true);
        assert.deepEqual(station.itemOnAirAt(due).items, periods.findLast(({ from }) => from <= due)!.items);
        assert.equal(station.due(station.at(due)), due);
      }
    }),
  );
});

test('a delta has only the additions, with every item and every playlist once', () => {
  const whole = periodsOf([
    { packets: 5, item: 0, list: 0 },
    { packets: 5, item: 0, list: 1 },
    { packets: 5, item: 1, list: 0 },
  ]);
  const [first, ...rest] = whole as [PeriodOptions, ...PeriodOptions[]];
  let timeline = Timeline.of({ periods: [first] });
  for (const period of rest) {
    const copy = { ...period, items: [...period.items] }; // The same items in another array are the same playlist.
    timeline = timeline.with({ now: Ticks90k(START), periods: [copy], plan: [copy], override: null });
  }
  const sizes = [-1, 0, 1, 2, 3].map((revision) => {
    const { items, playlists, periods, oldest } = timeline.deltaSince(revision);
    return [items.added.length, playlists.added.length, periods.added.length, oldest];
  });
  assert.deepEqual(sizes, [
    [3, 2, 4, 0],
    [0, 1, 3, 0],
    [0, 1, 2, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 0],
  ]);
});

test('a delta that does not fit is refused, and one that comes twice changes nothing', () => {
  const whole = periodsOf([
    { packets: 5, item: 0, list: 1 },
    { packets: 5, item: 1, list: 0 },
  ]);
  const [first, second, third] = whole as [PeriodOptions, PeriodOptions, PeriodOptions];
  const one = Timeline.of({ periods: [first] });
  const two = one.with({ now: Ticks90k(START), periods: [second], plan: [second], override: null });
  const three = two.with({ now: Ticks90k(START), periods: [third], plan: [third], override: { id: 'slate' } });
  assert.throws(() => one.withDelta(three.deltaSince(1)), /revision 1 does not fit revision 0/);
  const delta = three.deltaSince(0);
  const there = one.withDelta(delta);
  assert.deepEqual(there.deltaSince(-1), three.deltaSince(-1));
  assert.deepEqual(there.withDelta(delta).deltaSince(-1), three.deltaSince(-1));
  for (const wrong of [
    { ...delta, periods: { ...delta.periods, first: 9 } },
    { ...delta, playlists: { first: 0, added: [[7]] } },
    { ...delta, plan: [{ ...delta.plan[0]!, playlist: 7 }] },
  ]) {
    assert.throws(() => one.withDelta(wrong), RangeError);
  }
});
