import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sharedFilm, sharedStore } from './support/film.js';
import { finished, serve, startMsc } from './support/msc.js';
import { scratchFolder } from './support/spool.js';

const ways = [
  { way: 'in the cheapest way', before: [], skip: false },
  {
    way: 'with plain sockets',
    before: ['env', 'MSC_SOCKETS=plain'],
    skip: process.platform === 'win32' && 'needs the command env',
  },
];

for (const { way, before, skip } of ways) {
  test(`a recording, received ${way}, ends where it is interrupted, with everything that was received`, {
    skip,
    timeout: 60_000,
  }, async (context) => {
    const folder = scratchFolder(context);
    const store = await sharedStore();
    const film = sharedFilm(2);
    const server = await serve(context, [`Ended=${film}`, '--store', store.folder], 1);
    const output = join(folder, 'out.ts');
    const child = startMsc(context, ['record', 'Ended', '-o', output, '--json'], before);
    const ended = finished(child);
    for await (const _ of watch(folder)) if (existsSync(output) && statSync(output).size > 0) break;
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await ended;
    assert.equal(exitCode, 0, stderr);
    const { interrupted, bytes, packets, lost } = JSON.parse(stdout);
    assert.equal(interrupted, true);
    const file = readFileSync(output);
    assert.equal(file.length, bytes);
    assert.equal(file.length % 188, 0);
    assert.ok(bytes <= packets * 7 * 188 && bytes > 0, `${bytes} bytes of ${packets} packets`);
    assert.equal(await server.stop(), 0);
    assert.ok(lost <= server.droppedLate, `${lost} packets lost, of which ${server.droppedLate} were not sent`);
  });
}
