import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { until } from '../../test/support/display.js';
import { bigBuckBunny, reelOf, sharedFilm, transportStream } from '../../test/support/film.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation } from '../../test/support/stations.js';
import { Problem } from '../base/problem.js';
import { Millis, millisToTicks, PacketNumber, Ticks90k, ticksToMillis } from '../base/units.js';
import { CHUNK_TIME } from '../contract/timing.js';
import { Station } from '../station/station.js';
import { startsRandomAccess } from '../wire/ts.js';
import { ChunkMemory } from './chunk-memory.js';
import { LocalSource } from './local-source.js';
import type { Chunk, StationReader } from './source.js';

const EPOCH = 1_800_000_000_000;

async function openSource(context: TestContext, options: { history?: Millis; memory?: number } = {}) {
  const reel = await reelOf(context, bigBuckBunny);
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const timers = new HandTimers();
  const now = () => Millis(EPOCH + timers.now());
  const memory = new ChunkMemory(options.memory);
  const info = () => makeStation(1);
  const poster = async () => null;
  const source = new LocalSource({ station, info, now, timers, memory, history: options.history, poster });
  context.after(() => source.close());
  return { station, timers, now, source };
}

/** Reads `enough` bytes, turning the time while there is nothing to read. */
async function read(context: TestContext, reader: StationReader, enough: number, turn: () => void): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  let bytes = 0;
  let isReady = true;
  await until(context, () => {
    if (isReady) {
      for (let more = reader.read(65_536); more.length > 0; more = reader.read(65_536)) {
        chunks.push(...more);
        for (const { data } of more) bytes += data.length;
      }
      isReady = false;
      reader.wait(() => {
        isReady = true;
      });
    } else turn();
    return bytes >= enough;
  });
  return chunks;
}

const bytesOf = (chunks: readonly Chunk[]): Buffer => Buffer.concat(chunks.map(({ data }) => data));

/** The station's bytes from the packets on that leave with `first`. */
function expected(station: Station, first: Chunk, length: number): Buffer {
  let n = station.at(first.time);
  while (station.due(PacketNumber(n - 1)) === first.time && station.randomAccessBefore(n) !== n) n--;
  return transportStream(station, n, n + length / 1_316);
}

test('a live reader reads the station’s packets from the random access point whose picture is due', async (context) => {
  const { station, timers, now, source } = await openSource(context);
  const reader = await source.read({ kind: 'live' });
  const due = station.randomAccessBefore(station.at(millisToTicks(Millis(now() - 1_000))));
  assert.equal(reader.position, ticksToMillis(station.due(due)));
  const chunks = await read(context, reader, 3_000_000, () => timers.advance(5));
  const all = bytesOf(chunks);
  assert.ok(startsRandomAccess(chunks[0]!.data));
  assert.ok(all.equals(expected(station, chunks[0]!, all.length)));
});

test('a chunk has the packets of 40 ms, and ends before a random access point', async (context) => {
  const { station, timers, source } = await openSource(context);
  const chunks = await read(context, await source.read({ kind: 'live' }), 3_000_000, () => timers.advance(5));
  for (const [i, chunk] of chunks.entries()) {
    const window = Math.floor(chunk.time / millisToTicks(CHUNK_TIME));
    const last = station.at(chunk.time) + chunk.data.length / 1_316 - 1;
    assert.equal(Math.floor(station.due(PacketNumber(last)) / millisToTicks(CHUNK_TIME)), window);
    assert.equal(chunk.randomAccess, startsRandomAccess(chunk.data));
    if (i > 0) assert.ok(chunk.time > chunks[i - 1]!.time);
  }
});

test('nothing is read before it has left', async (context) => {
  const { timers, now, source } = await openSource(context);
  const reader = await source.read({ kind: 'live' });
  await read(context, reader, 2_000_000, () => {
    timers.advance(1);
    assert.ok(reader.position <= now() + CHUNK_TIME);
  });
});

test('any time of the past can be read, also with a small cache', async (context) => {
  const { station, timers, now, source } = await openSource(context, { memory: 100_000 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 3_000, max: 1e12 }), async (ago) => {
      const time = Millis(now() - ago);
      const reader = await source.read({ kind: 'time', time });
      const first = station.randomAccessBefore(station.at(millisToTicks(time)));
      assert.equal(reader.position, ticksToMillis(station.due(first)));
      const all = bytesOf(await read(context, reader, 200_000, () => timers.advance(5)));
      reader.close();
      assert.ok(all.equals(transportStream(station, first, first + all.length / 1_316)));
    }),
    { numRuns: 20 },
  );
});

test('concurrent readers share the memory of a chunk', async (context) => {
  const { timers, source } = await openSource(context);
  const readers = [await source.read({ kind: 'live' }), await source.read({ kind: 'live' })];
  const [one, other] = await Promise.all(
    readers.map((reader) => read(context, reader, 1_000_000, () => timers.advance(5))),
  );
  for (let i = 0; i < Math.min(one!.length, other!.length); i++) assert.equal(one![i]!.data, other![i]!.data);
});

test('the past is read ten times as fast as it was sent, after the first ten seconds', async (context) => {
  const { timers, now, source } = await openSource(context);
  const begin = now() - 3_600_000;
  const reader = await source.read({ kind: 'time', time: Millis(begin) });
  const from = reader.position;
  let most = 0;
  await read(context, reader, 40_000_000, () => {
    most = Math.max(most, reader.position - from - 10 * timers.now());
    if (timers.pending > 0) timers.advance(50);
  });
  assert.ok(most <= 10_000 + CHUNK_TIME, `${most} ms`);
  assert.ok(timers.now() < 6_000, `${timers.now()} ms`);
});

test('a reader that is far behind moves to the newest random access point, another one stays', async (context) => {
  const { station, timers, now, source } = await openSource(context);
  const reader = await source.read({ kind: 'live' });
  assert.equal(reader.skipToLive(), false);
  timers.advance(30_000);
  assert.equal(reader.skipToLive(), true);
  const live = station.randomAccessBefore(station.at(millisToTicks(Millis(now() - 1_000))));
  assert.equal(reader.position, ticksToMillis(station.due(live)));
});

test('times before the history cannot be read, and the problem names its start', async (context) => {
  const { now, source } = await openSource(context, { history: Millis(60_000) });
  assert.equal(source.oldest, now() - 60_000);
  await assert.rejects(
    source.read({ kind: 'time', time: Millis(now() - 61_000) }),
    (error: Error) => error instanceof Problem && /does not reach back/.test(error.message),
  );
});

test('random access points are known without reading', async (context) => {
  const { station, now, source } = await openSource(context);
  const points = source.randomAccessPoints(Millis(now() - 60_000), now());
  for (const time of points) {
    assert.equal(station.due(station.randomAccessBefore(station.at(time))), time);
    assert.ok(time >= millisToTicks(Millis(now() - 60_000)) && time < millisToTicks(now()));
  }
  for (let i = 1; i < points.length; i++) {
    const between = station.randomAccessBefore(station.at(Ticks90k(points[i]! - 1)));
    assert.equal(station.due(between), points[i - 1]);
  }
  assert.ok(points.length >= 5);
});

test('readers end when the station goes off the air, waiting ones too', async (context) => {
  const { source } = await openSource(context);
  const reader = await source.read({ kind: 'live' });
  const told = new Promise<void>((resolve) => reader.wait(resolve));
  source.close();
  await told;
  assert.match(reader.ended!.message, /went off the air/);
});

test('a station without readers sets no timer', async (context) => {
  const { timers, source } = await openSource(context);
  const reader = await source.read({ kind: 'live' });
  await read(context, reader, 1_000_000, () => timers.advance(5));
  reader.close();
  timers.advance(1_000);
  assert.equal(timers.pending, 0);
});

test('the pictures of a jpeg station are chunks, each complete', async (context) => {
  const film = sharedFilm(2);
  const reel = await reelOf(context, film, { format: 'jpeg' });
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const timers = new HandTimers();
  const source = new LocalSource({
    station,
    info: () => makeStation(1, { format: 'jpeg' }),
    now: () => Millis(EPOCH + timers.now()),
    timers,
    memory: new ChunkMemory(),
    poster: async () => null,
  });
  context.after(() => source.close());
  const chunks = await read(context, await source.read({ kind: 'live' }), 300_000, () => timers.advance(5));
  for (const [i, { data, time, randomAccess }] of chunks.entries()) {
    assert.equal(data.readUInt16BE(0), 0xffd8);
    assert.equal(data.readUInt16BE(data.length - 2), 0xffd9);
    assert.ok(randomAccess);
    if (i > 0) assert.ok(Math.abs(time - chunks[i - 1]!.time - 3_000) <= 1);
  }
});
