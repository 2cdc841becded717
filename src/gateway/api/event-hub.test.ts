import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { until } from '../../../test/support/display.js';
import { fakeGateway, fakeViewer } from '../../../test/support/fake-gateway.js';
import { hashPassword } from '../access/password.js';
import { apiRoutes } from './api-routes.js';

interface Told {
  event: string;
  data: { stations: { info: { name: string }; viewers: number }[]; viewers: unknown[] };
}

/** Events as they come, until the answer ends. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const answer = await fetch(`${url}/api/v1/events`, { headers, signal: abort.signal });
  const told: Told[] = [];
  const state = { ended: false };
  const read = async () => {
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const [, event, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
        if (event) told.push({ event, data: JSON.parse(data) });
      }
    }
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      state.ended = true;
    });
  const count = (event: string) => told.filter((each) => each.event === event).length;
  return { answer, told, count, state, leave: () => abort.abort() };
}

test('readers are told everything at first, then stats every second and the rest when it changes', async (context) => {
  const { context: gateway, operator, viewers, timers } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, gateway);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());

  const one = await follow(url);
  assert.equal(one.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  await until(context, () => one.told.length === 3);
  assert.deepEqual(
    one.told.map(({ event }) => event),
    ['line-up', 'stats', 'viewers'],
  );
  const two = await follow(url);
  await until(context, () => two.told.length === 3);
  assert.equal(timers.pending, 2, 'one timer for all readers, one for the history');

  timers.advance(1_000);
  await until(context, () => one.count('stats') === 2 && two.count('stats') === 2);
  assert.equal(one.count('line-up'), 1);
  viewers.add(fakeViewer());
  await operator.execute({ do: 'rename', station: 'station-1', name: 'Lobby' });
  timers.advance(1_000);
  await until(context, () => one.count('viewers') === 2 && two.count('line-up') === 2);
  assert.equal(one.told.findLast(({ event }) => event === 'line-up')?.data.stations[0].info.name, 'Lobby');

  one.leave();
  two.leave();
  await until(context, () => timers.pending === 1);
});

test('a reader who is the operator no longer is told no more', async (context) => {
  const { context: gateway, credentials, timers } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, gateway);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());
  const reader = await follow(url);
  await until(context, () => reader.told.length === 3);
  credentials.data = { ...credentials.data, password: await hashPassword('correct horse') };
  timers.advance(5_000);
  await until(context, () => reader.state.ended);
  const refused = await fetch(`${url}/api/v1/events`);
  assert.equal(refused.status, 401);
});

test('fifty read at once, the next is sent away', async (context) => {
  const { context: gateway } = fakeGateway();
  const app = fastify({ forceCloseConnections: true });
  apiRoutes(app, gateway);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  context.after(() => app.close());
  const readers = await Promise.all(Array.from({ length: 50 }, () => follow(url)));
  assert.deepEqual(new Set(readers.map(({ answer }) => answer.status)), new Set([200]));
  const refused = await fetch(`${url}/api/v1/events`);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /Too many readers/);
});
