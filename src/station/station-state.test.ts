import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { makeFilm, openStore, reelOf } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { TICKS_PER_SECOND } from '../base/units.js';
import type { Store } from '../reel/store.js';
import { NOTICE, replaced, resumed, skipped, slated } from './change.js';
import { Station } from './station.js';
import { KeptFile, keptData, openKept } from './station-state.js';

const start = 161_000_000_000_000;
const words = { sources: ['one', 'two'], name: 'Lobby' };

/** A station with a history: skipped, reordered, and a slate on it that hides an order still to come. */
async function changed(context: TestContext): Promise<{ store: Store; station: Station; end: number }> {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  const items = [];
  for (const [name, seconds] of [['one', 4] as const, ['two', 5] as const, ['slate', 2] as const]) {
    items.push({ name, reel: await reelOf(context, makeFilm(join(folder, `${name}.mp4`), seconds), {}, store) });
  }
  const [one, two, slate] = items;
  const station = new Station({ items: [one, two], ssrc: 9 });
  const { from } = station.itemOnAirAt(start);
  station.extend(skipped(station, from, from + NOTICE)!);
  let now = from + 20 * TICKS_PER_SECOND;
  station.extend(slated(station, now, now + NOTICE, { id: 'slate', item: slate }));
  now += 10 * TICKS_PER_SECOND;
  station.extend(resumed(station, now + NOTICE));
  now += 10 * TICKS_PER_SECOND;
  station.extend(replaced(station, now + NOTICE, [two, one]));
  station.extend(slated(station, now, now + NOTICE, { id: 'slate', item: slate }));
  return { store, station, end: now + NOTICE + 15 * TICKS_PER_SECOND };
}

test('a station that was kept sends the same bytes, before and after, and goes back from its slate to the same', async (context) => {
  const { store, station, end } = await changed(context);
  const file = new KeptFile(store.folder, 'lobby');
  assert.equal(await file.read(), null);
  await file.write(keptData('lobby', station, words));
  const data = (await new KeptFile(store.folder, 'lobby').read())!;
  assert.deepEqual([data.sources, data.name], [words.sources, words.name]);
  const again = await openKept(data, store, 9);
  context.after(() => again.close());
  const [from, to] = [station.at(start), station.at(end)];
  assert.deepEqual(again.packets(from, to), station.packets(from, to));
  const [one, other] = [station, again].map((each) => {
    each.extend(resumed(each, end));
    return each.packets(to, to + 2_000);
  });
  assert.deepEqual(other, one);
  assert.equal(again.slate, null);
  assert.deepEqual(readdirSync(dirname(file.path)), ['lobby.json'], 'nothing else is left');
});

test('without the reel of an period, what was on the air up to its end is not known; without the newest’s, nothing is', async (context) => {
  const { store, station, end } = await changed(context);
  const item = (name: string) => station.data.items.find((each) => each.name === name)!.reel.manifest;
  station.extend(resumed(station, end));
  const periods = station.periods.length;
  const data = keptData('lobby', station, words);
  const slate = item('slate').id;
  const other = { ...data, items: data.items.map((each) => (each.reel === slate ? { ...each, checksum: 1 } : each)) };
  const part = await openKept(other, store, 9);
  context.after(() => part.close());
  assert.ok(part.periods.length < periods);
  assert.equal(part.begins, station.periods[periods - part.periods.length].from);
  const first = station.periods[periods - part.periods.length].first;
  assert.deepEqual(part.packets(first, first + 500), station.packets(first, first + 500));
  rmSync(store.reelFolder(item('one').id), { recursive: true });
  await assert.rejects(openKept(data, store, 9));
});

test('a file that is damaged is refused, wherever it is cut off or written over, and can be put aside', async (context) => {
  const { store, station } = await changed(context);
  const file = new KeptFile(store.folder, 'lobby');
  await file.write(keptData('lobby', station, words));
  const whole = readFileSync(file.path);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 2 }), async (length) => {
      writeFileSync(file.path, whole.subarray(0, length));
      await assert.rejects(file.read());
    }),
    { numRuns: 50 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: whole.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      async (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        writeFileSync(file.path, bytes);
        const data = await file.read().catch(() => null);
        if (data === null) return;
        // Still a file of the kind: then a station comes of it, or a reason why not.
        const opened = await openKept(data, store, 9).catch((error: Error) => error);
        if (opened instanceof Station) opened.close();
      },
    ),
    { numRuns: 100 },
  );
  assert.match(await file.putAside(), /lobby\.old\.json$/);
  assert.equal(await file.read(), null);
});

test('a station of any name has a file', async (context) => {
  const { store, station } = await changed(context);
  const id = '電'.repeat(90);
  const file = new KeptFile(store.folder, id);
  await file.write(keptData(id, station, words));
  assert.equal((await file.read())?.id, id);
  writeFileSync(file.path, readFileSync(file.path, 'utf8').replaceAll('電', '力'));
  await assert.rejects(file.read(), /that of the station/);
});
