/** Servers and viewers that share a key, on a network where others do not have it. */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { makeKeyFile } from '../src/control/key-file.js';
import { until } from './support/display.js';
import { sharedFilm, sharedStore } from './support/film.js';
import { runMsc, serve, startMsc } from './support/msc.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';

async function makeKey(context: TestContext): Promise<string> {
  const path = join(scratchFolder(context), 'msc.key');
  await makeKeyFile(path);
  return path;
}

/** A server with a key and one station. */
async function keyedServer(context: TestContext, name: string) {
  const folder = scratchFolder(context);
  const store = await sharedStore();
  const film = sharedFilm(2);
  const key = await makeKey(context);
  const words = [`${name} ${process.pid}=${film}`, '--store', store.folder, '--key', key];
  const server = await serve(context, words, 1);
  return { folder, server, id: server.stations[0]!.id, key };
}

test('a station of a server with a key is listed and recorded with that key only', {
  timeout: 120_000,
}, async (context) => {
  const { folder, server, id, key } = await keyedServer(context, 'Sealed');
  const other = join(folder, 'other.key');
  assert.equal((await runMsc(context, ['key', other])).exitCode, 0);
  const list = async (...words: string[]) => {
    const { stdout, stderr } = await runMsc(context, ['list', '--json', ...words]);
    return { isListed: (JSON.parse(stdout) as { id: string }[]).some((station) => station.id === id), stderr };
  };
  await until(context, async () => (await list('--key', key)).isListed);
  const without = await list();
  assert.equal(without.isListed, false);
  assert.match(without.stderr, /left out of the list .*answers? only to those who have its key.*--key FILE/);
  const withOther = await list('--key', other);
  assert.equal(withOther.isListed, false);
  assert.match(withOther.stderr, /left out of the list .*has another key/);

  const output = join(folder, 'out.ts');
  const record = (...words: string[]) => runMsc(context, ['record', id, '-o', output, '-d', '500ms', ...words]);
  const refused = await record();
  assert.equal(refused.exitCode, 7, refused.stderr);
  assert.equal(existsSync(output), false);
  const recorded = await record('--key', key);
  assert.equal(recorded.exitCode, 0, recorded.stderr);
  assert.ok(statSync(output).size > 0);
  // Only an answered session has the station's past.
  const past = await record('--key', key, '--from', '-10s');
  assert.equal(past.exitCode, 0, past.stderr);
  assert.equal(await server.stop(), 0);
});

test('a gateway with the key has the station, and one without it does not', { timeout: 120_000 }, async (context) => {
  const { server, id, key } = await keyedServer(context, 'Behind');
  const gateway = async (...words: string[]): Promise<string> => {
    const child = startMsc(context, ['gateway', '--http', '0', '--json', ...words]);
    for await (const line of createInterface({ input: child.stdout! })) {
      const event = JSON.parse(line);
      if (event.event === 'http') return event.url;
    }
    throw new Error('the gateway has ended');
  };
  const ids = async (url: string): Promise<string[]> => {
    const response = await fetch(`${url}/stations.m3u`);
    return [...(await response.text()).matchAll(/tvg-id="([^"]*)"/g)].map(([, each]) => each!);
  };
  const [keyed, keyless] = await Promise.all([gateway('--key', key), gateway()]);
  await until(context, async () => (await ids(keyed)).includes(id));
  const chunks = await fetch(`${keyed}/stations/${id}.ts`);
  const { value } = await chunks.body!.getReader().read();
  assert.ok(value!.length > 0);
  assert.ok(!(await ids(keyless)).includes(id));
  assert.equal(await server.stop(), 0);
});

test('a claim of a server without the key keeps no server with one off the air', {
  timeout: 120_000,
}, async (context) => {
  const folder = scratchFolder(context);
  const store = await sharedStore();
  const key = await makeKey(context);
  const [one, two] = ['one.mp4', 'two.mp4'].map((name, i) => {
    const path = join(folder, name);
    makeSource({ path, seconds: 1 + i, video: { width: 320, height: 240, frameRate: [25, 1] }, audio: null });
    return path;
  });
  const name = `Claimed ${process.pid}`;
  const words = (film: string | undefined) => [`${name}=${film}`, '--store', store.folder];
  const claimant = await serve(context, words(one), 1);
  const server = await serve(context, [...words(two), '--key', key], 1);
  assert.equal(server.stations[0]!.group, claimant.stations[0]!.group);
  assert.equal(await server.stop(), 0);
  assert.equal(await claimant.stop(), 0);
});

test('a key that cannot be read ends a command before it sends anything', async (context) => {
  const missing = join(scratchFolder(context), 'none.key');
  for (const words of [['list'], ['serve', 'film.mp4']]) {
    const { exitCode, stderr } = await runMsc(context, [...words, '--key', missing]);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /none\.key: no such file/);
  }
});
