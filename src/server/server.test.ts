import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FF_ENCODER_MPEG4 } from 'node-av/constants';
import { makeFilm } from '../../test/support/film.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { ReelFile } from '../reel/reel.js';
import { Store } from '../reel/store.js';
import type { ServerConfigInput } from './config.js';
import type { ServerEvent } from './events.js';
import { FileStateStore } from './file-state-store.js';
import { openServer, type Server } from './server.js';
import { Slates } from './slates.js';

type StoreWords = Parameters<FileStateStore['replace']>;

/** A server on loopback, and its events. Stations of other tests on the same network have other names. */
async function open(context: TestContext, config: Partial<ServerConfigInput> = {}) {
  const folder = scratchFolder(context);
  const store = join(folder, 'store');
  const events: ServerEvent[] = [];
  const film = (name: string) => makeFilm(join(folder, `${name}.mp4`), 1);
  const server = await openServer({ name: 'here', store, controlPort: 0, ...config }, (event) => events.push(event));
  context.after(() => server.close());
  const kinds = () => events.map(({ kind }) => kind).filter((kind) => kind !== 'progress' && kind !== 'note');
  const ids = () => server.operator.view().stations.map(({ info, onAir }) => `${info.id}${onAir ? '' : ' (off)'}`);
  /** Resolves at the next event of that kind. */
  const next = (kind: ServerEvent['kind']) =>
    new Promise<void>((resolve) => {
      const off = server.onEvent((event) => {
        if (event.kind !== kind) return;
        off();
        resolve();
      });
    });
  return { folder, store, server, events, film, kinds, ids, next };
}

/** Files below `folder` that this process has open. */
function openFiles(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)].filter((path) => path.startsWith(folder));
    } catch {
      return []; // That of the list itself.
    }
  });
}

test('what a reel lacks of its source is said again when it comes from the store, and so is what is left out of a folder', async (context) => {
  const films = join(scratchFolder(context), 'noted films');
  mkdirSync(films);
  const cut = makeSource({ path: join(films, 'cut.mp4'), seconds: 6, muxer: { movflags: '+faststart' } });
  truncateSync(cut, Math.floor(statSync(cut).size * 0.6));
  writeFileSync(join(films, 'other.zip'), '');
  const leftOut = ['1 file that is no film is left out: other.zip'];
  const opened = await open(context, { stations: [{ source: films }] });
  const { server, events } = opened;
  await server.startStations();
  await server.close();
  const prepared = events.find((event) => event.kind === 'prepared');
  assert.match(prepared?.notes.join() ?? '', /^the file is cut off: 3\.\d s of 6\.0 s can be played$/);
  const again = await open(context, { stations: [{ source: films }], store: opened.store });
  await again.server.startStations();
  assert.deepEqual(again.kinds(), ['left-out', 'on-air']);
  const onAir = again.events.find((event) => event.kind === 'on-air');
  assert.deepEqual(onAir?.notes, [{ item: 'cut', reel: prepared?.reel, notes: prepared?.notes }]);
  const [station] = again.server.operator.view().stations;
  assert.deepEqual([station?.items[0]?.notes, station?.leftOut], [prepared?.notes, leftOut]);
});

test('a station that can be copied does not wait for one before it that has to be encoded', async (context) => {
  const folder = scratchFolder(context);
  const encoded = makeSource({
    path: join(folder, 'slow.mkv'),
    seconds: 1,
    video: { codec: FF_ENCODER_MPEG4, openGroups: true, bPictures: 0 },
  });
  const copied = makeSource({ path: join(folder, 'quick.mp4'), seconds: 1 });
  const { server, events } = await open(context, { stations: [{ source: encoded }, { source: copied }] });
  await server.startStations();
  const onAir = events.flatMap((event) =>
    event.kind === 'on-air' ? [[event.station.number, event.station.name]] : [],
  );
  assert.deepEqual(onAir, [
    [2, 'quick'],
    [1, 'slow'],
  ]);
});

test('every station is on the air with its first film before second films are encoded', async (context) => {
  const folder = scratchFolder(context);
  const films = (name: string, seconds: number): string => {
    mkdirSync(join(folder, name));
    for (const part of ['1', '2']) {
      const video = { codec: FF_ENCODER_MPEG4, openGroups: true, bPictures: 0 } as const;
      makeSource({ path: join(folder, name, `${name} ${part}.mkv`), seconds, video, title: part });
    }
    return join(folder, name);
  };
  const stations = [{ source: films('longer', 2) }, { source: films('shorter', 1) }];
  const { server, events, store, kinds } = await open(context, { stations });
  await server.startStations();
  const steps = events.flatMap((event) => {
    if (event.kind === 'prepared') return [basename(event.source, '.mkv')];
    return event.kind === 'on-air' ? [`${event.station.name} on the air`] : [];
  });
  const begun = ['shorter 1', 'shorter on the air', 'longer 1', 'longer on the air'];
  assert.deepEqual(steps, [...begun, 'shorter 2', 'longer 2']);
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  assert.ok(notes.includes('2 shorter: on the air with 1 of 2 films; the others follow when they are encoded.'));
  const items = () => server.operator.view().stations.map((station) => station.items.map(({ name }) => name));
  const whole = [
    ['longer 1', 'longer 2'],
    ['shorter 1', 'shorter 2'],
  ];
  assert.deepEqual(items(), whole);
  await server.close();
  assert.ok(!kinds().includes('problem'));
  const again = await open(context, { stations, store });
  await again.server.startStations();
  assert.ok(!again.kinds().includes('preparing'), 'all reels are there');
  const restored = again.server.operator.view().stations.map((station) => station.items.map(({ name }) => name));
  assert.deepEqual(restored, whole);
});

test('stations are added, changed and removed while the server runs, each with its events', async (context) => {
  const { server, film, kinds, ids, events } = await open(context);
  const first = await server.addStation({ source: film('served-first') });
  const second = await server.addStation({ name: 'Served lobby', number: 9, source: film('served-second') });
  assert.deepEqual([first, second], ['served-first', 'served-lobby']);
  assert.deepEqual(ids(), ['served-first', 'served-lobby']);
  assert.deepEqual(kinds(), ['preparing', 'prepared', 'on-air', 'preparing', 'prepared', 'on-air']);
  const prepared = events.find((event) => event.kind === 'prepared');
  assert.deepEqual([prepared?.notes, prepared?.encoded], [[], null], 'the film was copied');
  assert.equal(server.stationOnAir('served-lobby')?.info().number, 9);

  await server.operator.execute({ do: 'rename', station: first, name: 'Entrance' });
  assert.equal(server.stationOnAir(first)?.info().name, 'Entrance');
  await server.operator.execute({ do: 'stop', station: first });
  assert.deepEqual(ids(), ['served-first (off)', 'served-lobby']);
  await server.removeStation(second);
  assert.deepEqual(ids(), ['served-first (off)']);
  assert.equal(server.stationOnAir(second), null);
  assert.deepEqual(kinds().slice(6), ['changed', 'off-air', 'off-air', 'removed']);
  await assert.rejects(server.removeStation(second), { name: 'Problem', code: 'station' });

  const third = await server.addStation({ name: 'Served lobby', source: film('served-second') });
  assert.deepEqual(
    [third, server.stationOnAir(third)?.info().number],
    ['served-lobby', 2],
    'its id and its number were free again',
  );
  await server.close();
  assert.equal(events.at(-1)?.kind, 'closed');
});

test('commands given at once are carried out in their order, and one that has become impossible is refused', async (context) => {
  const { server, film, kinds, ids } = await open(context);
  const station = await server.addStation({ source: film('served-first') });
  const orders = (['stop', 'stop', 'start', 'start', 'stop', 'start'] as const).map((order) =>
    server.operator.execute({ do: order, station }),
  );
  const results = await Promise.allSettled(orders);
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    [true, false, true, false, true, true],
  );
  assert.deepEqual(kinds().slice(2), ['on-air', 'off-air', 'on-air', 'off-air', 'on-air']);
  assert.deepEqual(ids(), ['served-first']);
});

test('an error of one station is that station’s alone', async (context) => {
  const { server, film, store } = await open(context);
  for (const name of ['served-first', 'served-second', 'served-third']) film(name);
  await server.close();
  context.mock.method(FileStateStore.prototype, 'read', async (id: string) => {
    if (id === 'served-second') throw new Error('damaged');
    return null;
  });
  context.mock.method(FileStateStore.prototype, 'quarantine', () => Promise.reject(new Error('the disk is full')));

  const problems: string[] = [];
  const folder = join(store, '..');
  const sources = ['gone', 'served-first', 'served-second', 'served-third'].map((name) => ({
    source: join(folder, `${name}.mp4`),
  }));
  const again = await openServer({ name: 'here', store, controlPort: 0, stations: sources }, (event) => {
    if (event.kind === 'problem') problems.push(event.station?.id ?? event.problem.message);
  });
  context.after(() => again.close());
  await again.startStations();
  const onAir = again.operator.view().stations.map(({ info }) => `${info.number} ${info.id}`);
  assert.deepEqual(onAir, ['2 served-first', '4 served-third']);
  assert.equal(problems.length, 2);
  assert.match(problems[0]!, /gone\.mp4: no such file/);
  assert.equal(problems[1], 'served-second');
});

test('a station that is removed while its reels are made is given up, and its id is free', async (context) => {
  const { server, film, ids, next } = await open(context);
  const source = film('served-first');
  const adding = server.addStation({ source });
  const given = assert.rejects(adding, { name: 'Problem', code: 'station' });
  await next('preparing');
  await server.removeStation('served-first');
  assert.equal(await server.addStation({ source: film('served-second'), name: 'served-first' }), 'served-first');
  await given;
  assert.deepEqual(ids(), ['served-first'], 'the one that was given up takes nothing off the air');
});

test('a reload is given up when its station is removed, and other commands do not wait for it', async (context) => {
  const { server, film, folder, next } = await open(context);
  const films = join(folder, 'served-films');
  mkdirSync(films);
  makeFilm(join(films, 'one.mp4'), 1);
  const station = await server.addStation({ source: films });
  makeFilm(join(films, 'two.mp4'), 1);
  const reloading = assert.rejects(server.operator.execute({ do: 'reload', station }), {
    name: 'Problem',
    code: 'station',
  });
  await next('preparing');
  await assert.rejects(server.operator.execute({ do: 'reload', station }), { name: 'Problem', code: 'usage' });
  await server.operator.execute({ do: 'rename', station, name: 'Films' });
  await server.removeStation(station);
  await reloading;
  assert.deepEqual(openFiles(folder), []);
  rmSync(films, { recursive: true });
  await assert.rejects(server.addStation({ source: films }), { name: 'Problem', code: 'source' });
  assert.equal(await server.addStation({ source: film('served-first') }), 'served-first');
});

test('a station that is removed and added again is as its operator left it', async (context) => {
  const { server, film, folder } = await open(context);
  const films = join(folder, 'served-films');
  mkdirSync(films);
  for (const name of ['one', 'two']) makeFilm(join(films, `${name}.mp4`), 1);
  const station = await server.addStation({ source: films });
  const renaming = server.operator.execute({ do: 'rename', station, name: 'Served lobby' });
  await server.removeStation(station);
  await renaming;
  assert.equal(await server.addStation({ source: films }), station);
  assert.equal(server.stationOnAir(station)?.info().name, 'Served lobby');
  assert.equal(await server.addStation({ source: film('served-first') }), 'served-first');
});

test('closing gives up what is being made', async (context) => {
  const { server, film, next } = await open(context);
  const adding = assert.rejects(server.addStation({ source: film('served-first') }), {
    name: 'Problem',
    code: 'station',
  });
  await next('preparing');
  await server.close();
  await adding;
});

test('a station whose changes cannot be stored yet keeps no command of another waiting', async (context) => {
  const { server, film } = await open(context);
  const first = await server.addStation({ source: film('served-first') });
  let release: () => void = () => undefined;
  const { replace } = FileStateStore.prototype;
  context.mock.method(FileStateStore.prototype, 'replace', async function (this: FileStateStore, ...words: StoreWords) {
    if (words[0] === first) {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    return replace.apply(this, words);
  });
  const waiting = server.operator.execute({ do: 'rename', station: first, name: 'Entrance' });
  const other = await server.addStation({ source: film('served-second') });
  await server.operator.execute({ do: 'rename', station: other, name: 'Lobby' });
  release();
  await waiting;
});

/** Has slates be the reel of another station, once `allowed` resolves. */
function slateOf(context: TestContext, { store, reel }: { store: string; reel: string }, allowed = Promise.resolve()) {
  context.mock.method(Slates.prototype, 'itemFor', async () => {
    await allowed;
    return { name: 'slate', reel: await new Store(store).openReel(reel) };
  });
}

const reelIdOf = (server: Server, id: string) => server.stationOnAir(id)!.station.items[0]!.reel.data.manifest.id;

test('a slate that cannot be shown, for its station cannot be read, is closed', async (context) => {
  const { server, film, folder, store } = await open(context);
  const station = await server.addStation({ source: film('served-first') });
  const other = await server.addStation({ source: makeFilm(join(folder, 'served-second.mp4'), 2) });
  slateOf(context, { store, reel: reelIdOf(server, other) });
  const before = openFiles(folder).sort();
  truncateSync(join(store, 'reels', reelIdOf(server, station), ReelFile.packets.h264), 0);
  await assert.rejects(server.operator.execute({ do: 'show', slate: 'any', station }));
  assert.deepEqual(openFiles(folder).sort(), before);
});

test('a command that a station is carrying out has ended before its reels are closed, and later ones are refused', async (context) => {
  const { server, film, folder, store } = await open(context);
  const station = await server.addStation({ source: film('served-first') });
  const other = await server.addStation({ source: film('served-second') });
  let allow: () => void = () => undefined;
  const allowed = new Promise<void>((resolve) => {
    allow = resolve;
  });
  slateOf(context, { store, reel: reelIdOf(server, other) }, allowed);
  const showing = server.operator.execute({ do: 'show', slate: 'any', station });
  const late = server.operator.execute({ do: 'skip', station });
  const refused = assert.rejects(late, { name: 'Problem', code: 'server' });
  const closing = server.close();
  setImmediate(allow);
  await showing;
  await Promise.all([closing, refused]);
  await assert.rejects(server.operator.execute({ do: 'skip', station }), { name: 'Problem', code: 'server' });
  assert.deepEqual(openFiles(folder), []);
});

test('a slate that is not generated yet is refused as one that is not prepared', async (context) => {
  const { server, film } = await open(context);
  const station = await server.addStation({ source: film('served-first') });
  const [slate] = server.operator.view().slates;
  const showing = server.operator.execute({ do: 'show', slate: slate!.id, station });
  await assert.rejects(showing, { name: 'Problem', code: 'usage', message: /not prepared yet/ });
});

test('a number that another station has is refused with what to do', async (context) => {
  const { server, film } = await open(context);
  const source = film('served-first');
  await server.addStation({ source, number: 3 });
  await assert.rejects(server.addStation({ source, number: 3 }), {
    name: 'Problem',
    message: 'served-first cannot have the number 3: served-first has it',
  });
});
