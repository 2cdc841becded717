/** Damaged reels under a server of three stations: one of a folder with two items, two of one film each. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFilm } from '../../test/support/film.js';
import { flipBit, flipPackets, seeded } from '../../test/support/flips.js';
import { scratchFolder, sharedFolder } from '../../test/support/spool.js';
import { inodeOf } from '../reel/open-reel.js';
import { ReelDamage } from '../reel/read-reel.js';
import { ReelFile } from '../reel/reel.js';
import { Store } from '../reel/store.js';
import { type ServerEvent, ServerEvents } from './events.js';
import { LineUp } from './line-up.js';
import { ReelRepair } from './reel-repair.js';
import { openServer, type Server } from './server.js';

const shared = sharedFolder();

const configOf = (films: string, store: string) => ({
  name: 'here',
  store,
  controlPort: 0,
  stations: ['one.mp4', 'two.mp4', 'hall'].map((source) => ({ name: `Mended ${source}`, source: join(films, source) })),
});

/** What the tests begin with: films, and a store in which a server has prepared and verified them. */
const prepared = (async () => {
  const films = join(shared, 'films');
  mkdirSync(join(films, 'hall'), { recursive: true });
  for (const [i, name] of ['one.mp4', 'two.mp4', join('hall', 'a.mp4'), join('hall', 'b.mp4')].entries()) {
    makeFilm(join(films, name), 1 + i);
  }
  const store = join(shared, 'store');
  const server = await openServer(configOf(films, store));
  await server.startStations();
  const reels = new Map(server.operator.view().stations.map(({ info, items }) => [info.id, items.map(({ id }) => id)]));
  await server.close();
  return { films, store, reels };
})();

const [ONE, TWO, HALL] = ['mended-one-mp4', 'mended-two-mp4', 'mended-hall'] as const;

/** A copy of the store for one test. */
async function copy(context: TestContext) {
  const { films, store: whole, reels } = await prepared;
  const store = join(scratchFolder(context), 'store');
  cpSync(whole, store, { recursive: true });
  const reelOf = (station: string, item = 0) => reels.get(station)![item]!;
  const file = (station: string, name: string, item = 0) => join(store, 'reels', reelOf(station, item), name);
  return { films, store, reelOf, file };
}

interface Watched {
  server: Server;
  events: ServerEvent[];
  /** Resolves when the events of a station, or of all, satisfy `condition`. */
  until(condition: () => boolean): Promise<void>;
  /** Kinds of the events of one station since it was opened. */
  kinds(station: string): string[];
}

async function start(context: TestContext, films: string, store: string): Promise<Watched> {
  const events: ServerEvent[] = [];
  const waiting = new Set<() => void>();
  const server = await openServer(configOf(films, store), (event) => {
    events.push(event);
    for (const look of [...waiting]) look();
  });
  context.after(() => server.close());
  await server.startStations();
  const stationOf = (event: ServerEvent) => ('station' in event ? event.station?.id : undefined);
  return {
    server,
    events,
    until: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    kinds: (station) =>
      events.filter((event) => stationOf(event) === station && event.kind !== 'progress').map(({ kind }) => kind),
  };
}

const onAir = (server: Server) =>
  server.operator
    .view()
    .stations.filter((station) => station.onAir)
    .map(({ info }) => info.id);

test('a changed bit in a reel’s properties or index is said, and only that reel is made again', async (context) => {
  const { films, store, file, reelOf } = await copy(context);
  const damaged = [
    [ONE, ReelFile.manifest],
    [TWO, ReelFile.index],
  ] as const;
  for (const [station, name] of damaged) {
    const path = file(station, name);
    flipBit(path, seeded(1, 1, statSync(path).size * 8)[0]!);
  }
  const { server, events, kinds } = await start(context, films, store);
  assert.deepEqual(onAir(server), [ONE, TWO, HALL]);
  for (const station of [ONE, TWO]) assert.deepEqual(kinds(station), ['preparing', 'prepared', 'on-air']);
  assert.deepEqual(kinds(HALL), ['on-air']);
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : [])).join('\n');
  for (const [station, name] of damaged) assert.ok(notes.includes(`${reelOf(station)} is damaged: ${name}`), notes);
  assert.deepEqual(readdirSync(join(store, 'damaged')), [], 'made again');
});

test('a film in whose reel decoding found damage is prepared again, and plays on until then', async (context) => {
  const folder = scratchFolder(context);
  const films = join(folder, 'films');
  mkdirSync(join(films, 'hall'), { recursive: true });
  const whole = makeFilm(join(folder, 'whole.mp4'), 3);
  flipPackets(whole, join(films, 'one.mp4'), { seed: 1, count: 8 });
  for (const name of ['two.mp4', join('hall', 'a.mp4')]) makeFilm(join(films, name), 1);
  const storeFolder = join(folder, 'store');
  const { server, events, kinds } = await start(context, films, storeFolder);
  const reelOf = () => server.operator.view().stations.find(({ info }) => info.id === ONE)!.items[0]!.id;
  const copied = reelOf();
  const store = new Store(storeFolder);
  await store.noteCopiedDamage(copied, true);
  await server.encodeDamage(copied);
  const without = (station: string) => kinds(station).filter((kind) => kind !== 'note');
  assert.deepEqual(without(ONE), ['preparing', 'prepared', 'on-air', 'preparing', 'prepared', 'changed']);
  assert.deepEqual(without(TWO), ['preparing', 'prepared', 'on-air']);
  assert.ok(events.some((event) => event.kind === 'note' && /decoding found damage/.test(event.message)));
  assert.notEqual(reelOf(), copied);
  assert.equal(await store.isCopiedDamaged(reelOf()), false);
  await server.close();
  const again = await start(context, films, storeFolder);
  const next = again.events.filter((event) => event.kind === 'preparing' || event.kind === 'problem');
  assert.deepEqual([next, onAir(again.server).includes(ONE)], [[], true], 'nothing is prepared at the next start');
});

test('a station whose packets are damaged stays on the air, with its other items or as it is, until they are made again', async (context) => {
  const { films, store, file, reelOf } = await copy(context);
  for (const path of [file(ONE, ReelFile.packets.h264), file(HALL, ReelFile.packets.h264, 1)]) {
    flipBit(path, seeded(5, 1, statSync(path).size * 8)[0]!, { touched: true });
  }
  const { server, events, until, kinds } = await start(context, films, store);
  const changes = (id: string) => kinds(id).filter((kind) => kind === 'changed').length;
  await until(() => changes(ONE) === 1 && changes(HALL) === 2);
  assert.deepEqual(kinds(ONE), ['on-air', 'problem', 'preparing', 'prepared', 'changed'], 'it is never off the air');
  assert.deepEqual(kinds(HALL), ['on-air', 'problem', 'changed', 'preparing', 'prepared', 'changed']);
  assert.deepEqual(kinds(TWO), ['on-air'], 'it notices nothing');
  const { problem } = events.find((event) => event.kind === 'problem')!;
  assert.match(problem.message, /^1 Mended one\.mp4: the reel .* is damaged: packets\.ts: its packets are not those/);
  assert.ok(problem.next.includes(join('damaged', reelOf(ONE))));
  const { stations, warnings } = server.operator.view();
  assert.ok(warnings.includes(`${problem.message}. ${problem.next}`), 'the operator sees it');
  assert.deepEqual(onAir(server), [ONE, TWO, HALL]);
  const hall = stations.find(({ info }) => info.id === HALL)!;
  assert.deepEqual(
    hall.items.map(({ name }) => name),
    ['a', 'b'],
  );
  for (const [id, items] of [
    [ONE, [0]],
    [HALL, [0, 1]],
  ] as const) {
    assert.deepEqual(
      server.stationOnAir(id)!.station.items.map(({ reel }) => inodeOf(reel)),
      items.map((item) => statSync(file(id, ReelFile.packets.h264, item)).ino),
      'what was made again is played',
    );
  }
  const { station } = server.stationOnAir(ONE)!;
  const [before, after] = station.timeline.periods;
  assert.deepEqual(
    [after!.filler, station.at(after!.from), before!.at(after!.from)],
    [null, after!.first, after!.first],
    'it goes on where it is',
  );
});

test('a damaged reel without its source is set aside, and its station goes on with it, with a problem', async (context) => {
  const { store, file, reelOf, ...from } = await copy(context);
  const films = join(scratchFolder(context), 'films');
  cpSync(from.films, films, { recursive: true });
  // Known files are on the air at once, before any reel is verified.
  const earlier = await openServer(configOf(films, store));
  await earlier.startStations();
  await earlier.close();
  flipBit(file(TWO, ReelFile.packets.h264), 4_711, { touched: true });
  const { server, events, until, kinds } = await start(context, films, store);
  const gone = join(films, 'two.mp4');
  renameSync(gone, `${gone}.away`);
  await until(() => kinds(TWO).filter((kind) => kind === 'problem').length === 2);
  assert.deepEqual(onAir(server), [ONE, TWO, HALL]);
  assert.deepEqual(kinds(TWO).slice(-3), ['on-air', 'problem', 'problem'], 'it is never off the air');
  const problem = events.flatMap((event) => (event.kind === 'problem' ? [event.problem] : [])).at(-1)!;
  assert.match(problem.message, /^2 Mended two\.mp4: its damaged reel cannot be made again: .*two\.mp4: no such file/);
  assert.match(problem.next, /The station goes on with the damaged one: reload it when its source is back\.$/);
  assert.equal(existsSync(join(store, 'damaged', reelOf(TWO), ReelFile.packets.h264)), true);
  renameSync(`${gone}.away`, gone);
  await server.operator.execute({ do: 'reload', station: TWO });
  assert.equal(
    inodeOf(server.stationOnAir(TWO)!.station.items[0]!.reel),
    statSync(file(TWO, ReelFile.packets.h264)).ino,
  );
});

test('a stopped station with a damaged reel stays in the line-up, and is started with the one made again', async (context) => {
  const { films, store, file } = await copy(context);
  flipBit(file(TWO, ReelFile.packets.h264), 4_711);
  const { server, until, kinds } = await start(context, films, store);
  await server.operator.execute({ do: 'stop', station: TWO });
  const path = file(TWO, ReelFile.packets.h264);
  const { size: bytes, ino: inode, mtimeMs } = statSync(path);
  await server.replaceReel(
    server.operator.view().stations.find(({ info }) => info.id === TWO)!.items[0]!.id,
    new ReelDamage(join(path, '..'), ReelFile.packets.h264, 'it was changed', { bytes, inode, mtimeMs }),
  );
  await until(() => kinds(TWO).includes('changed'));
  assert.deepEqual(onAir(server), [ONE, HALL]);
  await server.operator.execute({ do: 'start', station: TWO });
  assert.equal(inodeOf(server.stationOnAir(TWO)!.station.items[0]!.reel), statSync(path).ino);
});

test('a damaged slate is made again at once, and what played in the past is set aside', async () => {
  const events = new ServerEvents();
  const said: string[] = [];
  events.on((event) => event.kind === 'problem' && said.push(event.problem.next));
  let made = 0;
  const repair = new ReelRepair({
    store: { setAside: async (id: string) => join('damaged', id) },
    lineUp: new LineUp(),
    slates: { has: (reel: string) => reel === 'slate' },
    operator: undefined as never,
    events,
    prepareSlates: async () => void made++,
    signal: AbortSignal.abort(),
  });
  for (const reel of ['slate', 'past']) await repair.replace(reel, new ReelDamage(reel, ReelFile.packets.h264, 'torn'));
  assert.equal(made, 1);
  assert.deepEqual(said, [
    `It is kept in ${join('damaged', 'slate')}, and made again.`,
    `It is kept in ${join('damaged', 'past')}.`,
  ]);
});
