/** `msc watch --player browser`, with a program in the browser's place that prints its arguments. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from './support/display.js';
import { bigBuckBunny, sharedStore } from './support/film.js';
import { finished, serve, startMsc } from './support/msc.js';
import { scratchFolder } from './support/spool.js';

test('the page is opened on the station, the moment and in the languages, and its address is served', {
  timeout: 60_000,
  skip: process.platform === 'win32' && 'needs a shell',
}, async (context) => {
  const store = await sharedStore();
  const server = await serve(context, [`Seen in a browser=${bigBuckBunny}`, '--store', store.folder], 1);
  const folder = scratchFolder(context);
  const browser = join(folder, 'browser');
  const opened = join(folder, 'opened');
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > ${opened}.new && mv ${opened}.new ${opened}\n`);
  chmodSync(browser, 0o755);
  process.env.MSC_BROWSER = browser;
  context.after(() => {
    delete process.env.MSC_BROWSER;
  });
  const { id } = server.stations[0]!;
  const watch = startMsc(context, ['watch', id, '--player', 'browser', '--at', '-1h', '--audio', 'de,en', '--quiet']);
  const end = finished(watch);
  await until(context, () => existsSync(opened));
  const page = new URL(readFileSync(opened, 'utf8'));
  assert.equal(page.hostname, '127.0.0.1');
  assert.deepEqual([...page.searchParams], [['audio', 'de,en']]);
  const [path, moment = ''] = page.hash.slice(1).split('?t=');
  assert.equal(path, `/${id}`);
  assert.ok(Math.abs(Date.parse(moment) - Date.now() + 3_600_000) < 60_000, moment);

  assert.match(await (await fetch(page)).text(), /<div id="app">/);
  const stream = await fetch(new URL(`/stations/${id}.ts`, page));
  const { value } = await stream.body!.getReader().read();
  assert.equal(value![0], 0x47);
  watch.kill('SIGINT');
  assert.deepEqual(await end, { exitCode: 0, stdout: '', stderr: '' });
});
