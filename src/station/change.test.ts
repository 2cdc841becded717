import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { fakeReader, fakeReel } from '../../test/support/fake-reel.js';
import { madeFilm, madeReel } from '../../test/support/made-reel.js';
import { analyseTs } from '../../test/support/ts-analyser.js';
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import { parseRtp, RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { Pid } from '../wire/ts.js';
import { begun, NOTICE, nextCut, periodFrom, replaced, resumed, skipped, slated } from './change.js';
import { type FecSource, parityOf } from './fec-source.js';
import { packetsOf } from './packet-source.js';
import type { PeriodOptions, StationItem } from './period.js';
import { MOST_ERAS, Station } from './station.js';

const start: Ticks90k = 161_000_000_000_000;

/** Four frames of AAC; what is missing between two is less than another one. */
const SOUND_UNIT: Ticks90k = 4 * 1_930;

/** Two films, a short one that can only be begun at its beginning, and a slate. */
async function makeItems(context: TestContext): Promise<StationItem[]> {
  const films = [madeFilm(200, 48), madeFilm(130, 24, 3), madeFilm(40, 40, 5), madeFilm(72, 24, 7)];
  const reels = await Promise.all(films.map((film) => madeReel(context, film)));
  return reels.map((reel, i) => ({ name: `item ${i}`, reel }));
}

/** What an operator does, so long after what was done before. */
const actions = fc.array(
  fc.record({
    does: fc.constantFrom('skip' as const, 'slate' as const, 'back' as const, 'reorder' as const),
    after: fc.integer({ min: 0, max: 12 * TICKS_PER_SECOND }),
  }),
  { minLength: 1, maxLength: 8 },
);

interface Operated {
  station: Station;
  /** When the last period begins, at the latest. */
  end: Ticks90k;
}

/** `changed` is told of each period with what the station was before it. */
function operate(
  items: readonly StationItem[],
  done: { does: string; after: Ticks90k }[],
  changed: (station: Station, before: Station) => void = () => undefined,
): Operated {
  const [slate] = items.slice(-1);
  const order = items.slice(0, -1);
  const station = new Station({ items: order, ssrc: 1 });
  let now = start;
  for (const { does, after } of done) {
    now += after;
    const before = new Station({ periods: station.periods, ssrc: 1 });
    const soon = now + NOTICE;
    let period: PeriodOptions | null = null;
    if (does === 'slate') period = slated(station, now, soon, { id: 'slate', item: slate });
    else if (station.slate !== null) period = does === 'back' ? resumed(station, soon) : null;
    else if (does === 'skip') period = skipped(station, now, soon);
    else if (does === 'reorder') period = replaced(station, soon, [...order].reverse());
    if (period) station.extend(period);
    if (station.periods.at(-1)!.from !== before.periods.at(-1)!.from) changed(station, before);
  }
  return { station, end: Math.max(now, station.periods.at(-1)!.from) };
}

const streamOf = (station: Station, from: number, to: number): Buffer =>
  Buffer.concat(station.packets(from, to).map((packet) => packet.subarray(RTP_HEADER_LENGTH)));

test('whatever an operator does, the stream goes on: counters without a jump, time stamps without overlap or long gap', async (context) => {
  const items = await makeItems(context);
  fc.assert(
    fc.property(actions, (done) => {
      const { station, end } = operate(items, done);
      const from = station.randomAccessBefore(station.at(start));
      const to = station.at(end + 4 * TICKS_PER_SECOND);
      const report = analyseTs(streamOf(station, from, to));
      assert.deepEqual(report.faults, []);
      assert.ok(report.leastLead > 0, `DTS − PCR ${report.leastLead / 90} ms`);
      assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
      assert.ok(report.longestPsiGap <= 2 * 9_900, `PSI gap ${report.longestPsiGap / 90} ms`);
      for (const [pid, longest] of [
        [Pid.video, TICKS_PER_SECOND],
        [Pid.audio, 2 * SOUND_UNIT],
      ]) {
        const { least, most } = report.ptsSteps.get(pid)!;
        assert.ok(least > 0 && most <= longest, `PID ${pid}: PTS ${least / 90} to ${most / 90} ms apart`);
      }
      let before = parseRtp(station.packets(from, from + 1)[0])!;
      let due = station.due(from);
      for (let n = from + 1; n < to; n++) {
        const packet = parseRtp(station.packets(n, n + 1)[0])!;
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

test('what is before a change stays what it was, and a change gives threads two seconds notice', async (context) => {
  const items = await makeItems(context);
  fc.assert(
    fc.property(actions, (done) => {
      operate(items, done, (station, before) => {
        const { opening: cut, first, item, items } = station.periods.at(-1)!;
        assert.deepEqual(streamOf(station, cut - 100, cut), streamOf(before, cut - 100, cut));
        assert.equal(station.due(cut - 1), before.due(cut - 1));
        assert.ok(station.due(cut) >= before.due(cut));
        assert.deepEqual([station.randomAccessBefore(first), station.beginningOf(first)], [first, first]);
        assert.equal(station.itemAt(station.due(first)), items[item]);
        for (let n = cut; n < first; n++) {
          assert.equal(station.randomAccessBefore(n), before.randomAccessBefore(cut - 1));
          assert.equal(station.beginningOf(n), before.beginningOf(cut - 1));
        }
      });
    }),
    { numRuns: 15 },
  );
});

test('another thread, and another process with the same periods, send the same bytes', async (context) => {
  const items = await makeItems(context);
  const elsewhere = new Station({ items: items.slice(0, 1), ssrc: 1 });
  fc.assert(
    fc.property(actions, (done) => {
      const { station, end } = operate(items, done);
      elsewhere.take(station.data);
      const [from, to] = [station.at(start), station.at(end + TICKS_PER_SECOND)];
      assert.deepEqual(elsewhere.packets(from, to), station.packets(from, to));
      assert.deepEqual(Station.of(station.data).data.periods, station.data.periods);
    }),
    { numRuns: 10 },
  );
});

test('parity over a cut is that of the packets which are sent, once what was computed before is forgotten', async (context) => {
  const items = await makeItems(context);
  const size = { columns: 10, rows: 5 };
  const station = new Station({ items: items.slice(0, 2), ssrc: 1 });
  const { columns, rows } = parityOf(station, size);
  const cut = nextCut(station, start + NOTICE);
  const block = Math.floor(cut / 50);
  const parities = (source: FecSource) => packetsOf(source, block * source.perBlock, (block + 1) * source.perBlock);
  const before = [parities(columns), parities(rows)];
  station.extend(periodFrom(station, cut, { items: [items[3]], item: 0, packet: 0 }));
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
  const period = skipped(station, from, from + NOTICE)!;
  assert.equal(period.items[period.item], next);
  // Wherever its random access points are, it need not be waited for long.
  assert.ok(period.from >= from + NOTICE && period.from < from + NOTICE + TICKS_PER_SECOND);
  assert.equal(skipped(station, to - NOTICE, to), null);
  station.extend(period);
  assert.equal(station.itemAt(period.from - 1), item);
  assert.deepEqual(
    [station.itemAt(period.from), station.itemOnAirAt(period.from).from, station.itemOnAirAt(from).to],
    [next, period.from, period.from],
  );
});

test('another order begins behind the item on the air, with what follows that in it', async (context) => {
  const [a, b, c, d] = await makeItems(context);
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  const time = station.itemOnAirAt(start).to;
  const { item, to } = station.itemOnAirAt(time);
  const order = [c, b, a];
  const period = replaced(station, time, order);
  assert.deepEqual([period.from, period.items[period.item]], [to, order[(order.indexOf(item) + 1) % 3]]);
  // Where the item is gone, with what came behind it and is still there.
  const rest = [a, b, c].filter((each) => each !== item);
  const other = replaced(station, time, [d, ...rest]);
  assert.equal(other.items[other.item], station.itemOnAirAt(to).item);
});

test('what comes back is where it would have been, up to the distance of random access points', async (context) => {
  const [a, b, , slate] = await makeItems(context);
  const programme = new Station({ items: [a, b], ssrc: 1 });
  const station = new Station({ items: [a, b], ssrc: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 3 * TICKS_PER_SECOND, max: 60 * TICKS_PER_SECOND }), (length) => {
      const on = new Station({ periods: station.periods, ssrc: 1 });
      on.extend(slated(on, start - NOTICE, start, { id: 'slate', item: slate }));
      const period = resumed(on, start + length);
      on.extend(period);
      const [then, would] = [on.itemOnAirAt(period.from), programme.itemOnAirAt(period.from)];
      const into = then.item.reel.due(period.packet);
      if (then.item !== would.item) assert.ok(period.from - would.from <= TICKS_PER_SECOND);
      else assert.ok(Math.abs(into - (period.from - would.from)) <= 3 * TICKS_PER_SECOND);
    }),
    { numRuns: 40 },
  );
});

test('an order that is still to come comes behind a slate too', async (context) => {
  const [a, b, c, slate] = await makeItems(context);
  const station = new Station({ items: [a, b, c], ssrc: 1 });
  const period = replaced(station, start + NOTICE, [c, b, a]);
  station.extend(period);
  station.extend(slated(station, start, start + NOTICE, { id: 'slate', item: slate }));
  assert.equal(station.slate?.id, 'slate');
  assert.equal(station.periods.length, 2);
  const back = resumed(station, period.from + TICKS_PER_SECOND);
  assert.deepEqual([back.items, back.slate ?? null], [[c, b, a], null]);
  // Back, and at once the slate again, and back again: nothing of the slate is taken for what the station plays.
  station.extend(back);
  const now = period.from;
  station.extend(slated(station, now, now + NOTICE, { id: 'slate', item: slate }));
  assert.deepEqual(resumed(station, now + NOTICE).items, [c, b, a]);
});

test('a station of pictures is changed from one picture to the next', () => {
  const reel = (tag: number) => fakeReel({ times: [0, 900, 1_800, 2_700], duration: 3_600, format: 'jpeg', tag });
  const items = [1, 2].map((tag) => ({ name: `${tag}`, reel: reel(tag) }));
  const station = new Station({ items: [items[0]], ssrc: 1 });
  const period = begun(station, start + NOTICE, [items[1]]);
  station.extend(period);
  assert.ok(period.from >= start + NOTICE && period.from <= start + NOTICE + 3_600);
  const numbers = station
    .packets(period.first - 2, period.first + 2, fakeReader())
    .map((packet) => [packet.readUInt32BE(12), packet.readUInt32BE(16)]);
  assert.deepEqual(numbers, [
    [1, 2],
    [1, 3],
    [2, 0],
    [2, 1],
  ]);
});

test('the oldest periods go when there are too many, and the station says how far it reaches back', () => {
  const items = [1, 2].map((tag) => ({
    name: `${tag}`,
    reel: fakeReel({ times: [0], duration: 900, format: 'jpeg', tag }),
  }));
  const station = new Station({ items: [items[0]], ssrc: 1 });
  assert.equal(station.begins, 0);
  let now = start;
  for (let i = 0; i < MOST_ERAS + 10; i++) {
    station.extend(begun(station, now, [items[i % 2]]));
    now += 5_000;
  }
  assert.equal(station.periods.length, MOST_ERAS);
  assert.ok(station.begins > start);
  const first = station.at(station.begins);
  for (let n = first; n < first + 100; n++) assert.equal(station.at(station.due(n)), n);
});

test('an period before its turn is refused', () => {
  const item = { name: 'a', reel: fakeReel({ times: [0], duration: 900, tag: 1 }) };
  const station = new Station({ items: [item], ssrc: 1 });
  const period = { items: [item], item: 0, packet: 0, counters: null };
  assert.throws(() => station.extend({ ...period, first: 100, from: 100 * 900 - 1 }), /before its turn/);
  assert.throws(() => station.extend({ ...period, first: 0, from: 0 }), RangeError);
  assert.throws(() => station.extend({ ...period, first: 100, from: 90_000, packet: 1 }), RangeError);
  station.extend({ ...period, first: 100, from: 100 * 900 + 50 });
  assert.deepEqual([station.due(99), station.due(100), station.at(100 * 900 + 49)], [99 * 900, 100 * 900 + 50, 99]);
});
