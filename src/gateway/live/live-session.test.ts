import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunk, chunks, sessionWith, settled, stationOf } from '../../../test/support/live-session.js';
import { LIVE_VERSION, MOST_CHANNELS } from '../../contract/live.js';
import { FrameFlag, FrameKind } from '../../wire/live-frame.js';

test('a page is greeted with the time, the common delay and the stations', () => {
  const { transport } = sessionWith(stationOf(1), stationOf(2));
  const [hello, stations] = transport.messages;
  assert.deepEqual(hello, {
    type: 'hello',
    version: LIVE_VERSION,
    server: 'projector',
    time: 1_000_000.25,
    delay: 200,
  });
  assert.ok(stations!.type === 'stations');
  assert.deepEqual(
    stations!.stations.map(({ number, oldest }) => [number, oldest]),
    [
      [1, null],
      [2, null],
    ],
  );
});

test('without stations the time is the gateway’s own', () => {
  const { transport, send } = sessionWith();
  send({ type: 'ping', id: 7 });
  assert.deepEqual(transport.of('pong'), [{ type: 'pong', id: 7, time: 5_000_000.5 }]);
});

test('a ping is answered at once', () => {
  const { transport, send } = sessionWith(stationOf(1));
  send({ type: 'ping', id: 1 });
  assert.deepEqual(transport.messages.at(-1), { type: 'pong', id: 1, time: 1_000_000.25 });
});

test('a tuned station is sent from its newest random access point on, as it leaves', async () => {
  const station = stationOf(1);
  station.put(...chunks(0, 30));
  const { transport, send } = sessionWith(station);
  send({ type: 'tune', channel: 3, station: 'station-1' });
  await settled();
  assert.deepEqual(station.starts, [{ kind: 'live' }]);
  assert.deepEqual(transport.of('tuned'), [{ type: 'tuned', channel: 3, station: 'station-1', from: 1_000 }]);
  station.put(...chunks(30, 32));
  await settled();
  assert.deepEqual(
    transport.frames.map(({ time }) => time),
    [1_000, 1_040, 1_080, 1_120, 1_160, 1_200, 1_240],
  );
  assert.deepEqual(
    transport.frames.map(({ flags }) => flags & FrameFlag.randomAccess),
    [1, 0, 0, 0, 0, 0, 0],
  );
  assert.ok(transport.frames.every(({ kind, channel }) => kind === FrameKind.ts && channel === 3));
  assert.equal(transport.frames[0]!.media, station.chunks[25]!.data, 'sent without a copy');
});

test('a JPEG station is sent as pictures', async () => {
  const station = stationOf(1, { format: 'jpeg' });
  station.put(chunk(0));
  const { transport, send } = sessionWith(station);
  send({ type: 'tune', channel: 0, station: 'station-1' });
  await settled();
  assert.deepEqual(
    transport.frames.map(({ kind }) => kind),
    [FrameKind.jpeg],
  );
});

test('the past starts at the random access point before the time, and is sent up to the page’s limit', async () => {
  const station = stationOf(1);
  station.put(...chunks(0, 200));
  const { transport, send } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1', at: 2_500, until: 3_000 });
  await settled();
  assert.deepEqual(station.starts, [{ kind: 'time', time: 2_500 }]);
  assert.equal(transport.of('tuned')[0]!.from, 2_000);
  assert.deepEqual(transport.media(1), Buffer.concat(chunks(50, 75).map(({ data }) => data)));
  send({ type: 'until', channel: 1, time: 4_000 });
  await settled();
  assert.equal(transport.frames.length, 50);
  send({ type: 'until', channel: 1, time: null });
  await settled();
  assert.deepEqual(transport.media(1), Buffer.concat(chunks(50, 200).map(({ data }) => data)));
});

test('a pause of any length loses nothing', async () => {
  const station = stationOf(1);
  station.put(...chunks(0, 10));
  const { timers, transport, send } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  send({ type: 'until', channel: 1, time: 0 });
  for (let k = 10; k < 1_000; k += 10) {
    station.put(...chunks(k, k + 10));
    timers.advance(400);
    await settled();
  }
  assert.equal(transport.frames.length, 10);
  send({ type: 'until', channel: 1, time: 39_960 });
  await settled();
  assert.deepEqual(transport.media(1), Buffer.concat(chunks(0, 999).map(({ data }) => data)));
  assert.deepEqual(transport.of('moved'), []);
});

test('a channel that is tuned again carries only the new station', async () => {
  const [one, two] = [stationOf(1), stationOf(2)];
  one.put(chunk(0));
  two.put(chunk(0));
  const { transport, send, viewers } = sessionWith(one, two);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  send({ type: 'tune', channel: 1, station: 'station-2' });
  await settled();
  one.put(chunk(1));
  two.put(chunk(1));
  await settled();
  assert.equal(one.readers.size, 0);
  assert.deepEqual(
    transport.of('tuned').map(({ station }) => station),
    ['station-1', 'station-2'],
  );
  assert.equal(transport.frames.length, 3);
  assert.deepEqual(
    viewers.list.map(([, { station }]) => station),
    ['station-2'],
  );
});

test('a station that opens late is not sent to a channel that carries another one meanwhile', async () => {
  const [one, two] = [stationOf(1), stationOf(2)];
  let open = () => {};
  one.opening = new Promise((resolve) => {
    open = resolve;
  });
  one.put(chunk(0));
  two.put(chunk(0));
  const { transport, send } = sessionWith(one, two);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  send({ type: 'tune', channel: 1, station: 'station-2' });
  await settled();
  open();
  await settled();
  assert.deepEqual(
    transport.of('tuned').map(({ station }) => station),
    ['station-2'],
  );
  assert.equal(one.readers.size, 0);
});

test('a stopped channel sends nothing', async () => {
  const station = stationOf(1);
  station.put(chunk(0));
  const { transport, send } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  send({ type: 'stop', channel: 1 });
  send({ type: 'stop', channel: 2 });
  station.put(chunk(1));
  await settled();
  assert.equal(transport.frames.length, 1);
  assert.equal(station.readers.size, 0);
  assert.deepEqual(transport.of('ended'), []);
});

test('a station that does not exist, or cannot be read, ends the channel with the reason', async () => {
  const station = stationOf(1);
  station.refusal = new Error('its disk is gone');
  const { transport, send, viewers } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'no such station' });
  send({ type: 'tune', channel: 2, station: 'station-1' });
  await settled();
  assert.deepEqual(
    transport.of('ended').map(({ channel }) => channel),
    [1, 2],
  );
  assert.equal(transport.of('ended')[0]!.problem.status, 404);
  assert.deepEqual(transport.of('tuned'), []);
  assert.equal(viewers.list.length, 0);
});

test('a station that goes off the air ends its channel, and can be tuned to when it is back', async () => {
  const station = stationOf(1);
  station.put(chunk(0));
  const { transport, send, viewers, catalogue, timers } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  catalogue.stations = [];
  catalogue.changed();
  station.end(new Error('off the air'));
  await settled();
  assert.deepEqual(
    transport.of('ended').map(({ channel }) => channel),
    [1],
  );
  assert.equal(viewers.list.length, 0);
  timers.advance(1_000);
  assert.deepEqual(transport.of('stations').at(-1)?.stations, []);

  catalogue.stations = [station];
  catalogue.changed();
  timers.advance(1_000);
  assert.equal(transport.of('stations').at(-1)?.stations.length, 1);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  assert.equal(transport.of('tuned').length, 2);
});

test('changes that come together are sent together, and only if something changed', () => {
  const { transport, catalogue, timers } = sessionWith(stationOf(1));
  for (let i = 0; i < 50; i++) catalogue.changed();
  timers.advance(10_000);
  assert.equal(transport.of('stations').length, 2);
});

test('a page has sixteen channels and no more', async () => {
  const station = stationOf(1);
  station.put(chunk(0));
  const { transport, send } = sessionWith(station);
  for (let channel = 0; channel <= MOST_CHANNELS; channel++) {
    send({ type: 'tune', channel, station: 'station-1' });
    await settled();
  }
  assert.equal(transport.of('tuned').length, MOST_CHANNELS);
  assert.deepEqual(
    transport.of('ended').map(({ channel, problem }) => [channel, problem.status]),
    [[MOST_CHANNELS, 429]],
  );
  send({ type: 'stop', channel: 0 });
  send({ type: 'tune', channel: 100, station: 'station-1' });
  await settled();
  assert.equal(transport.of('tuned').length, MOST_CHANNELS + 1);
});

test('no more than sixteen stations are being opened at once, abandoned ones included', async () => {
  const station = stationOf(1);
  station.opening = new Promise(() => {});
  const { transport, send } = sessionWith(station);
  for (let i = 0; i < 100; i++) send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  assert.equal(station.starts.length, MOST_CHANNELS);
  assert.equal(transport.of('ended').length, 100 - MOST_CHANNELS);
});

test('malformed messages are answered, and too many disconnect the page', () => {
  const { transport, session, timers } = sessionWith(stationOf(1));
  session.receive('{');
  session.receive('{"type":"tune","channel":5}');
  session.receive('{"type":"tune","channel":-5}');
  session.receive('null');
  const problems = transport.of('problem');
  assert.deepEqual(
    problems.map(({ channel, problem }) => [channel, problem.status]),
    [
      [undefined, 400],
      [5, 400],
      [undefined, 400],
      [undefined, 400],
    ],
  );
  timers.advance(60_000);
  for (let i = 0; i < 10; i++) session.receive('[]');
  assert.deepEqual(transport.closed, []);
  session.receive('[]');
  assert.deepEqual(transport.closed, [1008]);
  const said = transport.messages.length;
  session.receive('{"type":"ping","id":1}');
  assert.equal(transport.messages.length, said, 'the session ignores it');
});

test('messages beyond the limit are refused, and a page that goes on is disconnected', () => {
  const { transport, send, timers } = sessionWith(stationOf(1));
  for (let i = 0; i < 200; i++) send({ type: 'ping', id: i });
  assert.equal(transport.of('pong').length, 200);
  send({ type: 'ping', id: 200 });
  assert.equal(transport.of('pong').length, 200);
  assert.deepEqual(
    transport.of('problem').map(({ problem }) => problem.status),
    [429],
  );
  timers.advance(1_000);
  send({ type: 'ping', id: 201 });
  assert.equal(transport.of('pong').length, 201);
  for (let i = 0; i < 200; i++) send({ type: 'ping', id: i });
  assert.deepEqual(transport.closed, [1008]);
});

test('a page that takes no answers is disconnected', () => {
  const { transport, send } = sessionWith(stationOf(1));
  transport.queued = 3 * 2 ** 20;
  send({ type: 'ping', id: 1 });
  assert.deepEqual(transport.closed, [1013]);
});

test('a viewer has its page’s report, its lag and its bytes', async () => {
  const station = stationOf(1);
  station.put(...chunks(0, 3));
  const { send, viewers } = sessionWith(station);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  await settled();
  const report = { delay: 900, buffer: 300, droppedFrames: 1, stalls: 2, offset: -3.5 };
  send({ type: 'report', channel: 1, ...report });
  const [, viewer] = viewers.list[0]!;
  assert.deepEqual(viewer.report, report);
  assert.equal(viewer.bytes, 3 * 188);
  assert.equal(viewer.behind, 1_000_000.25 - 120);
  assert.equal(viewer.kind, 'live');
  assert.equal(viewer.address, '127.0.0.1');
});

test('the operator ends one channel, and the others continue', async () => {
  const [one, two] = [stationOf(1), stationOf(2)];
  const { send, viewers, transport } = sessionWith(one, two);
  send({ type: 'tune', channel: 1, station: 'station-1' });
  send({ type: 'tune', channel: 2, station: 'station-2' });
  await settled();
  viewers.close(viewers.list[0]![0]);
  assert.deepEqual(
    transport.of('ended').map(({ channel }) => channel),
    [1],
  );
  assert.equal(viewers.list.length, 1);
  assert.equal(one.readers.size, 0);
  assert.equal(two.readers.size, 1);
});
