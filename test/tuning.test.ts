import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Problem } from '../src/base/problem.js';
import { Millis, millisToTicks, type PacketNumber } from '../src/base/units.js';
import { MEDIA_DELAY } from '../src/contract/timing.js';
import type { StationReceiver } from '../src/receiver/station-receiver.js';
import type { StreamBuffer } from '../src/receiver/stream-buffer.js';
import { Tuner } from '../src/receiver/tuner.js';
import { Station } from '../src/station/station.js';
import { TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { bigBuckBunny, reelOf, sharedStore, transportStream } from './support/film.js';
import { findOnAir } from './support/found.js';
import { serve } from './support/msc.js';

/** Two stations with the same film on the air, and a tuner. */
async function onAir(context: TestContext) {
  const store = await sharedStore();
  const names = ['one', 'other'].map((which) => `Tuning ${process.pid} ${which}`);
  const server = await serve(context, [...names.map((name) => `${name}=${bigBuckBunny}`), '--store', store.folder], 2);
  const reel = await reelOf(context, bigBuckBunny, {}, store);
  const stations = [];
  for (const info of server.stations) {
    const station = new Station({ items: [{ name: info.name, reel }], ssrc: info.ssrc });
    stations.push({ station, channel: { key: info.id, info, found: await findOnAir(context, info) } });
  }
  const troubles: Problem[] = [];
  const tuner = new Tuner({ onServer: () => undefined, onTrouble: (problem) => troubles.push(problem) });
  context.after(() => tuner.close());
  const [first] = stations;
  return { stations, first: first!, tuner, troubles };
}

/** Reads packets from the beginning of a stream and compares them with those sent; returns the number of the first. */
async function read(buffer: StreamBuffer, station: Station, packets: number): Promise<PacketNumber> {
  await new Promise<void>((resolve) => buffer.wait(null, resolve));
  const cursor = buffer.openAtFirstRandomAccess() ?? assert.fail('the stream ended');
  const pieces: Buffer[] = [];
  let first: PacketNumber | null = null;
  for (let length = 0; length < packets * TS_GROUP_LENGTH; ) {
    await new Promise<void>((resolve) => buffer.wait(cursor, resolve));
    for (const { time, data } of buffer.read(cursor, 1e6) ?? assert.fail('the position is lost')) {
      first ??= station.at(time);
      pieces.push(Buffer.from(data)); // lent
      length += data.length;
    }
  }
  buffer.release(cursor);
  const bytes = Buffer.concat(pieces);
  const sent = transportStream(station, first!, first! + bytes.length / TS_GROUP_LENGTH);
  assert.ok(bytes.equals(sent), 'every byte is as it was sent');
  return first!;
}

const whole = ({ lost, jumps }: ReturnType<StationReceiver['report']>) => [lost, jumps];

test('a tuned stream begins with the picture that is due, and no byte is missing from there on', {
  timeout: 60_000,
}, async (context) => {
  const { stations, first, tuner, troubles } = await onAir(context);
  for (const { station, channel } of [...stations, first]) {
    const pointDue = () => station.randomAccessBefore(station.at(millisToTicks(Millis(Date.now() - MEDIA_DELAY))));
    const before = pointDue();
    const receiver = await tuner.tune(channel.found);
    const after = pointDue();
    const first = await read(receiver.buffer, station, 1_500);
    assert.ok(first === before || first === after, `${first}, not ${before}`);
    assert.equal(receiver.isLive, true);
    assert.deepEqual(whole(receiver.report()), [0, 0]);
    void receiver.close();
  }
  assert.deepEqual(troubles, []);
});

test('the past comes from the server, and the present again after it', { timeout: 60_000 }, async (context) => {
  const { first: onTheAir, tuner, troubles } = await onAir(context);
  const { station, channel } = onTheAir;
  const receiver = await tuner.tune(channel.found, { kind: 'time', time: Millis(Date.now() - 86_400_000), item: true });
  const first = await read(receiver.buffer, station, 3_000);
  assert.equal(first, station.beginningOf(first));
  assert.equal(receiver.isLive, false);
  const time = Millis(Date.now() - 600_000);
  const buffer = await receiver.seek({ kind: 'time', time, item: false });
  assert.equal(await read(buffer, station, 1_500), station.randomAccessBefore(station.at(millisToTicks(time))));
  await read(await receiver.seek({ kind: 'live' }), station, 1_500);
  assert.equal(receiver.isLive, true);
  assert.deepEqual(whole(receiver.report()), [0, 0]);
  assert.deepEqual(troubles, []);
});
