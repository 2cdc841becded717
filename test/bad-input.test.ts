import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bigBuckBunny, openStore } from './support/film.js';
import { runMsc, serve } from './support/msc.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';

/** A folder with one file of each kind that cannot be played. */
function badSources(folder: string): Record<string, { path: string; said: RegExp }> {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('empty-folder'));
  writeFileSync(at('notes.mp4'), 'Milk, bread, a new aerial.\n'.repeat(100));
  writeFileSync(at('empty.mp4'), '');
  const film = readFileSync(bigBuckBunny);
  // Without its table of contents (moov), which is at one end, it cannot be read.
  writeFileSync(at('cut.mp4'), film.subarray(1 << 20, 2 << 20));
  const unknown = Buffer.from(film);
  for (let i = unknown.indexOf('avc1'); i >= 0; i = unknown.indexOf('avc1', i + 4)) unknown.write('zzz9', i, 'latin1');
  writeFileSync(at('unknown.mp4'), unknown);
  const encrypted = Buffer.from(film);
  for (let i = encrypted.indexOf('avc1'); i >= 0; i = encrypted.indexOf('avc1', i + 4))
    encrypted.write('encv', i, 'latin1');
  writeFileSync(at('encrypted.mp4'), encrypted);
  return {
    missing: { path: at('missing.mp4'), said: /missing\.mp4: no such file/ },
    'folder without video': { path: at('empty-folder'), said: /empty-folder: no film and no picture in this folder/ },
    'text file named .mp4': { path: at('notes.mp4'), said: /notes\.mp4: / },
    'empty file': { path: at('empty.mp4'), said: /empty\.mp4: .*empty/ },
    'cut-off file': { path: at('cut.mp4'), said: /cut\.mp4: / },
    'unknown codec': { path: at('unknown.mp4'), said: /unknown\.mp4: / },
    encrypted: { path: at('encrypted.mp4'), said: /encrypted\.mp4: .*encrypted/ },
  };
}

test('each bad source is reported with the next step, and the exit code of a server without sources is 3', async (context) => {
  const store = await openStore(context);
  for (const [kind, { path, said }] of Object.entries(badSources(scratchFolder(context)))) {
    const { exitCode, stderr, stdout } = await runMsc(context, [
      'serve',
      path,
      '--store',
      store.folder,
      '--control-port',
      '0',
    ]);
    assert.ok(exitCode === 3 || exitCode === 4, `${kind}: exit code ${exitCode}: ${stderr}`);
    assert.match(stderr, said, kind);
    assert.match(stderr, /nothing is left to play/, kind);
    assert.doesNotMatch(stderr, /\n {4}at /, `${kind}: no stack`);
    assert.equal(stdout, '');
  }
});

test('bad sources do not keep other sources off the air', async (context) => {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  const bad = Object.values(badSources(folder)).map(({ path }) => path);
  const good = join(folder, 'good.mp4');
  makeSource({ path: good, seconds: 1, video: { width: 320, height: 240, frameRate: [25, 1] }, audio: null });
  const server = await serve(context, [...bad, good, '--store', store.folder], 1);
  const [station] = server.stations;
  assert.deepEqual([station?.name, station?.number], ['good', bad.length + 1]);
  assert.equal(await server.stop(), 0);
});

test('a file that is cut off is played up to its end', async (context) => {
  const folder = scratchFolder(context);
  const path = join(folder, 'short.mkv');
  makeSource({ path, seconds: 4, video: { width: 320, height: 240, frameRate: [25, 1] }, audio: null });
  const whole = readFileSync(path).length;
  truncateSync(path, Math.floor(whole * 0.7));
  const store = await openStore(context);
  const { exitCode, stdout, stderr } = await runMsc(context, ['prepare', path, '--store', store.folder, '--json']);
  assert.equal(exitCode, 0, stderr);
  const { duration } = JSON.parse(stdout);
  assert.ok(duration > 1 && duration < 4, `${duration} s`);
});

test('a file without permission to read is named', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, async (context) => {
  const path = join(scratchFolder(context), 'secret.mp4');
  writeFileSync(path, 'x');
  chmodSync(path, 0);
  const { exitCode, stderr } = await runMsc(context, ['serve', path, '--control-port', '0']);
  assert.equal(exitCode, 3);
  assert.match(stderr, /secret\.mp4: may not be read/);
});

test('an unknown interface is named together with the existing ones', async (context) => {
  const { exitCode, stderr } = await runMsc(context, ['serve', bigBuckBunny, '--interface', 'eth99']);
  assert.equal(exitCode, 6);
  assert.match(stderr, /eth99/);
  assert.match(stderr, /127\.0\.0\.1/);
});

test('an address that is no multicast group is refused', async (context) => {
  for (const group of ['10.0.0.1', '240.0.0.1', 'everywhere']) {
    const { exitCode, stderr } = await runMsc(context, ['serve', bigBuckBunny, '--group', group]);
    assert.equal(exitCode, 6);
    assert.match(stderr, new RegExp(`"${group}" is not a multicast group`));
  }
});

test('a control port in use is named together with the option for another one', async (context) => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  context.after(() => socket.close());
  const { port } = socket.address();
  const store = await openStore(context);
  const words = ['serve', bigBuckBunny, '--store', store.folder, '--control-port', String(port)];
  const { exitCode, stderr } = await runMsc(context, words);
  assert.equal(exitCode, 6);
  assert.match(stderr, new RegExp(`Port ${port} is in use`));
  assert.match(stderr, /--control-port/);
});

test('a wrong command line ends with exit code 2 and points to --help', async (context) => {
  for (const words of [['serve'], ['serve', 'x', '--ttl', '0'], ['tune'], ['serve', 'x', '--format', 'vhs']]) {
    const { exitCode, stderr } = await runMsc(context, words);
    assert.equal(exitCode, 2, words.join(' '));
    assert.match(stderr, /--help/);
  }
});

test('a store that cannot be written is named', async (context) => {
  const file = join(scratchFolder(context), 'file');
  writeFileSync(file, '');
  const { exitCode, stderr } = await runMsc(context, [
    'serve',
    bigBuckBunny,
    '--store',
    join(file, 'store'),
    '--control-port',
    '0',
  ]);
  assert.equal(exitCode, 5);
  assert.match(stderr, /--store/);
});
