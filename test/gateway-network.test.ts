/** A gateway that receives a station from the network has the same bytes as the station's server. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemTimers } from '../src/base/timers.js';
import { Millis, millisToTicks, PacketNumber } from '../src/base/units.js';
import { CHUNK_TIME } from '../src/contract/timing.js';
import { NetworkCatalogue } from '../src/gateway/network-catalogue.js';
import { NetworkSource } from '../src/gateway/network-source.js';
import type { Chunk, StationReader } from '../src/gateway/source.js';
import { Tuner } from '../src/receiver/tuner.js';
import { Station } from '../src/station/station.js';
import { startsRandomAccess, TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { until } from './support/display.js';
import { bigBuckBunny, reelOf, sharedStore, transportStream } from './support/film.js';
import { findOnAir, foundAt } from './support/found.js';
import { HandTimers } from './support/hand-timers.js';
import { serve } from './support/msc.js';
import { makeStation } from './support/stations.js';

async function onAir(context: TestContext) {
  const store = await sharedStore();
  const server = await serve(context, [`Bunny=${bigBuckBunny}`, '--store', store.folder, '--name', 'projector'], 1);
  const reel = await reelOf(context, bigBuckBunny, {}, store);
  const [info] = server.stations;
  const station = new Station({ items: [{ name: 'Bunny', reel }], ssrc: info!.ssrc });
  const found = await findOnAir(context, info!);
  let tuners = 0;
  const createTuner = () => {
    tuners++;
    return new Tuner({ onServer: () => undefined, onTrouble: (problem) => assert.fail(problem) });
  };
  const now = () => Millis(Date.now());
  const source = new NetworkSource({ found, timers: systemTimers, now, createTuner }, info!);
  context.after(() => source.close());
  return { source, station, tuners: () => tuners };
}

async function read(context: TestContext, reader: StationReader, enough: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  let bytes = 0;
  let isReady = true;
  await until(context, () => {
    if (!isReady) return false;
    isReady = false;
    for (let more = reader.read(65_536); more.length > 0; more = reader.read(65_536)) {
      chunks.push(...more);
      for (const { data } of more) bytes += data.length;
    }
    assert.equal(reader.ended, null);
    reader.wait(() => {
      isReady = true;
    });
    return bytes >= enough;
  });
  return chunks;
}

/** Asserts that chunks equal those of the station's server, from a random access point on. */
function assertWhole(station: Station, chunks: readonly Chunk[]): void {
  const all = Buffer.concat(chunks.map(({ data }) => data));
  assert.ok(startsRandomAccess(all));
  const first = station.randomAccessBefore(station.at(chunks[0]!.time));
  assert.equal(station.due(first), chunks[0]!.time);
  assert.ok(all.equals(transportStream(station, first, first + all.length / TS_GROUP_LENGTH)));
  let n = first;
  for (const { time, data, randomAccess } of chunks) {
    const last = n + data.length / TS_GROUP_LENGTH - 1;
    assert.equal(station.due(n), time);
    assert.equal(randomAccess, station.randomAccessBefore(n) === n);
    const windows = [time, station.due(PacketNumber(last))].map((ticks) =>
      Math.floor(ticks / millisToTicks(CHUNK_TIME)),
    );
    assert.equal(windows[0], windows[1]);
    n = PacketNumber(last + 1);
  }
}

test('live and past, shared and alone: every byte of the station, in the chunks of its server', {
  timeout: 60_000,
}, async (context) => {
  const { source, station, tuners } = await onAir(context);
  const readers = [await source.read({ kind: 'live' }), await source.read({ kind: 'live' })];
  assert.equal(tuners(), 1, 'one reception for both');
  const [one, other] = await Promise.all(readers.map((reader) => read(context, reader, 2_500_000)));
  assertWhole(station, one!);
  assertWhole(station, other!);
  assert.equal(one![0]!.data, other![0]!.data, 'the same memory');
  // The error is half the round trip to the server.
  assert.ok(Math.abs(source.now() - Date.now()) < 10_000);

  const hour = 3_600_000;
  const past = await source.read({ kind: 'time', time: Millis(source.now() - hour) });
  assert.equal(tuners(), 2);
  assert.ok(past.position <= source.now() - hour);
  assertWhole(station, await read(context, past, 5_000_000));
  for (const reader of [...readers, past]) reader.close();
});

test('a reader that pauses for longer than the buffer continues with the very next byte', {
  timeout: 60_000,
}, async (context) => {
  const { source, station, tuners } = await onAir(context);
  const [patient, quick] = [await source.read({ kind: 'live' }), await source.read({ kind: 'live' })];
  const before = await read(context, patient, 300_000);
  // Until the shared buffer no longer holds the position.
  const held = 16_000;
  while (quick.position - before[0]!.time / 90 < held + 5_000) await read(context, quick, 1);
  const after = await read(context, patient, 1_000_000);
  assertWhole(station, [...before, ...after]);
  assert.equal(tuners(), 2);
});

test('stations of several servers get unique ids and numbers, and a missing one is removed', async () => {
  const infos = [makeStation(1), makeStation(1, { server: 'other', group: '239.255.9.9' }), makeStation(2)];
  const found = infos.flatMap((info, i) => foundAt([{ address: `192.0.2.${i + 1}`, stations: [info] }]));
  let there = found;
  const timers = new HandTimers();
  const catalogue = new NetworkCatalogue({
    find: async () => there,
    createTuner: () => assert.fail('nobody reads'),
    timers,
    now: () => Millis(0),
    log: (line) => assert.fail(line),
  });
  let changes = 0;
  catalogue.onChange(() => changes++);
  await catalogue.open();
  const ids = () => catalogue.stations.map(({ info }) => `${info.number} ${info.id}`);
  assert.deepEqual(ids(), ['1 station-1', '2 station-1-2', '3 station-2']);
  assert.equal(catalogue.find('station-1-2')?.info.server, 'other');
  assert.equal(changes, 1);

  there = [found[0]!, { ...found[2]!, info: { ...infos[2]!, nowPlaying: 'Something else' } }];
  const searched = async () => {
    timers.advance(Millis(3_000));
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  await searched();
  assert.equal(catalogue.find('station-2')?.info.nowPlaying, 'Something else');
  assert.equal(ids().length, 3);
  await searched();
  await searched();
  assert.deepEqual(ids(), ['1 station-1', '3 station-2']);
  assert.equal(changes, 3);
  await catalogue.close();
  assert.equal(timers.pending, 0);
});
