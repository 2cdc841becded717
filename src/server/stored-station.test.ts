import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { failCall } from '../../test/support/failing-files.js';
import { makeFilm, openStore } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Millis, millisToTicks, Ticks90k } from '../base/units.js';
import { defaultMediaSettings } from '../media/settings.js';
import { replaceItems, skipItem } from '../station/change.js';
import type { ServerEvent } from './events.js';
import { FileStateStore } from './file-state-store.js';
import { filesOf } from './sources.js';
import {
  loadStation,
  ownItems,
  type PrepareOptions,
  prepareStation,
  type ReadyStation,
  reloadItems,
} from './station-loader.js';
import { Plans, planStation } from './station-plan.js';
import { noteSources, restoreStation, type StateOptions, saveStation } from './stored-station.js';

const now: Ticks90k = millisToTicks(Millis(Date.UTC(2026, 10, 23)));

async function open(context: TestContext) {
  const store = await openStore(context);
  const films = join(scratchFolder(context), 'lobby');
  mkdirSync(films);
  for (const name of ['one', 'two']) makeFilm(join(films, `${name}.mp4`), 6);
  const said: string[] = [];
  const onEvent = (event: ServerEvent) => {
    if (event.kind === 'problem') assert.fail(event.problem);
    if (event.kind === 'note') said.push(event.message);
  };
  /** As a server that starts has it. */
  const options = (settings = defaultMediaSettings): PrepareOptions & StateOptions => {
    const source = { name: 'Lobby', path: films, ...filesOf(films) };
    const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: new Plans() });
    const states = new FileStateStore(store.folder);
    return { plan, settings, store, states, server: 'here', onEvent, signal: context.signal };
  };
  const closed = (ready: ReadyStation) => {
    context.after(() => ready.station.close());
    return ready;
  };
  const start = async (settings = defaultMediaSettings): Promise<{ ready: ReadyStation; isRestored: boolean }> => {
    const load = options(settings);
    const restored = (await restoreStation(load)) ?? (await restoreStation(load, { reads: true }));
    const ready = closed(restored ?? (await prepareStation(load))!);
    if (ready.sources === null) await noteSources(ready, load);
    return { ready, isRestored: restored !== null };
  };
  return { store, films, said, options, start, folder: join(store.folder, 'stations') };
}

function skip({ station }: ReadyStation, time: Ticks90k): void {
  const { from } = station.itemOnAirAt(time);
  station.change(skipItem(station, from)!);
}

test('a changed and renamed station is restored; of an unchanged one nothing is stored', async (context) => {
  const { options, start, folder } = await open(context);
  const { ready } = await start();
  assert.equal(existsSync(folder), false);
  const { schedule } = ready.info(now);
  skip(ready, now);
  assert.notEqual(ready.info(now).schedule, schedule, 'other packets, for servers that compare');
  ready.plan.name = 'Entrance';
  await saveStation(ready, options());
  const again = await start();
  assert.equal(again.isRestored, true);
  assert.deepEqual(again.ready.info(now), ready.info(now));
  const periodsOf = ({ station }: ReadyStation) => station.data.timeline.periods;
  assert.deepEqual(periodsOf(again.ready), periodsOf(ready));
  const { plan, station } = (await loadStation(options()))!;
  station.close();
  assert.equal(plan.id, ready.plan.id);
});

test('reloaded files are those of the station from then on', async (context) => {
  const { films, options, start } = await open(context);
  const { ready } = await start();
  makeFilm(join(films, 'three.mp4'), 3);
  const { items: opened, files } = await reloadItems({ ...options(), plan: ready.plan }, ready.station);
  const items = ownItems(ready.station, opened);
  assert.deepEqual(
    items.map(({ name }) => name),
    ['one', 'three', 'two'],
  );
  assert.equal(items[0], ready.station.items[0], 'a reel that it has already is not opened again');
  ready.plan.source.files = files;
  await noteSources(ready, options());
  ready.station.change(replaceItems(ready.station, now, items));
  await saveStation(ready, options());
  const again = await start();
  assert.deepEqual([again.isRestored, again.ready.station.items.length], [true, 3]);
});

test('a station whose files or settings changed starts over, with a line for the user, and keeps its name', async (context) => {
  const { films, said, options, start, folder } = await open(context);
  const { ready } = await start();
  skip(ready, now);
  ready.plan.name = 'Entrance';
  await saveStation(ready, options());
  makeFilm(join(films, 'three.mp4'), 3);
  const other = await start();
  assert.deepEqual(
    [other.isRestored, other.ready.plan.name, other.ready.station.timeline.periods.length],
    [false, 'Entrance', 1],
  );
  assert.ok(
    said.some((line) =>
      /Entrance: it starts over, because its files have changed\..*lobby\.log\.quarantine/.test(line),
    ),
  );
  assert.equal(existsSync(join(folder, 'lobby.log.quarantine')), true);

  skip(other.ready, now);
  await saveStation(other.ready, options());
  assert.equal((await start({ ...defaultMediaSettings, maxGop: Millis(100) })).isRestored, false);
});

test('a damaged state is put in quarantine, with a line for the user, and the station is on the air', async (context) => {
  const { said, start, folder } = await open(context);
  mkdirSync(folder);
  for (const [file, content] of [
    ['lobby.json', '{"version":1,"periods":['],
    ['lobby.log', '00000000 2 {}\n'],
    ['lobby.log', '00000000 3 {}\n'],
  ] as const) {
    writeFileSync(join(folder, file), content);
    const { ready, isRestored } = await start();
    assert.deepEqual([isRestored, ready.station.timeline.periods.length], [false, 1]);
    assert.ok(said.splice(0).some((line) => /it starts over, because its state is damaged/.test(line)));
    assert.equal(existsSync(join(folder, file)), false);
  }
  const kept = (name: string) => readFileSync(join(folder, name), 'utf8');
  assert.equal(kept('lobby.json.quarantine'), '{"version":1,"periods":[');
  assert.equal(kept('lobby.log.quarantine'), '00000000 2 {}\n');
  assert.equal(kept('lobby.log.quarantine-2'), '00000000 3 {}\n');
});

for (const which of [0, 1]) {
  test(`a state stays while the system refuses to read a reel: ${['all of them', 'one of the past'][which]}`, async (context) => {
    const { said, start, options, folder, store } = await open(context);
    const { ready } = await start();
    const { items } = ready.station;
    skip(ready, now);
    ready.station.change(replaceItems(ready.station, Ticks90k(now + 600 * 90_000), [items[1]!]));
    await saveStation(ready, options());
    const stored = readdirSync(folder);
    const [past] = items;
    const refused = which === 0 ? join(store.folder, 'reels') : store.reelFolder(past!.reel.data.manifest.id);
    const restore = failCall(context, { call: 'open', code: 'EMFILE', applies: (path) => path.startsWith(refused) });
    said.length = 0;
    assert.equal(await restoreStation(options()), null);
    assert.match(
      said.join(),
      /it starts without the operator’s earlier changes, because a reel cannot be read: .*EMFILE/,
    );
    restore();
    assert.deepEqual(readdirSync(folder), stored);
    const again = await start();
    assert.equal(again.isRestored, true);
    assert.equal(again.ready.station.timeline.periods.length, ready.station.timeline.periods.length);
  });
}

test('a state that could not be used is put aside before the first change takes its place', async (context) => {
  const { said, start, options, folder, films } = await open(context);
  const { ready } = await start();
  skip(ready, now);
  await saveStation(ready, options());
  const state = readFileSync(join(folder, 'lobby.log'), 'utf8');
  const restore = failCall(context, { call: 'stat', code: 'EIO', applies: (path) => path.startsWith(films) });
  said.length = 0;
  assert.equal(await restoreStation(options(), { reads: true }), null);
  assert.match(said.join(), /starts without the operator’s earlier changes: .*\(EIO\)/);
  restore();
  const started = (await loadStation(options()))!;
  context.after(() => started.station.close());
  for (const name of ['Entrance', 'Hall']) {
    started.plan.name = name;
    await saveStation(started, options());
  }
  assert.deepEqual(readdirSync(folder).sort(), ['lobby.log', 'lobby.log.quarantine']);
  assert.equal(readFileSync(join(folder, 'lobby.log.quarantine'), 'utf8'), state);
  assert.match(said.join(), /which could not be used, are kept in lobby\.log\.quarantine/);
  const again = await start();
  assert.deepEqual([again.isRestored, again.ready.plan.name], [true, 'Hall']);
});

test('after a snapshot only additions are written, until the next snapshot', async (context) => {
  const { options, start, folder } = await open(context);
  const { ready } = await start();
  const load = options();
  const log = () => readFileSync(join(folder, 'lobby.log'), 'utf8').trimEnd().split('\n');
  const rename = async (number: number) => {
    ready.plan.name = `Lobby ${number}`;
    await saveStation(ready, load);
  };
  skip(ready, now);
  await saveStation(ready, load);
  assert.equal(log().length, 1);
  await rename(1);
  assert.equal(log().length, 2);
  assert.ok(log()[1]!.length < log()[0]!.length / 4);
  for (let i = 2; log().length > 1; i++) await rename(i);
  const again = await start();
  assert.equal(again.isRestored, true);
  assert.equal(again.ready.plan.name, ready.plan.name);
});

test('a crash at any byte of storing a change restores the station as it was before it or after it', async (context) => {
  const { options, start, folder } = await open(context);
  const { ready } = await start();
  const log = join(folder, 'lobby.log');
  const packets = ({ station }: ReadyStation) => {
    const hash = createHash('sha256');
    for (const packet of station.packets(station.at(now), station.at(Ticks90k(now + 40 * 90_000)))) hash.update(packet);
    return hash.digest('hex');
  };
  skip(ready, now);
  await saveStation(ready, options());
  const [logBefore, before] = [readFileSync(log), packets(ready)];
  skip(ready, Ticks90k(now + 20 * 90_000));
  await saveStation(ready, options());
  const [logAfter, after] = [readFileSync(log), packets(ready)];
  assert.notEqual(after, before);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: logBefore.length, max: logAfter.length }), async (length) => {
      writeFileSync(log, logAfter.subarray(0, length));
      const again = await start();
      assert.equal(again.isRestored, true);
      assert.equal(packets(again.ready), length < logAfter.length ? before : after);
    }),
    { numRuns: 12, examples: [[logBefore.length], [logAfter.length - 1], [logAfter.length]] },
  );
});
