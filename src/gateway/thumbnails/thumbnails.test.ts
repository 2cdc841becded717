import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCatalogue, FakeStation } from '../../../test/support/fake-catalogue.js';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { Problem } from '../../base/problem.js';
import { millisToTicks } from '../../base/units.js';
import { type ThumbnailMaker, Thumbnails } from './thumbnails.js';

type ThumbnailJob = Parameters<ThumbnailMaker['make']>[0];

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Stations of large JPEG pictures; the thumbnail of a picture is "small …". */
function thumbnailsOf(count: number, changes: { isAble?: boolean } = {}) {
  const timers = new HandTimers();
  const stations = Array.from({ length: count }, (_, i) => {
    const station = new FakeStation({ number: i + 1, format: 'jpeg' }, () => timers.now());
    station.picture = Buffer.from(`poster ${i + 1}`);
    return station;
  });
  const maker = {
    isAble: true,
    jobs: [] as ThumbnailJob[],
    make: async (job: ThumbnailJob): Promise<Buffer | null> => {
      maker.jobs.push(job);
      return maker.isAble ? Buffer.from(`small ${job.picture}`) : null;
    },
    ...changes,
  };
  const catalogue = new FakeCatalogue(...stations);
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const thumbnails = new Thumbnails({ catalogue, maker, timers, log });
  let pictures = 0;
  const put = (station: FakeStation, data = Buffer.from(`picture ${++pictures}`)) =>
    station.put({ time: millisToTicks(timers.now()), data, randomAccess: true });
  const seen: string[] = [];
  const subscribe = () => thumbnails.subscribe(({ id }, { jpeg }) => seen.push(`${id}: ${jpeg}`));
  return { timers, stations, maker, catalogue, thumbnails, put, seen, subscribe, lines };
}

test('a subscriber gets a thumbnail at once, and a new one in each interval', async () => {
  const { timers, stations, put, seen, subscribe } = thumbnailsOf(1);
  put(stations[0]!);
  subscribe().setStations(['station-1']);
  await settled();
  assert.deepEqual(seen, ['station-1: small picture 1']);
  for (let second = 0; second < 60; second++) {
    timers.advance(1_000);
    put(stations[0]!);
    await settled();
  }
  assert.ok(seen.length >= 12 && seen.length <= 14, `${seen.length}`);
});

test('no thumbnail is made of a station without subscribers', async () => {
  const { timers, stations, maker, put, subscribe } = thumbnailsOf(2);
  for (const station of stations) put(station);
  const one = subscribe();
  one.setStations(['station-1']);
  await settled();
  assert.equal(maker.jobs.length, 1);
  one.setStations([]);
  put(stations[0]!);
  timers.advance(60_000);
  await settled();
  const other = subscribe();
  other.setStations(['station-1']);
  other.close();
  timers.advance(60_000);
  await settled();
  assert.ok(maker.jobs.length <= 2);
  assert.equal(stations[1]!.starts.length, 0);
  assert.equal(timers.pending, 0);
});

test('an unchanged picture is not scaled again', async () => {
  const { timers, stations, maker, put, seen, subscribe } = thumbnailsOf(1);
  put(stations[0]!);
  subscribe().setStations(['station-1']);
  await settled();
  for (let i = 0; i < 5; i++) {
    timers.advance(5_000);
    await settled();
  }
  assert.ok(stations[0]!.starts.length >= 5);
  assert.equal(maker.jobs.length, 1);
  assert.equal(seen.length, 1);
});

test('one thumbnail serves all subscribers, later ones as well', async () => {
  const { timers, stations, maker, put, seen, subscribe } = thumbnailsOf(1);
  put(stations[0]!);
  subscribe().setStations(['station-1']);
  subscribe().setStations(['station-1']);
  await settled();
  assert.deepEqual(seen, ['station-1: small picture 1', 'station-1: small picture 1']);
  subscribe().setStations(['station-1']);
  assert.equal(seen.length, 2, 'not before setStations returns');
  timers.advance(0);
  assert.equal(seen.length, 3);
  assert.equal(maker.jobs.length, 1);
});

test('the thumbnails of many stations are spread over the interval', async () => {
  const { timers, stations, maker, put, subscribe } = thumbnailsOf(20);
  for (const station of stations) put(station);
  subscribe().setStations(stations.map(({ info }) => info.id));
  for (let i = 0; i < 100; i++) await settled();
  assert.equal(maker.jobs.length, 20);
  timers.advance(10_000);
  await settled();
  let most = 0;
  for (let i = 0; i < 20; i++) {
    const before = maker.jobs.length;
    for (const station of stations) put(station);
    timers.advance(250);
    for (let j = 0; j < 20; j++) await settled();
    most = Math.max(most, maker.jobs.length - before);
  }
  assert.ok(most <= 2, `${most} in a twentieth of the interval`);
});

test('no more than four stations are read at once', async () => {
  const { stations, subscribe } = thumbnailsOf(20);
  subscribe().setStations(stations.map(({ info }) => info.id));
  await settled();
  assert.equal(stations.filter(({ starts }) => starts.length > 0).length, 4);
});

test('where no thumbnail can be made the poster is sent, once', async () => {
  const { timers, stations, maker, seen, subscribe } = thumbnailsOf(1, { isAble: false });
  stations[0]!.info = { ...stations[0]!.info, format: 'h264' };
  subscribe().setStations(['station-1']);
  await settled();
  timers.advance(20_000);
  await settled();
  assert.deepEqual(seen, ['station-1: poster 1']);
  assert.equal(stations[0]!.starts.length, 0, 'the station is not read in vain');
  assert.equal(maker.jobs.length, 0);
});

test('the last thumbnail stays while no new one can be made', async () => {
  const { timers, stations, maker, thumbnails, put, subscribe } = thumbnailsOf(1);
  put(stations[0]!);
  subscribe().setStations(['station-1']);
  await settled();
  maker.make = async () => null;
  timers.advance(6_000);
  put(stations[0]!);
  timers.advance(6_000);
  await settled();
  assert.equal(String((await thumbnails.latest('station-1'))?.jpeg), 'small picture 1');
});

test('a small JPEG picture is its own thumbnail', async () => {
  const { stations, maker, put, seen, subscribe } = thumbnailsOf(1);
  stations[0]!.info = { ...stations[0]!.info, width: 320 };
  put(stations[0]!);
  subscribe().setStations(['station-1']);
  await settled();
  assert.deepEqual(seen, ['station-1: picture 1']);
  assert.equal(maker.jobs.length, 0);
});

test('concurrent requests for the newest thumbnail share one', async () => {
  const { timers, stations, maker, thumbnails, put } = thumbnailsOf(1);
  put(stations[0]!);
  const asked = await Promise.all([thumbnails.latest('station-1'), thumbnails.latest('station-1')]);
  assert.deepEqual(
    asked.map((thumbnail) => String(thumbnail?.jpeg)),
    ['small picture 1', 'small picture 1'],
  );
  assert.equal(maker.jobs.length, 1);
  timers.advance(4_000);
  put(stations[0]!);
  assert.equal(String((await thumbnails.latest('station-1'))?.jpeg), 'small picture 1');
  timers.advance(1_000);
  assert.equal(String((await thumbnails.latest('station-1'))?.jpeg), 'small picture 2');
  assert.equal(await thumbnails.latest('no such station'), null);
  assert.equal(timers.pending, 0, 'there are no subscribers');
});

test('closing answers pending requests', async () => {
  const { stations, thumbnails } = thumbnailsOf(1);
  const waiting = thumbnails.latest('station-1');
  await settled();
  assert.equal(stations[0]!.readers.size, 1);
  thumbnails.close();
  assert.equal(await waiting, null);
});

test('stations that come and go leave no thumbnails behind', async () => {
  const { timers, catalogue, put, thumbnails, subscribe } = thumbnailsOf(0);
  const page = subscribe();
  for (let i = 0; i < 500; i++) {
    const station = new FakeStation({ number: 1, id: `rogue-${i}`, format: 'jpeg' }, () => timers.now());
    catalogue.stations = [station];
    catalogue.changed();
    put(station);
    page.setStations([station.info.id]);
    const latest = thumbnails.latest(station.info.id);
    await settled();
    assert.ok(await latest);
  }
  assert.ok(thumbnails.size <= 2, `${thumbnails.size} kept`);
  catalogue.stations = [];
  catalogue.changed();
  page.close();
  assert.equal(thumbnails.size, 0);
});

test('a station that cannot be read has its poster; a Problem is reported elsewhere, another error is logged once', async () => {
  const { timers, stations, thumbnails, lines } = thumbnailsOf(2);
  stations[0]!.refusal = new Problem('network', 'no packets arrive', 'Check the network.');
  stations[1]!.refusal = new RangeError('out of range');
  for (let round = 0; round < 3; round++) {
    for (const number of [1, 2]) {
      assert.equal((await thumbnails.latest(`station-${number}`))?.jpeg.toString(), `poster ${number}`);
    }
    timers.advance(10_000);
  }
  assert.deepEqual(lines, ['A thumbnail could not be made: out of range']);
});
