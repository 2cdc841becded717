import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import { makeFilm, openStore, reelOf } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import type { Store } from '../reel/store.js';
import { replaceItems, resumeProgramme, showSlate, skipItem } from './change.js';
import { openState } from './open-state.js';
import type { StationItem } from './playlist.js';
import { Station } from './station.js';
import { type StateEntry, stateEntry, stateOf } from './station-state.js';

const start = Ticks90k(161_000_000_000_000);
const head = { id: 'lobby', sources: ['one', 'two'], name: 'Lobby' };

interface Changed {
  store: Store;
  station: Station;
  end: Ticks90k;
  /** A snapshot of the unchanged station, and an entry for each change. */
  entries: StateEntry[];
}

/** A station with a history: skipped, reordered, and with a slate that hides a planned order. */
async function changed(context: TestContext): Promise<Changed> {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  const items: StationItem[] = [];
  for (const [name, seconds] of [['one', 4] as const, ['two', 5] as const, ['slate', 2] as const]) {
    items.push({ name, reel: await reelOf(context, makeFilm(join(folder, `${name}.mp4`), seconds), {}, store) });
  }
  const [one, two, slate] = items as [StationItem, StationItem, StationItem];
  const station = new Station({ items: [one, two], ssrc: 9 });
  const entries = [stateEntry(head, station, -1)];
  const make = (change: Parameters<Station['change']>[0]) => {
    const { revision } = station;
    station.change(change);
    entries.push(stateEntry(head, station, revision));
  };
  let now = station.itemOnAirAt(start).from;
  make(skipItem(station, now)!);
  now = Ticks90k(now + 20 * TICKS_PER_SECOND);
  make(showSlate(station, now, { id: 'slate', item: slate }));
  now = Ticks90k(now + 10 * TICKS_PER_SECOND);
  make(resumeProgramme(station, now));
  now = Ticks90k(now + 10 * TICKS_PER_SECOND);
  make(replaceItems(station, now, [two, one]));
  make(showSlate(station, now, { id: 'slate', item: slate }));
  return { store, station, end: Ticks90k(now + 17 * TICKS_PER_SECOND), entries };
}

async function opened(context: TestContext, store: Store, entries: readonly unknown[]): Promise<Station> {
  const station = await openState(stateOf('lobby', entries).timeline!, store, 9);
  context.after(() => station.close());
  return station;
}

/** The stored state of version 1, as earlier releases wrote it: each period with its items, and below a slate the programme. */
function version1(station: Station): object {
  const { items, periods } = stateEntry(head, station, -1).timeline!;
  const { override, plan } = station.timeline;
  const numberOf = (item: StationItem) => station.timeline.items.indexOf(item);
  const old = periods.added.map(({ playlist, filler, ...period }, index) => ({
    ...period,
    bridge: filler,
    items: station.timeline.periods[index]!.items.map(numberOf),
    slate: null as object | null,
  }));
  const programme = plan.map((entry) => ({
    ...entry,
    ...{ items: entry.items.map(numberOf), first: 1, counters: null, bridge: null, slate: null },
  }));
  if (override) old.at(-1)!.slate = { id: override.id, programme };
  return { version: 1, ...head, items: items.added, eras: old };
}

test('a restored station sends the same bytes, before and after, and resumes the same programme', async (context) => {
  const { store, station, end, entries } = await changed(context);
  const [from, to] = [station.at(start), station.at(end)];
  const resumed = new Station({ timeline: station.timeline, ssrc: 9 });
  resumed.change(resumeProgramme(resumed, end));
  for (const stored of [entries, [stateEntry(head, station, -1)], [version1(station)]]) {
    const again = await opened(context, store, JSON.parse(JSON.stringify(stored)));
    assert.deepEqual(again.packets(from, to), station.packets(from, to));
    assert.equal(again.timeline.override?.id, 'slate');
    again.change(resumeProgramme(again, end));
    assert.deepEqual(again.packets(to, PacketNumber(to + 2_000)), resumed.packets(to, PacketNumber(to + 2_000)));
    assert.equal(again.timeline.override, null);
  }
});

test('the fields of an earlier release’s file are read under the names that it has', () => {
  const counters = '{"pat":1,"pmt":2,"video":3,"audio":4}';
  const bridge = `{"payloads":"${Buffer.alloc(1_316, 0x47).toString('base64')}","duration":900}`;
  const first = '{"from":0,"first":0,"items":[0],"item":0,"packet":0,"counters":null,"bridge":null,"slate":null}';
  const text = `{"version":1,"id":"lobby","sources":["one"],"name":null,
    "items":[{"name":"one","reel":"r1","checksum":1},{"name":"slate","reel":"r2","checksum":2}],
    "eras":[${first},{"from":9000,"first":70,"items":[1],"item":0,"packet":0,"counters":${counters},"bridge":${bridge},
      "slate":{"id":"back-soon","programme":[${first}]}}]}`;
  const { timeline } = stateOf('lobby', [JSON.parse(text)]);
  const { periods, plan, override } = timeline!;
  assert.deepEqual(
    periods.added.map(({ from, filler }) => [from, filler?.payloads.byteLength, filler?.duration]),
    [
      [0, undefined, undefined],
      [9_000, 1_316, 900],
    ],
  );
  assert.deepEqual([plan.length, plan[0]!.from, override], [1, 0, { id: 'back-soon' }]);
});

test('an entry has only the additions of its change, and is refused without the entry before', async (context) => {
  const { station, entries } = await changed(context);
  assert.deepEqual(
    entries.map(({ timeline }) => timeline!.items.added.length),
    [2, 0, 1, 0, 0, 0],
  );
  for (const { timeline } of entries) assert.ok(timeline!.periods.added.length <= 1);
  const state = stateOf('lobby', JSON.parse(JSON.stringify(entries)));
  assert.deepEqual([state.sources, state.name], [head.sources, head.name]);
  assert.deepEqual(state.timeline, stateOf('lobby', [stateEntry(head, station, -1)]).timeline);
  assert.throws(() => stateOf('lobby', entries.slice(1)), /does not begin with a snapshot/);
  assert.throws(() => stateOf('lobby', [...entries.slice(0, 2), ...entries.slice(3)]), /does not fit revision/);
  assert.throws(() => stateOf('hall', entries), /belongs to the station lobby/);
  assert.throws(() => stateOf('lobby', []), /empty/);
});

test('an item with a title of any length is read back', () => {
  const name = 'A very long film '.repeat(1_000);
  const reel = fakeReel({ times: [0], duration: 900, format: 'jpeg' });
  const station = new Station({ items: [{ name, reel }], ssrc: 9 });
  const entry = JSON.parse(JSON.stringify(stateEntry(head, station, -1)));
  assert.equal(stateOf('lobby', [entry]).timeline?.items.added[0]?.name, name);
});

test('without the reel of a period the past up to its end is not known; without the newest’s, nothing is', async (context) => {
  const { store, station, end } = await changed(context);
  station.change(resumeProgramme(station, end));
  const entry = stateEntry(head, station, -1);
  const timeline = entry.timeline!;
  const added = timeline.items.added.map((item) => (item.name === 'slate' ? { ...item, checksum: 1 } : item));
  const part = await opened(context, store, [{ ...entry, timeline: { ...timeline, items: { first: 0, added } } }]);
  const { periods } = station.timeline;
  assert.ok(part.timeline.periods.length < periods.length);
  const { from, first } = periods[periods.length - part.timeline.periods.length]!;
  assert.equal(part.begins, from);
  assert.deepEqual(part.packets(first, PacketNumber(first + 500)), station.packets(first, PacketNumber(first + 500)));
  rmSync(store.reelFolder(timeline.items.added[0]!.reel), { recursive: true });
  await assert.rejects(opened(context, store, [entry]));
});

test('an entry that was written over is refused, or still makes a station or an error', async (context) => {
  const { store, entries } = await changed(context);
  const whole = Buffer.from(JSON.stringify(entries));
  const bytes = fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(bytes, async ({ at, byte }) => {
      const written = Buffer.from(whole);
      written[at] = byte;
      const timeline = (() => {
        try {
          return stateOf('lobby', JSON.parse(written.toString('utf8'))).timeline;
        } catch (error) {
          assert.ok(error instanceof Error);
          return null;
        }
      })();
      const station = timeline && (await openState(timeline, store, 9).catch((error: Error) => error));
      if (station instanceof Station) station.close();
    }),
    { numRuns: 100 },
  );
});
