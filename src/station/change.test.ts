import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { fakeReader, fakeReel } from '../../test/support/fake-reel.js';
import { madeFilm, madeReel } from '../../test/support/made-reel.js';
import { scratchFolder } from '../../test/support/spool.js';
import { begin, play } from '../../test/support/timeline.js';
import { analyseTs } from '../../test/support/ts-analyser.js';
import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import { TsReel } from '../reel/ts-reel.js';
import { parseRtp, RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { Pid } from '../wire/ts.js';
import { exchangeReels, NOTICE, replaceItems, resumeProgramme, showSlate, skipItem } from './change.js';
import { type FecSource, parityOf } from './fec-source.js';
import { packetsOf } from './packet-source.js';
import { plannedAt as planAt } from './plan.js';
import type { StationItem } from './playlist.js';
import { nextCut } from './splice.js';
import { endOfPictures } from './splice-state.js';
import { Station } from './station.js';
import { MOST_PAST, Timeline, type TimelineChange } from './timeline.js';

const start = Ticks90k(161_000_000_000_000);

/** Four frames of AAC: a gap between two units is shorter than one more unit. */
const SOUND_UNIT = Ticks90k(4 * 1_930);

/** Two films, a short one that can only be begun at its beginning, and a slate. */
async function makeItems(context: TestContext, further = 0): Promise<StationItem[]> {
  const films = [madeFilm(200, 48), madeFilm(130, 24, 3), madeFilm(40, 40, 5), madeFilm(72, 24, 7)];
  const reels = await Promise.all(films.map((film) => madeReel(context, { ...film, further })));
  return reels.map((reel, i) => ({ name: `item ${i}`, reel }));
}

/** Commands of an operator, each some time after the one before. */
const actions = fc.array(
  fc.record({
    does: fc.constantFrom('skip' as const, 'slate' as const, 'back' as const, 'reorder' as const),
    after: fc.integer({ min: 0, max: 12 * TICKS_PER_SECOND }).map(Ticks90k),
  }),
  { minLength: 1, maxLength: 8 },
);

interface Operated {
  station: Station;
  /** When the last period begins, at the latest. */
  end: Ticks90k;
}

const plannedAt = ({ timeline: { plan } }: Station, time: Ticks90k) => {
  const planned = planAt(plan, time);
  return { ...planned, item: planned.items[planned.index]! };
};
const copyOf = ({ ssrc, timeline }: Station) => new Station({ timeline, ssrc });

/** Calls `changed` after each change, with the station as it was before. */
function operate(
  items: readonly StationItem[],
  done: { does: string; after: Ticks90k }[],
  changed: (station: Station, before: Station, change: TimelineChange) => void = () => undefined,
): Operated {
  const [slate] = items.slice(-1);
  const order = items.slice(0, -1);
  const station = new Station({ items: order, ssrc: 1 });
  let now = start;
  for (const { does, after } of done) {
    now = Ticks90k(now + after);
    const before = copyOf(station);
    const isShowing = station.timeline.override !== null;
    let change: TimelineChange | null = null;
    if (does === 'slate') change = showSlate(station, now, { id: 'slate', item: slate! });
    else if (does === 'back') change = isShowing ? resumeProgramme(station, now) : null;
    else if (does === 'skip') change = skipItem(station, now);
    else if (does === 'reorder') change = replaceItems(station, now, [...order].reverse());
    if (change === null) continue;
    station.change(change);
    changed(station, before, change);
  }
  return { station, end: Ticks90k(Math.max(now, station.timeline.periods.at(-1)!.from)) };
}

const streamOf = (station: Station, from: PacketNumber, to: PacketNumber): Buffer =>
  Buffer.concat(station.packets(from, to).map((packet) => packet.subarray(RTP_HEADER_LENGTH)));

test('under any commands the stream goes on: counters without a jump, time stamps without overlap or long gap', async (context) => {
  const items = await makeItems(context);
  fc.assert(
    fc.property(actions, (done) => {
      const { station, end } = operate(items, done);
      const from = station.randomAccessBefore(station.at(start));
      const to = station.at(Ticks90k(end + 4 * TICKS_PER_SECOND));
      const report = analyseTs(streamOf(station, from, to));
      assert.deepEqual(report.faults, []);
      assert.ok(report.leastLead > 0, `DTS − PCR ${report.leastLead / 90} ms`);
      assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
      assert.ok(report.longestPsiGap <= 2 * 9_900, `PSI gap ${report.longestPsiGap / 90} ms`);
      for (const [pid, longest] of [
        [Pid.video, TICKS_PER_SECOND],
        [Pid.audio, 2 * SOUND_UNIT],
      ] as const) {
        const { least, most } = report.ptsSteps.get(pid)!;
        assert.ok(least > 0 && most <= longest, `PID ${pid}: PTS ${least / 90} to ${most / 90} ms apart`);
      }
      let before = parseRtp(station.packets(from, PacketNumber(from + 1))[0]!)!;
      let due = station.due(from);
      for (let n = PacketNumber(from + 1); n < to; n++) {
        const packet = parseRtp(station.packets(n, PacketNumber(n + 1))[0]!)!;
        assert.equal(packet.sequenceNumber, (before.sequenceNumber + 1) % 65_536);
        assert.ok(station.due(n) >= due && packet.timestamp === station.due(n) % 2 ** 32);
        assert.ok(station.at(station.due(n)) >= n && station.due(station.at(station.due(n))) === station.due(n));
        before = packet;
        due = station.due(n);
      }
    }),
    { numRuns: 25 },
  );
});

test('under any commands further tracks of sound go on as the main one does', async (context) => {
  const items = await makeItems(context, 2);
  fc.assert(
    fc.property(actions, (done) => {
      const { station, end } = operate(items, done);
      const from = station.randomAccessBefore(station.at(start));
      const report = analyseTs(streamOf(station, from, station.at(Ticks90k(end + 4 * TICKS_PER_SECOND))));
      assert.deepEqual(report.faults, []);
      assert.ok(report.longestPcrGap <= 3_600 && report.leastLead > 0);
      for (const pid of [Pid.audio, Pid.further, Pid.further + 1]) {
        const { least, most } = report.ptsSteps.get(pid)!;
        assert.ok(least > 0 && most <= 2 * SOUND_UNIT, `PID ${pid}: PTS ${least / 90} to ${most / 90} ms apart`);
      }
    }),
    { numRuns: 15 },
  );
});

test('a station is cut where its pictures are furthest ahead, of the cuts within half a second', async (context) => {
  const loud = { ...madeFilm(200, 48), sizes: Array.from({ length: 200 }, (_, i) => (i % 48 < 20 ? 9_000 : 900)) };
  const station = new Station({ items: [{ name: 'loud', reel: await madeReel(context, loud) }], ssrc: 1 });
  const ahead = (cut: PacketNumber) => endOfPictures(station, cut) - station.due(cut);
  let better = 0;
  for (let seconds = 0; seconds < 8; seconds += 0.25) {
    const time = Ticks90k(start + seconds * TICKS_PER_SECOND);
    const cut = nextCut(station, time);
    for (let later = 0; later < TICKS_PER_SECOND / 2; later += 2_000) {
      const other = nextCut(station, Ticks90k(time + later));
      if (station.due(other) > time + TICKS_PER_SECOND / 2) continue;
      assert.ok(ahead(other) <= ahead(cut), `${ahead(other) / 90} ms ahead at ${other}, ${ahead(cut) / 90} at ${cut}`);
      if (other !== cut) better++;
    }
  }
  assert.ok(better > 0, 'there was a choice');
});

test('no command changes a byte of the past, or of the two seconds after it', async (context) => {
  const items = await makeItems(context);
  fc.assert(
    fc.property(actions, (done) => {
      operate(items, done, (station, before, change) => {
        if (change.periods.length === 0) return;
        const { opening: cut, first, item, items } = station.timeline.periods.at(-change.periods.length)!;
        const from = PacketNumber(Math.max(station.at(Ticks90k(start - 5 * TICKS_PER_SECOND)), cut - 5_000));
        assert.deepEqual(station.packets(from, cut), before.packets(from, cut));
        assert.ok(station.due(cut) >= change.now + NOTICE);
        assert.equal(station.due(PacketNumber(cut - 1)), before.due(PacketNumber(cut - 1)));
        assert.ok(station.due(cut) >= before.due(cut));
        assert.deepEqual([station.randomAccessBefore(first), station.beginningOf(first)], [first, first]);
        assert.equal(station.itemAt(station.due(first)), items[item]);
        for (let n = cut; n < first; n++) {
          assert.equal(station.randomAccessBefore(n), before.randomAccessBefore(PacketNumber(cut - 1)));
          assert.equal(station.beginningOf(n), before.beginningOf(PacketNumber(cut - 1)));
        }
      });
    }),
    { numRuns: 15 },
  );
});

test('threads that get a snapshot, or deltas from any revision on, send the same bytes', async (context) => {
  const items = await makeItems(context);
  const order = items.slice(0, -1);
  fc.assert(
    fc.property(actions, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (done, sent) => {
      const elsewhere = new Station({ items: order, ssrc: 1 });
      const turns = sent[Symbol.iterator]();
      const { station, end } = operate(items, done, (station) => {
        // A thread may miss some deltas: the next one that it gets covers them.
        if (turns.next().value) elsewhere.update(station.deltaSince(elsewhere.revision));
      });
      elsewhere.update(station.deltaSince(elsewhere.revision));
      const later = Station.of(station.data);
      const [from, to] = [station.at(start), station.at(Ticks90k(end + TICKS_PER_SECOND))];
      const packets = station.packets(from, to);
      assert.deepEqual(elsewhere.packets(from, to), packets);
      assert.deepEqual(later.packets(from, to), packets);
      assert.deepEqual([elsewhere.data, later.data], [station.data, station.data]);
    }),
    { numRuns: 15 },
  );
});

test('parity over a cut is that of the packets that are sent, once the earlier one is dropped', async (context) => {
  const items = await makeItems(context);
  const size = { columns: 10, rows: 5 };
  const station = new Station({ items: items.slice(0, 2), ssrc: 1 });
  const { columns, rows } = parityOf(station, size);
  const cut = nextCut(station, Ticks90k(start + NOTICE));
  const block = Math.floor(cut / 50);
  const parities = (source: FecSource) =>
    packetsOf(source, PacketNumber(block * source.perBlock), PacketNumber((block + 1) * source.perBlock));
  const before = [parities(columns), parities(rows)];
  play(station, Ticks90k(start + NOTICE), [items[3]!]);
  columns.forget();
  const after = [parities(columns), parities(rows)];
  const fresh = parityOf(Station.of(station.data), size);
  assert.deepEqual(after, [parities(fresh.columns), parities(fresh.rows)]);
  assert.notDeepEqual(after, before);
});

test('a skip goes to the next item, and to nothing where that is about to begin by itself', async (context) => {
  const items = (await makeItems(context)).slice(0, 3);
  const station = new Station({ items, ssrc: 1 });
  const { from, to, item } = station.itemOnAirAt(start);
  const next = station.itemOnAirAt(to).item;
  const change = skipItem(station, from)!;
  const [period] = change.periods;
  assert.equal(period!.items[period!.item], next);
  // Wherever its random access points are, it need not be waited for long.
  const begins = period!.from;
  assert.ok(begins >= from + NOTICE && begins < from + NOTICE + TICKS_PER_SECOND);
  assert.equal(skipItem(station, Ticks90k(to - NOTICE)), null);
  station.change(change);
  assert.equal(station.itemAt(Ticks90k(begins - 1)), item);
  assert.deepEqual(
    [station.itemAt(begins), station.itemOnAirAt(begins).from, station.itemOnAirAt(from).to],
    [next, begins, begins],
  );
});

test('a skip keeps the entries planned for later, and begins at once one planned for the end of the item', async (context) => {
  const [a, b, c, d] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const planned = () => {
    const station = new Station({ items: [a, b], ssrc: 1 });
    const base = station.timeline.periods;
    const periods = [60, 120].map((seconds, index) =>
      play(station, Ticks90k(start + seconds * TICKS_PER_SECOND), [[c], [d]][index]!),
    );
    // As of now both are to come.
    return new Station({ timeline: Timeline.of({ periods: [...base, ...periods] }), ssrc: 1 });
  };
  const station = planned();
  const now = station.itemOnAirAt(start).from;
  station.change(skipItem(station, now)!);
  const [skipped, ...later] = station.timeline.periods.slice(1);
  assert.deepEqual(
    [skipped, ...later].map((each) => each?.items),
    [[a, b], [c], [d]],
  );
  for (const [index, { from }] of later.entries()) {
    const time = start + (index + 1) * 60 * TICKS_PER_SECOND;
    assert.ok(Math.abs(from - time) <= 2 * TICKS_PER_SECOND, 'at its time, or at the end of an item near it');
  }
  const other = planned();
  const last = other.itemOnAirAt(Ticks90k(other.timeline.periods[1]!.opens - 1)).from;
  other.change(skipItem(other, last)!);
  assert.deepEqual(
    other.timeline.periods.slice(1).map(({ items }) => items),
    [[c], [d]],
  );
});

test('another order begins behind the item on the air, with the item that follows it there', async (context) => {
  const [a, b, c, d] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  const time = station.itemOnAirAt(start).to;
  const { item, to } = station.itemOnAirAt(time);
  const order = [c, b, a];
  const [period] = replaceItems(station, Ticks90k(time - NOTICE), order).periods;
  assert.deepEqual([period!.from, period!.items[period!.item]], [to, order[(order.indexOf(item) + 1) % 3]]);
  // Without the item, it begins with the first of its followers that is still there.
  const rest = [a, b, c].filter((each) => each !== item);
  const [other] = replaceItems(station, Ticks90k(time - NOTICE), [d, ...rest]).periods;
  assert.equal(other!.items[other!.item], station.itemOnAirAt(to).item);
});

test('a resumed programme is where it would have been, within the distance of random access points', async (context) => {
  const [a, b, , slate] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const programme = new Station({ items: [a, b], ssrc: 1 });
  const station = new Station({ items: [a, b], ssrc: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 3 * TICKS_PER_SECOND, max: 60 * TICKS_PER_SECOND }), (length) => {
      const on = copyOf(station);
      on.change(showSlate(on, Ticks90k(start - NOTICE), { id: 'slate', item: slate! }));
      on.change(resumeProgramme(on, Ticks90k(start + length - NOTICE)));
      const period = on.timeline.periods.at(-1)!;
      const [then, would] = [on.itemOnAirAt(period.from), programme.itemOnAirAt(period.from)];
      const into = then.item.reel.due(period.packet);
      if (then.item !== would.item) assert.ok(period.from - would.from <= TICKS_PER_SECOND);
      else assert.ok(Math.abs(into - (period.from - would.from)) <= 3 * TICKS_PER_SECOND);
    }),
    { numRuns: 40 },
  );
});

test('an order that is planned comes behind a slate too', async (context) => {
  const [a, b, c, slate] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  station.change(replaceItems(station, start, [c, b, a]));
  const { from } = station.timeline.periods.at(-1)!;
  station.change(showSlate(station, start, { id: 'slate', item: slate }));
  assert.equal(station.timeline.override?.id, 'slate');
  assert.equal(station.timeline.periods.length, 2);
  station.change(resumeProgramme(station, Ticks90k(from + TICKS_PER_SECOND - NOTICE)));
  const back = station.timeline.periods.at(-1)!;
  assert.deepEqual([back.items, station.timeline.override], [[c, b, a], null]);
  // Back, and at once the slate again, and back again: nothing of the slate is taken for the programme.
  station.change(showSlate(station, from, { id: 'slate', item: slate }));
  assert.deepEqual(resumeProgramme(station, from).periods[0]!.items, [c, b, a]);
});

test('an order that is planned survives a slate that ends before its time', async (context) => {
  const [a, b, c, slate] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  // An item is left only at its end: here of the longest, some seconds later.
  const time = [a, b, c].reduce((at) => (station.itemAt(at) === a ? at : station.itemOnAirAt(at).to), start);
  station.change(replaceItems(station, time, [c, b, a]));
  const planned = station.timeline.periods.at(-1)!;
  station.change(showSlate(station, time, { id: 'slate', item: slate }));
  station.change(resumeProgramme(station, Ticks90k(time + TICKS_PER_SECOND)));
  const { periods, plan } = station.timeline;
  assert.deepEqual(
    periods.slice(-2).map(({ items }) => items),
    [
      [a, b, c],
      [c, b, a],
    ],
  );
  const begins = periods.at(-1)!;
  assert.equal(begins.item, planned.item);
  assert.ok(Math.abs(begins.from - planned.from) < 3 * TICKS_PER_SECOND);
  const { item, to } = station.itemOnAirAt(Ticks90k(begins.opens - 1));
  assert.deepEqual([item, to], [a, begins.from], 'where the item ends, not in its midst');
  assert.equal(plan.at(-1)!.from, begins.from);
});

test('skipping and reordering under a slate change the programme behind it, and nothing on the air', async (context) => {
  const [a, b, c, slate] = (await makeItems(context)) as [StationItem, StationItem, StationItem, StationItem];
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  station.change(showSlate(station, start, { id: 'slate', item: slate }));
  const { periods } = station.timeline;
  const now = Ticks90k(start + 10 * TICKS_PER_SECOND);
  const { item } = plannedAt(station, now);
  station.change(skipItem(station, now)!);
  const next = plannedAt(station, Ticks90k(now + NOTICE));
  assert.notEqual(next.item, item);
  assert.equal(next.from, now + NOTICE);
  station.change(replaceItems(station, now, [c, b, a]));
  assert.deepEqual(station.timeline.periods, periods);
  assert.deepEqual([station.timeline.override, station.items], [{ id: 'slate' }, [c, b, a]]);
  assert.deepEqual(plannedAt(station, next.to).from, next.to);
  station.change(resumeProgramme(station, now));
  const [back, order] = station.timeline.periods.slice(-2);
  assert.equal(back!.items[back!.item], next.item);
  assert.deepEqual(order!.items, [c, b, a]);
});

test('a station of pictures is changed from one picture to the next', () => {
  const reel = (tag: number) => fakeReel({ times: [0, 900, 1_800, 2_700], duration: 3_600, format: 'jpeg', tag });
  const items = [1, 2].map((tag) => ({ name: `${tag}`, reel: reel(tag) }));
  const station = new Station({ items: [items[0]!], ssrc: 1 });
  const period = play(station, Ticks90k(start + NOTICE), [items[1]!]);
  assert.ok(period.from >= start + NOTICE && period.from <= start + NOTICE + 3_600);
  const numbers = station
    .packets(PacketNumber(period.first - 2), PacketNumber(period.first + 2), fakeReader())
    .map((packet) => [packet.readUInt32BE(12), packet.readUInt32BE(16)]);
  assert.deepEqual(numbers, [
    [1, 2],
    [1, 3],
    [2, 0],
    [2, 1],
  ]);
});

test('the oldest periods are dropped when there are too many, and the station knows how far it reaches back', () => {
  const items = [1, 2].map((tag) => ({
    name: `${tag}`,
    reel: fakeReel({ times: [0], duration: 900, format: 'jpeg', tag }),
  }));
  const station = new Station({ items: [items[0]!], ssrc: 1 });
  assert.equal(station.begins, 0);
  let now = start;
  for (let i = 0; i < MOST_PAST + 100; i++) {
    play(station, now, [items[i % 2]!]);
    now = Ticks90k(now + 5_000);
  }
  const { periods } = station.timeline;
  assert.equal(periods.filter(({ from }) => from <= periods.at(-1)!.from - NOTICE).length, MOST_PAST + 1);
  assert.ok(station.begins > start);
  const first = station.at(station.begins);
  for (let n = first; n < first + 100; n++) assert.equal(station.at(station.due(n)), n);
});

test('no number of planned periods is too many', () => {
  const items = [1, 2].map((tag) => ({
    name: `${tag}`,
    reel: fakeReel({ times: [0], duration: 900, format: 'jpeg', tag }),
  }));
  const station = new Station({ items: [items[0]!], ssrc: 1 });
  const count = 2 * MOST_PAST;
  const periods = Array.from({ length: count }, (_, i) => {
    const first = PacketNumber(station.at(start) + 10 * (i + 1));
    return { items: [items[i % 2]!], item: 0, packet: 0, counters: null, first, from: Ticks90k(first * 900) };
  });
  station.change({ now: start, periods, plan: periods, override: null });
  const last = { ...periods.at(-1)!, items: [items[0]!] };
  station.change({ now: start, periods: [last], plan: [...periods.slice(0, -1), last], override: null });
  assert.deepEqual([station.timeline.periods.length, station.begins], [count + 1, 0]);
});

test('a period before its turn is refused', () => {
  const item = { name: 'a', reel: fakeReel({ times: [0], duration: 900, tag: 1 }) };
  const station = new Station({ items: [item], ssrc: 1 });
  const beginAt = (first: number, from: number, packet = 0) => {
    const period = { items: [item], item: 0, packet, counters: null };
    begin(station, { ...period, first: PacketNumber(first), from: Ticks90k(from) });
  };
  assert.throws(() => beginAt(100, 100 * 900 - 1), /before its turn/);
  assert.throws(() => beginAt(0, 0), RangeError);
  assert.throws(() => beginAt(100, 90_000, 1), RangeError);
  beginAt(100, 100 * 900 + 50);
  assert.deepEqual(
    [station.due(PacketNumber(99)), station.due(PacketNumber(100)), station.at(Ticks90k(100 * 900 + 49))],
    [99 * 900, 100 * 900 + 50, 99],
  );
});

/** The same reel from a file of the same length with other bytes. */
function damagedReel(context: TestContext, { data }: Reel, damage: (bytes: Buffer) => void): Reel {
  const bytes = Buffer.alloc(data.manifest.bytes);
  damage(bytes);
  const path = join(scratchFolder(context), 'packets.ts');
  writeFileSync(path, bytes);
  const descriptor = openSync(path, 'r');
  context.after(() => closeSync(descriptor));
  return new TsReel({ ...data, descriptor });
}

const damages = [
  ['zeros', (bytes: Buffer) => void bytes.fill(0)],
  ['random bytes', (bytes: Buffer) => void randomFillSync(bytes)],
] as const;

for (const [what, damage] of damages) {
  test(`a reel of ${what} is exchanged for the one made again where it is, with the packets that were to come`, async (context) => {
    const whole = await madeReel(context, madeFilm(200, 48));
    const intended = new Station({ items: [{ name: 'film', reel: whole }], ssrc: 1 });
    const station = new Station({ items: [{ name: 'film', reel: damagedReel(context, whole, damage) }], ssrc: 1 });
    const items = [{ name: 'film', reel: whole }];
    const change = exchangeReels(station, start, items)!;
    station.change(change);
    const [{ from, first, filler = null }] = change.periods as [TimelineChange['periods'][0]];
    assert.ok(from >= start + NOTICE && from < start + NOTICE + 3 * TICKS_PER_SECOND);
    assert.equal(filler, null);
    const to = PacketNumber(first + 2 * whole.packetCount);
    assert.deepEqual(station.packets(first, to), intended.packets(first, to));
    assert.equal(exchangeReels(station, from, station.items), null, 'it plays it already');
    assert.equal(
      exchangeReels(station, from, [{ name: 'film', reel: await madeReel(context, madeFilm(48, 48)) }]),
      null,
    );
  });

  test(`a reel of ${what} is left for a slate all the same`, async (context) => {
    const [slate, whole] = [await madeReel(context, madeFilm(72, 24)), await madeReel(context, madeFilm(200, 48))];
    const station = new Station({ items: [{ name: 'film', reel: damagedReel(context, whole, damage) }], ssrc: 1 });
    const change = showSlate(station, start, { id: 'slate', item: { name: 'slate', reel: slate } });
    station.change(change);
    const [{ from, first, filler = null }] = change.periods as [TimelineChange['periods'][0]];
    assert.ok(from < start + NOTICE + 3 * TICKS_PER_SECOND);
    assert.equal(filler, null);
    const alone = new Station({ items: [{ name: 'slate', reel: slate }], ssrc: 1 });
    const payloads = (of: Station, n: number) =>
      of.packets(PacketNumber(n), PacketNumber(n + 50)).map((packet) => packet.length);
    assert.deepEqual(payloads(station, first), payloads(alone, 0));
  });
}

test('a reel that was encoded again goes on near where the old one is', async (context) => {
  const film = madeFilm(200, 48);
  const old = await madeReel(context, film);
  const { data } = await madeReel(context, { ...film, sizes: film.sizes.map((size) => size + 500) });
  const again = new TsReel({ ...data, manifest: { ...data.manifest, id: old.data.manifest.id } });
  const station = new Station({ items: [{ name: 'film', reel: old }], ssrc: 1 });
  const before = copyOf(station);
  station.change(exchangeReels(station, start, [{ name: 'film', reel: again }])!);
  const later = Ticks90k(start + 6 * TICKS_PER_SECOND);
  const moved = plannedAt(station, later).from - plannedAt(before, later).from;
  assert.equal(station.itemAt(later).reel, again);
  assert.ok(moved >= 0 && moved < 3 * TICKS_PER_SECOND, `${moved} ticks`);
  const from = station.randomAccessBefore(station.at(start));
  assert.deepEqual(analyseTs(streamOf(station, from, station.at(later))).faults, []);
});

test('under a slate, a reel that was made again is planned where the damaged one is', async (context) => {
  const [slate, whole] = [await madeReel(context, madeFilm(72, 24)), await madeReel(context, madeFilm(200, 48))];
  const damaged = damagedReel(context, whole, (bytes) => bytes.fill(0));
  const station = new Station({ items: [{ name: 'film', reel: damaged }], ssrc: 1 });
  station.change(showSlate(station, start, { id: 'slate', item: { name: 'slate', reel: slate } }));
  const { item, from } = plannedAt(station, Ticks90k(start + 5 * TICKS_PER_SECOND));
  const now = Ticks90k(start + 3 * TICKS_PER_SECOND);
  station.change(exchangeReels(station, now, [{ name: 'film', reel: whole }])!);
  const planned = plannedAt(station, Ticks90k(start + 5 * TICKS_PER_SECOND));
  assert.deepEqual([item.reel, planned.item.reel], [damaged, whole]);
  assert.ok(planned.from - from >= 0 && planned.from - from < 3 * TICKS_PER_SECOND);
  assert.equal(station.timeline.override?.id, 'slate');
});
