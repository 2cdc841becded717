/** Damaged reels under a server of three stations: one of a folder with two items, two of one film each. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFilm } from '../../test/support/film.js';
import { flipBit, seeded } from '../../test/support/flips.js';
import { scratchFolder, sharedFolder } from '../../test/support/spool.js';
import { ReelFile } from '../reel/reel.js';
import type { ServerEvent } from './events.js';
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

test('a station whose packets are damaged goes on with its other items, or is off the air, until they are made again', async (context) => {
  const { films, store, file, reelOf } = await copy(context);
  for (const path of [file(ONE, ReelFile.packets.h264), file(HALL, ReelFile.packets.h264, 1)]) {
    flipBit(path, seeded(5, 1, statSync(path).size * 8)[0]!, { touched: true });
  }
  const { server, events, until, kinds } = await start(context, films, store);
  const changes = () => kinds(HALL).filter((kind) => kind === 'changed').length;
  await until(() => kinds(ONE).filter((kind) => kind === 'on-air').length === 2 && changes() === 2);
  assert.deepEqual(kinds(ONE), ['on-air', 'problem', 'off-air', 'preparing', 'prepared', 'on-air']);
  assert.deepEqual(kinds(HALL), ['on-air', 'problem', 'changed', 'preparing', 'prepared', 'changed']);
  assert.deepEqual(kinds(TWO), ['on-air'], 'it notices nothing');
  const { problem } = events.find((event) => event.kind === 'problem')!;
  assert.match(problem.message, /^1 Mended one\.mp4: the reel .* is damaged: packets\.ts: its packets are not those/);
  assert.ok(problem.next.includes(join('damaged', reelOf(ONE))));
  assert.deepEqual(onAir(server), [ONE, TWO, HALL]);
  const hall = server.operator.view().stations.find(({ info }) => info.id === HALL)!;
  assert.deepEqual(
    hall.items.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('a damaged reel without its source is set aside, and its station is off the air with a problem', async (context) => {
  const { store, file, reelOf, ...from } = await copy(context);
  const films = join(scratchFolder(context), 'films');
  cpSync(from.films, films, { recursive: true });
  flipBit(file(TWO, ReelFile.packets.h264), 4_711, { touched: true });
  const { server, events, until, kinds } = await start(context, films, store);
  rmSync(join(films, 'two.mp4'));
  await until(() => kinds(TWO).includes('removed'));
  assert.deepEqual(onAir(server), [ONE, HALL]);
  const problems = events.flatMap((event) => (event.kind === 'problem' ? [event.problem.message] : []));
  assert.match(problems.join('\n'), /two\.mp4: no such file/);
  assert.match(problems.at(-1)!, /^2 Mended two\.mp4: its damaged reel cannot be made again/);
  assert.equal(existsSync(join(store, 'damaged', reelOf(TWO), ReelFile.packets.h264)), true);
});
