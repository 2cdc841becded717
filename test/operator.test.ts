/** The operator of `msc serve`, by its HTTP interface. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lineUpSchema } from '../src/contract/api.js';
import { until } from './support/display.js';
import { makeFilm } from './support/film.js';
import { runMsc, serve } from './support/msc.js';
import { scratchFolder } from './support/spool.js';
import { analyseTs } from './support/ts-analyser.js';

interface Asking {
  method?: string;
  body?: object;
  token?: string;
}

async function open(context: TestContext) {
  const folder = scratchFolder(context);
  const config = join(folder, 'config');
  const films = join(folder, 'operated-two');
  mkdirSync(films);
  const one = makeFilm(join(folder, 'operated-one.mp4'), 2);
  for (const name of ['first', 'second']) makeFilm(join(films, `${name}.mp4`), 3);
  const slate = makeFilm(join(folder, 'alarm.mp4'), 1);
  const options = ['--slate', slate, '--store', join(folder, 'store'), '--config', config, '--http', '0'];
  const server = await serve(context, [one, films, ...options], 2);
  const url = server.url!;
  const ask = (path: string, { method = 'GET', body, token }: Asking = {}) =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
    });
  const act = async (path: string, asking: Asking = {}) => {
    const answer = await ask(path, { method: 'POST', ...asking });
    assert.equal(answer.status, 204, `${path}: ${await answer.text()}`);
  };
  const names = async () => {
    const { stations } = (await (await ask('/stations')).json()) as { stations: { id: string }[] };
    return stations.map(({ id }) => id);
  };
  const lineUp = async () => {
    const { stations } = lineUpSchema.parse(await (await ask('/line-up')).json());
    return new Map(stations.map((station) => [station.info.id, station]));
  };
  return { url, config, films, ask, act, names, lineUp };
}

test('a stopped station is off the air everywhere, and a started one is where the clock is', async (context) => {
  const { url, ask, act, names } = await open(context);
  assert.deepEqual(await names(), ['operated-one', 'operated-two']);
  const watching = await fetch(`${url}/stations/operated-one.ts`);
  const reader = watching.body!.getReader();
  assert.ok((await reader.read()).value!.length > 0);

  await act('/stations/operated-one/stop');
  assert.deepEqual(await names(), ['operated-two']);
  // A viewer's response ends.
  await until(context, async () => (await reader.read().catch(() => ({ done: true }))).done);
  const listed = await runMsc(context, ['list', '--json', '--timeout', '1s']);
  const ids = (JSON.parse(listed.stdout) as { id: string }[]).map(({ id }) => id);
  assert.ok(ids.includes('operated-two') && !ids.includes('operated-one'), listed.stdout);
  assert.equal((await ask('/stations/operated-one/stop', { method: 'POST' })).status, 409);

  await act('/stations/operated-one/start');
  assert.deepEqual(await names(), ['operated-one', 'operated-two']);
  const again = await fetch(`${url}/stations/operated-one.ts`);
  assert.ok((await again.body!.getReader().read()).value!.length > 0);
});

test('a new password is required at once, and a token gives access', async (context) => {
  const { ask, act, config } = await open(context);
  assert.equal((await ask('/server')).status, 200);
  const typed = ['sh', '-c', 'echo correct horse | "$0" "$@"'];
  const set = await runMsc(context, ['operator', 'password', '--config', config], typed);
  assert.equal(set.exitCode, 0, set.stderr);
  assert.equal((await ask('/server')).status, 401);
  const made = await runMsc(context, ['operator', 'token', 'add', 'night', '--config', config]);
  const token = made.stdout.trim();
  assert.equal((await ask('/server', { token })).status, 200);
  await act('/stations/operated-one/stop', { token });
  await runMsc(context, ['operator', 'token', 'remove', 'night', '--config', config]);
  assert.equal((await ask('/server', { token })).status, 401);
});

test('viewers see the operator’s changes in one stream without a fault', async (context) => {
  const { url, films, ask, act, lineUp } = await open(context);
  const id = 'operated-two';
  const abort = new AbortController();
  const { body } = await fetch(`${url}/stations/${id}.ts`, { signal: abort.signal });
  const pieces: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of body!) pieces.push(piece);
  })().catch(() => undefined);
  const station = async () => (await lineUp()).get(id)!;
  const playing = async () => (await station()).info.nowPlaying;

  // Within half a second of the beginning of an item of three seconds.
  await until(context, async () => ((await station()).info.nowUntil ?? 0) - Date.now() > 2_500);
  const before = await playing();
  await act(`/stations/${id}/skip`);
  await until(context, async () => (await playing()) !== before);

  // Refused until the slate is prepared.
  await until(context, async () => (await ask('/show', { method: 'POST', body: { slate: 'alarm' } })).ok);
  await until(context, async () => [...(await lineUp()).values()].every(({ info }) => info.nowPlaying === 'alarm'));
  await act(`/stations/${id}/skip`);
  await act('/resume');
  await until(context, async () => (await playing()) !== 'alarm');

  const { items } = await station();
  assert.deepEqual(
    items.map(({ name }) => name),
    ['first', 'second'],
  );
  await act(`/stations/${id}/order`, { method: 'PUT', body: { items: items.map((item) => item.id).reverse() } });
  assert.deepEqual(
    (await station()).items.map(({ name }) => name),
    ['second', 'first'],
  );
  await act(`/stations/${id}/name`, { method: 'PUT', body: { name: 'Films' } });
  assert.equal((await station()).info.name, 'Films');
  makeFilm(join(films, 'third.mp4'), 3);
  rmSync(join(films, 'second.mp4'));
  await act(`/stations/${id}/reload`);
  assert.deepEqual(
    (await station()).items.map(({ name }) => name),
    ['first', 'third'],
  );
  await until(context, async () => (await playing()) === 'third');

  abort.abort();
  await reading;
  const stream = Buffer.concat(pieces);
  const { faults } = analyseTs(stream.subarray(0, stream.length - (stream.length % 188)));
  assert.deepEqual(faults, []);
});
