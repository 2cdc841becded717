import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { madeFilm, madeReel } from '../../test/support/made-reel.js';
import { Millis, millisToTicks } from '../base/units.js';
import { chunkWindowOf } from '../contract/timing.js';
import { Station } from '../station/station.js';
import { ChunkMemory } from './chunk-memory.js';
import { StationChunks } from './station-chunks.js';

const window = chunkWindowOf(millisToTicks(Millis(1_800_000_000_000)));

const chunk = (bytes: number) => ({ time: millisToTicks(Millis(0)), data: Buffer.alloc(bytes), randomAccess: true });

async function stationOf(context: TestContext, seed: number): Promise<Station> {
  const reel = await madeReel(context, madeFilm(50, 25, seed));
  return new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
}

test('a station that takes the place of another has chunks of its own', async (context) => {
  const memory = new ChunkMemory();
  const stations = [await stationOf(context, 1), await stationOf(context, 7)];
  const loaded = [];
  for (const station of stations) loaded.push(await new StationChunks(station, memory).load(window));
  const again = await new StationChunks(stations[1]!, new ChunkMemory()).load(window);
  assert.deepEqual(loaded[1], again);
  assert.notDeepEqual(loaded[0], again);
});

test('chunks that are stored twice take their bytes once', () => {
  const memory = new ChunkMemory(100);
  for (let i = 0; i < 3; i++) memory.set('a', [chunk(60)]);
  memory.set('b', [chunk(30)]);
  assert.ok(memory.get('a') && memory.get('b'));
  memory.set('c', [chunk(30)]);
  assert.equal(memory.get('a'), null);
});
