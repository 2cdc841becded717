import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import type { ClientMessage, LiveStation } from '../../../src/contract/live.js';
import { FrameKind } from '../../../src/wire/live-frame.js';
import { makeStation } from '../../../test/support/stations.js';
import type { ChannelUser } from './link/gateway.js';
import { StationStream, type StreamOptions } from './station-stream.js';

/** A gateway as a stream sees it. */
class FakeGateway {
  isOpen = true;
  time = 1_000_000;
  stations: LiveStation[] = [{ ...makeStation(1), oldest: 0, itemFrom: null }];
  readonly tuned: { station: string; at?: number; until: number | null }[] = [];
  readonly sent: ClientMessage[] = [];
  readonly users = new Set<ChannelUser>();
  channel = 0;

  now = () => Millis(this.time);
  station = (id: string) => this.stations.find((each) => each.id === id);
  join = (user: ChannelUser) => void this.users.add(user);
  leave = (user: ChannelUser) => void this.users.delete(user);
  has = (channel: number) => this.isOpen && channel === this.channel;
  stop = () => {};
  send = (message: ClientMessage) => void this.sent.push(message);
  tune = (_user: ChannelUser, request: { station: string; at?: number; until: number | null }) => {
    this.tuned.push(request);
    return ++this.channel;
  };

  /** The connection is lost and reopened. */
  reconnect(meanwhile = 500): void {
    this.channel++;
    this.time += meanwhile;
    for (const user of this.users) user.onStations();
  }
}

function open({ until = null }: { until?: Millis | null } = {}) {
  const gateway = new FakeGateway();
  const came: number[] = [];
  const happened: string[] = [];
  const limit = { until };
  const options: StreamOptions = {
    gateway,
    station: 'station-1',
    begin: () => Millis(gateway.time - 1200),
    until: () => limit.until,
    onMedia: ({ time }) => came.push(time),
    onBroken: (why) => happened.push(why),
    onEnded: (reason) => happened.push(reason),
    onContinued: () => happened.push('continued'),
  };
  const stream = new StationStream(options);
  const arrive = (...times: number[]) => {
    for (const time of times) {
      stream.onMedia({ kind: FrameKind.ts, flags: 0, channel: gateway.channel, time }, new Uint8Array(100));
    }
  };
  return { gateway, stream, came, happened, limit, arrive };
}

test('after a reconnection the stream continues with the next chunk, and chunks that arrive twice are left out', () => {
  const { gateway, came, arrive } = open();
  arrive(100, 140, 180);
  gateway.time = 1000;
  gateway.reconnect();
  assert.equal(gateway.tuned[1]?.at, 180);
  arrive(60, 100, 140, 180, 220, 260);
  assert.deepEqual(came, [100, 140, 180, 220, 260]);
});

test('a live stream does not catch up with more than ten seconds', () => {
  const { gateway, happened, arrive } = open();
  arrive(gateway.time);
  gateway.reconnect(10_500);
  assert.deepEqual(happened, ['late']);
});

test('a stream of the past continues where it was after any interruption', () => {
  const { gateway, happened, arrive } = open({ until: Millis(500_000) });
  arrive(490_000);
  gateway.reconnect(3_600_000);
  assert.deepEqual(happened, ['continued']);
  assert.deepEqual(gateway.tuned[1], { station: 'station-1', at: 490_000, until: 500_000 });
});

test('a station with another schedule is begun again', () => {
  const { gateway, happened, arrive } = open();
  arrive(gateway.time);
  gateway.stations = [{ ...makeStation(1, { schedule: 'another' }), oldest: 0, itemFrom: null }];
  gateway.reconnect();
  assert.deepEqual(happened, ['changed']);
});

test('a station that is not listed yet is waited for', () => {
  const { gateway, happened, arrive } = open();
  arrive(gateway.time);
  const { stations } = gateway;
  gateway.stations = [];
  gateway.reconnect();
  assert.deepEqual(happened, []);
  gateway.stations = stations;
  gateway.reconnect(0);
  assert.deepEqual(happened, ['continued']);
});

test('another list of stations changes nothing for a running stream', () => {
  const { gateway, stream, arrive } = open();
  arrive(gateway.time);
  stream.onStations();
  assert.equal(gateway.tuned.length, 1);
});

test('the gateway is sent the limit when it changes', () => {
  const { gateway, stream, limit } = open();
  stream.updateUntil();
  limit.until = Millis(5000);
  stream.updateUntil();
  stream.updateUntil();
  limit.until = null;
  stream.updateUntil();
  assert.deepEqual(gateway.sent, [
    { type: 'until', channel: 1, time: 5000 },
    { type: 'until', channel: 1, time: null },
  ]);
});

test('the bit rate is that of the last seconds', () => {
  const { gateway, stream, arrive } = open();
  for (let i = 0; i < 50; i++) {
    gateway.time += 100;
    arrive(gateway.time);
  }
  assert.ok(Math.abs(stream.bitrate - 8000) < 300, `${stream.bitrate}`);
});

test('an unknown station has a reason for viewers, another problem its own', () => {
  const { stream, happened } = open();
  stream.onEnded({ status: 404, title: 'No such station', detail: 'See /api/v1/stations.' });
  stream.onEnded({ status: 429, title: 'Too many channels', detail: 'Stop one first.' });
  assert.deepEqual(happened, ['There is no station with this id.', 'Stop one first.']);
});

test('a station that was received and ended went off the air', () => {
  const { gateway, stream, arrive, happened } = open();
  arrive(gateway.time);
  stream.onEnded({ status: 404, title: 'Not available', detail: 'Film went off the air.' });
  assert.deepEqual(happened, ['This station went off the air.']);
});
