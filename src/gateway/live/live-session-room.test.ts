/** The session of a page with little room in its queue, and with arbitrary messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunk, chunks, sessionWith, settled, stationOf } from '../../../test/support/live-session.js';
import { MOST_CHANNELS } from '../../contract/live.js';
import { FrameKind } from '../../wire/live-frame.js';

test('thumbnails are sent only while there is room, the newest of each station', async () => {
  const stations = [1, 2, 3].map((number) => stationOf(number, { format: 'jpeg' }));
  for (const station of stations) station.put(chunk(0));
  const { transport, send, session, timers } = sessionWith(...stations);
  transport.queued = 64 * 1024;
  send({ type: 'thumbnails', stations: ['station-1', 'station-2', 'no such station'] });
  for (let i = 0; i < 15; i++) {
    await settled();
    timers.advance(1_000);
    for (const station of stations) station.put({ ...chunk(i + 1), randomAccess: true });
  }
  assert.deepEqual(transport.frames, []);
  transport.queued = 0;
  session.drained();
  assert.deepEqual(
    transport.frames.map(({ kind, channel }) => [kind, channel]),
    [
      [FrameKind.thumbnail, 1],
      [FrameKind.thumbnail, 2],
    ],
  );
  assert.ok(
    transport.frames.every(({ time }) => time > 0),
    'not the first ones',
  );
});

test('the thumbnail of a station that comes on the air later is sent then', async () => {
  const station = stationOf(1, { format: 'jpeg' });
  station.put(chunk(0));
  const { transport, send, catalogue, timers } = sessionWith();
  send({ type: 'thumbnails', stations: ['station-1'] });
  await settled();
  catalogue.stations = [station];
  catalogue.changed();
  timers.advance(1_000);
  await settled();
  assert.deepEqual(
    transport.frames.map(({ kind }) => kind),
    [FrameKind.thumbnail],
  );
});

test('no channel takes the room of the others', async () => {
  const [one, two] = [stationOf(1), stationOf(2)];
  const { transport, send, session } = sessionWith(one, two);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  send({ type: 'tune', channel: 2, station: 'station-2' });
  await settled();
  transport.isStuck = true;
  for (const station of [one, two]) station.put(...chunks(0, 100, 20_000));
  for (let i = 0; i < 10; i++) {
    await settled();
    transport.queued = 0;
    session.drained();
  }
  const [first, second] = [transport.media(1).length, transport.media(2).length];
  assert.ok(first > 0 && second > 0 && Math.abs(first - second) <= 300_000, `${first} and ${second}`);
});

test('the queue of a page stays short under any messages', async () => {
  const stations = Array.from({ length: MOST_CHANNELS }, (_, i) => stationOf(i + 1));
  const { transport, send } = sessionWith(...stations);
  for (const [channel, { info }] of stations.entries()) send({ type: 'tune', channel, station: info.id });
  await settled();
  transport.queued = 0;
  transport.isStuck = true;
  for (const station of stations) station.put(...chunks(0, 100, 20_000));
  await settled();
  assert.ok(transport.queued <= 300_000, `${transport.queued}`);
});

test('a disconnected page leaves nothing behind', async () => {
  const station = stationOf(1, { format: 'jpeg' });
  station.put(chunk(0));
  const { transport, send, session, viewers, timers, catalogue } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  send({ type: 'thumbnails', stations: ['station-1'] });
  await settled();
  session.closed();
  const said = transport.messages.length + transport.frames.length;
  station.put(chunk(1));
  catalogue.changed();
  session.drained();
  timers.advance(60_000);
  await settled();
  assert.equal(transport.messages.length + transport.frames.length, said);
  assert.equal(viewers.list.length, 0);
  assert.equal(station.readers.size, 0);
  assert.equal(timers.pending, 0);
});

/** Nearly valid messages. */
const nearly = fc.record(
  {
    type: fc.constantFrom('tune', 'until', 'stop', 'thumbnails', 'ping', 'report', 'x'),
    channel: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.anything()),
    station: fc.constantFrom('station-1', 'station-2', ''),
    at: fc.oneof(fc.double(), fc.constant(0)),
    until: fc.option(fc.double()),
    time: fc.option(fc.double({ min: 0, max: 10_000 })),
    stations: fc.array(fc.constantFrom('station-1', 'x')),
    id: fc.integer(),
  },
  { requiredKeys: ['type'] },
);

test('any message of a page is answered, or the page is disconnected', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.json(),
          nearly.map((message) => JSON.stringify(message)),
        ),
        { maxLength: 30 },
      ),
      async (texts) => {
        const stations = [stationOf(1), stationOf(2, { format: 'jpeg' })];
        const { session, timers, viewers } = sessionWith(...stations);
        for (const [i, text] of texts.entries()) {
          session.receive(text);
          if (i % 3 === 0) await settled();
          for (const station of stations) station.put(chunk(i));
          timers.advance(100);
        }
        session.closed();
        for (let i = 0; i < 5; i++) await settled();
        timers.advance(60_000);
        for (let i = 0; i < 5; i++) await settled();
        assert.equal(viewers.list.length, 0);
        for (const { readers } of stations) assert.equal(readers.size, 0);
      },
    ),
    { numRuns: 50 },
  );
});

test('a page may be as slow with the longest list as with a short one', () => {
  const title = 'ö'.repeat(200);
  const stations = Array.from({ length: 4_096 }, (_, i) => stationOf(i + 1, { nowPlaying: title, next: title }));
  const { transport, send, session, catalogue, timers } = sessionWith(...stations);
  transport.isStuck = true;
  catalogue.changed();
  timers.advance(9_999);
  assert.equal(transport.of('stations').length, 1);
  timers.advance(1);
  assert.equal(transport.of('stations').length, 2, 'ten seconds are the longest time without the changes');
  assert.ok(transport.queued > 2 * 2 ** 20);
  send({ type: 'ping', id: 1 });
  assert.deepEqual([transport.closed, transport.of('pong').length], [[], 1]);
  transport.queued += 2 * 2 ** 20;
  send({ type: 'ping', id: 2 });
  assert.equal(transport.closed.length, 1);
  session.closed();
});
