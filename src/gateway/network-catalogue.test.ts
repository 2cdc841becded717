import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { foundAt } from '../../test/support/found.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { Millis } from '../base/units.js';
import { type FoundStation, MOST_STATIONS } from '../discovery/find.js';
import type { StationInfo } from '../wire/station-info.js';
import { NetworkCatalogue } from './network-catalogue.js';

/** A catalogue whose searches find what `found` returns; `search` makes the next one. */
async function open(context: TestContext, found: () => readonly FoundStation[]) {
  const timers = new HandTimers();
  const catalogue = new NetworkCatalogue({
    find: async () => found(),
    createTuner: () => assert.fail('nobody reads'),
    timers,
    now: () => Millis(0),
    log: (line) => assert.fail(line),
  });
  context.after(() => catalogue.close());
  let changes = 0;
  catalogue.onChange(() => changes++);
  await catalogue.open();
  const search = async () => {
    timers.advance(3_000);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { catalogue, timers, search, changes: () => changes };
}

/** A station as a search finds it at one server. */
const at = (address: string, info: StationInfo): FoundStation => ({
  key: `${info.group}:${info.port}/${info.id}`,
  info,
  servers: [{ name: info.server, address, port: 5601, localAddress: '10.0.0.9' }],
});
const rogue = (count: number, salt: string, address = '10.0.0.66'): FoundStation[] =>
  makeStations(count).map((info) => at(address, { ...info, id: `${salt}-${info.number}`, number: 1 }));
const own = makeStations(20).map((info) => at('10.0.0.1', { ...info, server: 'hall' }));
const ofHall = (catalogue: NetworkCatalogue): number =>
  catalogue.stations.filter(({ info }) => info.server === 'hall').length;

const both = [
  { address: '192.0.2.1', stations: [makeStation(1, { server: 'a' })] },
  { address: '192.0.2.2', stations: [makeStation(1, { server: 'b', number: 7 })] },
];

test('a station of two servers is one entry, with the same id and readers, whichever of them ends', async (context) => {
  for (const remaining of [0, 1]) {
    let answers = both;
    const { catalogue, search } = await open(context, () => foundAt(answers));
    const before = catalogue.stations;
    assert.deepEqual(
      before.map(({ info }) => [info.id, info.number]),
      [['station-1', 1]],
    );
    answers = both.filter((_, i) => i === remaining);
    for (let i = 0; i < 5; i++) {
      await search();
      assert.deepEqual(catalogue.stations, before);
      assert.equal(catalogue.stations[0], before[0], 'readers keep their source');
      assert.deepEqual([before[0]?.info.id, before[0]?.info.number], ['station-1', 1]);
    }
  }
});

test('listeners are called for what changed, once a search, and not for the same again', async (context) => {
  let stations = makeStations(3);
  const { catalogue, search, changes } = await open(context, () => stations.map((info) => at('10.0.0.1', info)));
  assert.equal(changes(), 1);
  const { info } = catalogue.stations[0]!;
  stations = makeStations(3);
  await search();
  assert.equal(changes(), 1);
  assert.equal(catalogue.stations[0]!.info, info);
  stations = makeStations(3).map((each) => ({ ...each, nowPlaying: 'another', fec: { columns: 10, rows: 5 } }));
  await search();
  assert.equal(changes(), 2);
  assert.equal(catalogue.find('station-2')?.info.nowPlaying, 'another');
  stations = [];
  for (let i = 0; i < 3; i++) await search();
  assert.equal(changes(), 3);
  assert.deepEqual([catalogue.stations.length, catalogue.find('station-2')], [0, undefined]);
});

test('a rogue server with always-new ids fills the catalogue to its bound, and displaces nobody', async (context) => {
  let searches = 0;
  let isHallHeard = true;
  const { catalogue, timers, search } = await open(context, () => [
    ...rogue(MOST_STATIONS - 20, String(searches++)),
    ...(isHallHeard ? own : []),
  ]);
  const hall = catalogue.stations.filter(({ info }) => info.server === 'hall');
  assert.equal(hall.length, 20);
  for (let i = 0; i < 8; i++) {
    isHallHeard = i % 3 === 0; // Two searches in a row miss it: its answers are lost in the flood.
    await search();
    assert.ok(catalogue.stations.length <= MOST_STATIONS, `${catalogue.stations.length} stations`);
    assert.equal(ofHall(catalogue), 20);
  }
  assert.equal(hall[0], catalogue.find(hall[0]!.info.id), 'readers keep their source');
  assert.equal(timers.pending, 1, 'stations that nobody reads have no timers');
});

test('addresses in turn, each with a fair share of stations, take from nobody that has less', async (context) => {
  let searches = 0;
  let isHallHeard = true;
  const { catalogue, search } = await open(context, () => [
    ...Array.from({ length: 255 }, (_, i) => rogue(16, `${searches}-${i}`, `10.${searches++}.1.${i}`)).flat(),
    ...(isHallHeard ? own.slice(0, 5) : []),
  ]);
  for (let i = 0; i < 6; i++) {
    isHallHeard = i % 3 === 0;
    await search();
    assert.ok(catalogue.stations.length <= MOST_STATIONS);
    assert.equal(ofHall(catalogue), 5);
  }
});

test('ids and numbers stay unique, also when all claim the same', async (context) => {
  const same = makeStations(MOST_STATIONS).map((info) => at('10.0.0.66', { ...info, id: 'news', number: 65_535 }));
  const { catalogue } = await open(context, () => same);
  const { stations } = catalogue;
  assert.equal(new Set(stations.map(({ info }) => info.id)).size, MOST_STATIONS);
  assert.equal(new Set(stations.map(({ info }) => info.number)).size, MOST_STATIONS);
  assert.ok(stations.every(({ info }) => info.number <= 65_535 && catalogue.find(info.id)?.info === info));
});
