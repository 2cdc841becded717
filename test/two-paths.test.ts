import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from './support/display.js';
import { reelOf, sharedFilm, sharedStore } from './support/film.js';
import { finished, serve, startMsc } from './support/msc.js';
import { star, withoutNetwork } from './support/network.js';
import { scratchFolder } from './support/spool.js';

const SECONDS = 10;

test('when one of two servers on two networks is killed, a receiver of both loses nothing', {
  skip: withoutNetwork(),
  timeout: 120_000,
}, async (context) => {
  const store = await sharedStore();
  const film = sharedFilm(20);
  const { bitrate } = (await reelOf(context, film, {}, store)).data.manifest;
  const { middle, interfaces, ends } = await star(context, 2);
  const words = [`Twins=${film}`, '--store', store.folder, '--interface', 'cable'];
  const [first] = await Promise.all(ends.map((end) => serve(context, words, 1, end)));
  const path = join(scratchFolder(context), 'out.ts');
  const [one = '', other = ''] = interfaces;
  const from = ['--interface', one, '--also', other];
  const recording = startMsc(context, ['record', '1', ...from, '-o', path, '-d', `${SECONDS}s`, '--json'], middle);
  const done = finished(recording);
  // Half of it has arrived, more than the burst at the beginning; the rest arrives by one path.
  const half = ((bitrate / 8) * SECONDS) / 2;
  await until(context, () => sizeOf(path) >= half);
  await first!.kill();
  const { exitCode, stdout, stderr } = await done;
  assert.equal(exitCode, 0, stderr);
  // Before it may be events, such as that the killed server does not answer.
  const { packets, lost, paths } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  assert.equal(lost, 0, stdout);
  assert.equal(paths.length, 2);
  assert.ok(paths[0].received > 0 && paths[0].received < paths[1].received, stdout);
  assert.ok(paths[1].first > 0 && paths[0].first + paths[1].first <= packets, stdout);
});

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
