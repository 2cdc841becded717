/** The session of a page without a network; the test turns the clock. */

import { Millis, Ticks90k } from '../../src/base/units.js';
import type { ClientMessage } from '../../src/contract/live.js';
import { LiveSession } from '../../src/gateway/live/live-session.js';
import { StationList } from '../../src/gateway/live/station-list.js';
import type { Chunk } from '../../src/gateway/source.js';
import { Thumbnails } from '../../src/gateway/thumbnails/thumbnails.js';
import { Viewers } from '../../src/gateway/viewers.js';
import { FakeCatalogue, FakeStation } from './fake-catalogue.js';
import { FakeTransport } from './fake-transport.js';
import { HandTimers } from './hand-timers.js';

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Chunk `k` of a station: 40 ms, a random access point every second. */
export const chunk = (k: number, length = 188): Chunk => ({
  time: Ticks90k(k * 3_600),
  data: Buffer.alloc(length, k),
  randomAccess: k % 25 === 0,
});
export const chunks = (from: number, to: number, length?: number): Chunk[] =>
  Array.from({ length: to - from }, (_, i) => chunk(from + i, length));

export function sessionWith(...stations: FakeStation[]) {
  const timers = new HandTimers();
  const catalogue = new FakeCatalogue(...stations);
  const viewers = new Viewers();
  const context = { catalogue, viewers, server: 'projector', ttl: 1, timers, now: () => Millis(5_000_000.5), log() {} };
  const maker = { isAble: true, make: async () => Buffer.alloc(10_000, 1) };
  const thumbnails = new Thumbnails({ catalogue, maker, timers });
  const list = new StationList({ catalogue, timers });
  const transport = new FakeTransport();
  const options = { context, transport, address: '127.0.0.1', stations: list, thumbnails, delay: Millis(200) };
  const session = new LiveSession(options);
  const send = (message: ClientMessage) => session.receive(JSON.stringify(message));
  return { timers, catalogue, viewers, transport, session, send, options };
}

const clock = () => Millis(1_000_000.25);
export const stationOf = (number: number, changes = {}) => new FakeStation({ number, ...changes }, clock);
