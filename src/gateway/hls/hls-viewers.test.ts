import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { FakeStation } from '../../../test/support/fake-catalogue.js';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { Problem } from '../../base/problem.js';
import { Viewers } from '../viewers.js';
import { GONE, HlsViewers } from './hls-viewers.js';

function open() {
  const timers = new HandTimers();
  const viewers = new Viewers();
  return { timers, viewers, hls: new HlsViewers({ viewers, timers, now: () => timers.now() }) };
}

test('repeated requests are one viewer, until there is none for 30 seconds', () => {
  const { timers, viewers, hls } = open();
  const viewer = hls.onRequest('192.0.2.1', 'news');
  hls.onRequest('192.0.2.2', 'news');
  hls.onRequest('192.0.2.1', 'film');
  assert.equal(viewers.list.length, 3);
  timers.advance(GONE - 5_000);
  assert.equal(hls.onRequest('192.0.2.1', 'news'), viewer);
  timers.advance(10_000);
  assert.deepEqual(
    viewers.list.map(([, each]) => each),
    [viewer],
  );
  timers.advance(GONE);
  assert.equal(viewers.list.length, 0);
  assert.equal(timers.pending, 0, 'no check is scheduled');
  assert.notEqual(hls.onRequest('192.0.2.1', 'news'), viewer);
});

test('addresses of one IPv6 network are viewers of their own, at most a thousand', () => {
  const { viewers, hls } = open();
  for (let i = 0; i < 2_000; i++) hls.onRequest(`2001:db8::${i.toString(16)}`, 'news');
  assert.equal(viewers.list.length, 1_000);
  hls.onRequest('192.0.2.1', 'news');
  assert.equal(viewers.list.length, 1_001);
  hls.close();
  hls.onRequest('2001:db8::ffff', 'news');
  assert.equal(viewers.list.length, 1);
});

test('a viewer with a slow download stays in the list, and can be disconnected', () => {
  const { timers, viewers, hls } = open();
  const viewer = hls.onRequest('192.0.2.1', 'news');
  let isDestroyed = false;
  const socket = { destroy: () => (isDestroyed = true) } as unknown as Socket;
  viewer.sockets.add(socket);
  timers.advance(3 * GONE);
  const [id] = viewers.list[0]!;
  viewers.close(id);
  assert.ok(isDestroyed);
  viewer.sockets.delete(socket);
  timers.advance(GONE);
  assert.equal(viewers.list.length, 0);
});

test('a station stays open while it has live viewers', async () => {
  const { timers, hls } = open();
  const station = new FakeStation();
  await Promise.all([hls.watch(station), hls.watch(station)]);
  assert.deepEqual(station.starts, [{ kind: 'live' }]);
  timers.advance(GONE - 5_000);
  await hls.watch(station);
  timers.advance(10_000);
  await Promise.resolve();
  assert.equal(station.readers.size, 1);
  timers.advance(GONE);
  await Promise.resolve();
  assert.equal(station.readers.size, 0);

  await hls.watch(station);
  station.end(new Problem('station', 'it went off the air', 'Wait.'));
  await hls.watch(station);
  assert.equal(station.starts.length, 3, 'a station that ended is read again');
  hls.close();
  await Promise.resolve();
  assert.equal(station.readers.size, 0);
  assert.equal(timers.pending, 0);
});

test('an unreadable station is tried again at the next request', async () => {
  const { hls } = open();
  const station = new FakeStation();
  station.refusal = new Problem('network', 'nothing comes', 'Look.');
  await assert.rejects(hls.watch(station), station.refusal);
  station.refusal = null;
  await hls.watch(station);
  assert.equal(station.readers.size, 1);
  hls.close();
});

test('any number of addresses are at most ten thousand viewers', () => {
  const { timers, viewers, hls } = open();
  for (let i = 0; i < 20_000; i++) hls.onRequest(`10.0.${i >> 8}.${i & 0xff}`, 'news');
  assert.equal(viewers.list.length, 10_000);
  timers.advance(2 * GONE);
  assert.equal(viewers.list.length, 0);
});
