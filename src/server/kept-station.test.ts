import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFilm, openStore } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { millisToTicks, type Ticks90k } from '../base/units.js';
import { defaultMediaSettings } from '../media/settings.js';
import { NOTICE, replaced, skipped } from '../station/change.js';
import type { ServerEvent } from './events.js';
import { keepStation, keptStation, noteSources } from './kept-station.js';
import { filesOf } from './sources.js';
import {
  loadStation,
  ownItems,
  type PrepareOptions,
  prepareStation,
  type ReadyStation,
  reloadItems,
} from './station-loader.js';
import { planStation } from './station-plan.js';

const now: Ticks90k = millisToTicks(Date.UTC(2026, 10, 23));

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
  const options = (settings = defaultMediaSettings): PrepareOptions => {
    const source = { name: 'Lobby', path: films, files: filesOf(films) };
    const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: [] });
    return { plan, settings, store, server: 'here', onEvent, signal: context.signal };
  };
  const closed = (ready: ReadyStation) => {
    context.after(() => ready.station.close());
    return ready;
  };
  const start = async (settings = defaultMediaSettings): Promise<{ ready: ReadyStation; isKept: boolean }> => {
    const load = options(settings);
    const kept = (await keptStation(load)) ?? (await keptStation(load, true));
    const ready = closed(kept ?? (await prepareStation(load))!);
    if (ready.sources === null) await noteSources(ready, load);
    return { ready, isKept: kept !== null };
  };
  return { store, films, said, options, start, folder: join(store.folder, 'stations') };
}

function skip({ station }: ReadyStation, time: Ticks90k): void {
  const { from } = station.itemOnAirAt(time);
  station.extend(skipped(station, from, from + NOTICE)!);
}

test('a station that was changed and called otherwise is found so again; one that was not, has nothing kept', async (context) => {
  const { options, start, folder } = await open(context);
  const { ready } = await start();
  assert.equal(existsSync(folder), false);
  const { schedule } = ready.info(now);
  skip(ready, now);
  assert.notEqual(ready.info(now).schedule, schedule, 'other packets, for servers that compare');
  ready.plan.name = 'Entrance';
  await keepStation(ready, options());
  const again = await start();
  assert.equal(again.isKept, true);
  assert.deepEqual(again.ready.info(now), ready.info(now));
  assert.deepEqual(again.ready.station.data.periods, ready.station.data.periods);
  const { plan, station } = (await loadStation(options()))!;
  station.close();
  assert.equal(plan.id, ready.plan.id);
});

test('files that were looked at again are those of the station from then on', async (context) => {
  const { films, options, start } = await open(context);
  const { ready } = await start();
  makeFilm(join(films, 'three.mp4'), 3);
  const { items: opened, files } = await reloadItems({ ...options(), plan: ready.plan }, ready.station);
  const items = ownItems(ready.station, opened);
  assert.deepEqual(
    items.map(({ name }) => name),
    ['one', 'three', 'two'],
  );
  assert.equal(items[0], ready.station.items[0], 'what it has already is not opened again');
  ready.plan.source.files = files;
  await noteSources(ready, options());
  ready.station.extend(replaced(ready.station, now, items));
  await keepStation(ready, options());
  const again = await start();
  assert.deepEqual([again.isKept, again.ready.station.items.length], [true, 3]);
});

test('with other files, or prepared otherwise, a station begins anew, says so, and keeps its name', async (context) => {
  const { films, said, options, start, folder } = await open(context);
  const { ready } = await start();
  skip(ready, now);
  ready.plan.name = 'Entrance';
  await keepStation(ready, options());
  makeFilm(join(films, 'three.mp4'), 3);
  const other = await start();
  assert.deepEqual([other.isKept, other.ready.plan.name, other.ready.station.periods.length], [false, 'Entrance', 1]);
  assert.ok(said.some((line) => /Entrance: it begins anew, for its files are others\..*lobby\.old\.json/.test(line)));
  assert.equal(JSON.parse(readFileSync(join(folder, 'lobby.old.json'), 'utf8')).periods.length, 2);

  skip(other.ready, now);
  await keepStation(other.ready, options());
  assert.equal((await start({ ...defaultMediaSettings, maxGop: 100 })).isKept, false);
});

test('a damaged file is put aside and told, and the station is on the air', async (context) => {
  const { said, start, folder } = await open(context);
  mkdirSync(folder);
  writeFileSync(join(folder, 'lobby.json'), '{"version":1,"periods":[');
  const { ready, isKept } = await start();
  assert.deepEqual([isKept, ready.station.periods.length], [false, 1]);
  assert.ok(
    said.some((line) => /it begins anew, for lobby\.json cannot be used/.test(line)),
    said.join('\n'),
  );
  assert.equal(existsSync(join(folder, 'lobby.json')), false);
  assert.equal(existsSync(join(folder, 'lobby.old.json')), true);
});
