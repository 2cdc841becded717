/** A server whose limit of files and sockets is low, while idle connections by HTTP take all that they can. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from './support/display.js';
import { makeFilm } from './support/film.js';
import { serve } from './support/msc.js';
import { scratchFolder } from './support/spool.js';

const skip = process.platform === 'win32' && 'needs ulimit';
/** Too few for 2,000 connections, enough for a station. */
const limited = ['sh', '-c', 'ulimit -n 320; exec "$0" "$@"'];

/** The operator's events, as they come. */
async function follow(context: TestContext, url: string) {
  const abort = new AbortController();
  context.after(() => abort.abort());
  const { body } = await fetch(`${url}/api/v1/events`, { signal: abort.signal });
  const state = { stats: 0, hasEnded: false };
  const reading = (async () => {
    for await (const text of body!.pipeThrough(new TextDecoderStream()))
      state.stats += text.split('event: stats').length - 1;
  })();
  reading
    .catch(() => undefined)
    .finally(() => {
      state.hasEnded = true;
    });
  return state;
}

/** Opens connections that send nothing. */
async function openIdle(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    sockets.push(...batch);
    await Promise.all(batch.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
  }
  return sockets;
}

/** Packets that have left. */
async function sent(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/msc_station_packets_total\{station="few-descriptors"\} (\d+)/.exec(metrics)?.[1]);
}

test('idle connections beyond the limit of files end nothing: the station plays, the operator follows, and HTTP answers', {
  skip,
  timeout: 120_000,
}, async (context) => {
  const folder = scratchFolder(context);
  const film = makeFilm(join(folder, 'few-descriptors.mp4'), 2);
  const options = ['--http', '0', '--store', join(folder, 'store'), '--config', join(folder, 'config')];
  const server = await serve(context, [film, ...options], 1, limited);
  const url = server.url!;
  const events = await follow(context, url);
  await until(context, () => events.stats >= 2);

  const idle = await openIdle(Number(new URL(url).port), 2_000);
  const before = events.stats;
  const sentBefore = await sent(url);
  // The system is asked for its stats once a second.
  await until(context, () => events.hasEnded || events.stats >= before + 3);
  assert.equal(events.hasEnded, false, 'the operator’s connection makes no room');
  assert.equal((await fetch(`${url}/stations/few-descriptors/poster.jpg`)).status, 200);
  assert.equal((await fetch(`${url}/`)).status, 200);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /process_resident_memory_bytes [1-9]/);
  assert.match(metrics, /msc_station_unread_total\{station="few-descriptors"\} 0\n/);
  assert.match(metrics, /msc_station_refused_total\{station="few-descriptors"\} 0\n/);

  assert.ok((await sent(url)) > sentBefore);

  for (const socket of idle) socket.destroy();
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal(await server.stop(), 0);
});
