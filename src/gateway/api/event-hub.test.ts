import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { until } from '../../../test/support/display.js';
import { EPOCH, fakeGateway, fakeViewer } from '../../../test/support/fake-gateway.js';
import { hashPassword } from '../access/password.js';
import { routeContextOf } from '../context.js';
import { apiRoutes } from './api-routes.js';

interface Event {
  event: string;
  data: { stations: { info: { name: string }; viewers: number }[]; viewers: unknown[] };
}

/** Reads the events until the answer ends. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const answer = await fetch(`${url}/api/v1/events`, { headers, signal: abort.signal });
  const events: Event[] = [];
  const state = { ended: false };
  const read = async () => {
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const [, event, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
        if (event && data) events.push({ event, data: JSON.parse(data) });
      }
    }
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      state.ended = true;
    });
  const count = (event: string) => events.filter((each) => each.event === event).length;
  return { answer, events, count, state, leave: () => abort.abort() };
}

test('a reader gets every event at first, then stats every second and the others when they change', async (context) => {
  const { context: gateway, operator, viewers, timers } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, routeContextOf(gateway));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());

  const one = await follow(url);
  assert.equal(one.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  await until(context, () => one.events.length === 3);
  assert.deepEqual(
    one.events.map(({ event }) => event),
    ['line-up', 'stats', 'viewers'],
  );
  const two = await follow(url);
  await until(context, () => two.events.length === 3);
  assert.equal(timers.pending, 2, 'one timer for all readers, one for the history');

  timers.advance(1_000);
  await until(context, () => one.count('stats') === 2 && two.count('stats') === 2);
  assert.equal(one.count('line-up'), 1);
  viewers.add(fakeViewer());
  await operator.execute({ do: 'rename', station: 'station-1', name: 'Lobby' });
  timers.advance(1_000);
  await until(context, () => one.count('viewers') === 2 && two.count('line-up') === 2);
  assert.equal(one.events.findLast(({ event }) => event === 'line-up')!.data.stations[0]!.info.name, 'Lobby');

  one.leave();
  two.leave();
  await until(context, () => timers.pending === 1);
});

test('the line-up is written again when an item ends, and not while a station’s past moves on', async (context) => {
  const { context: gateway, operator, timers } = fakeGateway();
  let views = 0;
  const view = operator.view.bind(operator);
  operator.view = () => {
    views++;
    return view();
  };
  const station = operator.stations[0]!;
  station.info = { ...station.info, nowPlaying: 'first', nowUntil: EPOCH + 2_500 };
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, routeContextOf(gateway));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());
  const reader = await follow(url);
  const second = async (nowPlaying: string, nowUntil: number) => {
    station.info = { ...station.info, nowPlaying, nowUntil };
    const stats = reader.count('stats');
    for (const each of gateway.catalogue.stations) each.oldest = gateway.now();
    views = 0;
    timers.advance(1_000);
    await until(context, () => reader.count('stats') === stats + 1);
    return views;
  };
  await until(context, () => reader.events.length === 3);
  const views1 = await second('first', EPOCH + 2_500);
  const views2 = await second('first', EPOCH + 2_500);
  assert.equal(reader.count('line-up'), 1);
  const views3 = await second('second', EPOCH + 9_000);
  assert.equal(reader.count('line-up'), 2);
  assert.deepEqual([views1, views2, views3], [2, 2, 3], 'for the stats and the receivers, and once for the line-up');
});

test('a reader that is no longer the operator gets no more events', async (context) => {
  const { context: gateway, credentials, timers } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, routeContextOf(gateway));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());
  const reader = await follow(url);
  await until(context, () => reader.events.length === 3);
  credentials.data = { ...credentials.data, password: await hashPassword('correct horse') };
  timers.advance(5_000);
  await until(context, () => reader.state.ended);
  const refused = await fetch(`${url}/api/v1/events`);
  assert.equal(refused.status, 401);
});

test('fifty readers are served, the next is refused', async (context) => {
  const { context: gateway } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, routeContextOf(gateway));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());
  const readers = await Promise.all(Array.from({ length: 50 }, () => follow(url)));
  assert.deepEqual(new Set(readers.map(({ answer }) => answer.status)), new Set([200]));
  const refused = await fetch(`${url}/api/v1/events`);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /Too many readers/);
});
