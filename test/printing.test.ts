/** Names from outside that would act on a terminal or a log, from a file's name to every place where they are printed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from './support/film.js';
import { mscCommand, runMsc, serve } from './support/msc.js';
import { openPty } from './support/pty.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

/** A colour, a window title, a cursor movement, C1, a line that looks like ours, and reversed text. */
const WICKED = 'a\x1b[31mb\x1b]0;owned\x07\x1b[2A\x9b1m\nmsc: all is well\u202ec';

/** Windows refuses such names. */
const skip = process.platform === 'win32' && 'file names have no control characters here';

/** What a viewer writes itself: the cursor, its lines erased to be drawn again, bold, dim and reverse video. */
const ESC = '\x1b';
const OWN = new RegExp(`${ESC}\\[(\\?25[lh]|\\d+A|J|K|[0127]m)|\r`, 'g');

function assertHarmless(text: string): void {
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  assert.doesNotMatch(text, /^msc: all is well/m, 'no line of ours can be imitated');
}

async function serveWicked(context: TestContext) {
  const folder = scratchFolder(context);
  const store = await openStore(context);
  const path = makeSource({ path: join(folder, `${WICKED}.mp4`), seconds: 1, audio: null, title: WICKED });
  const bad = join(folder, `${WICKED}-bad.mp4`);
  writeFileSync(bad, 'no video');
  const server = await serve(context, [path, '--titles', 'tag', '--store', store.folder], 1);
  return { server, path, bad, store };
}

test('no name or title acts on what a server, a list or a viewer prints', { skip }, async (context) => {
  const { server, path, bad, store } = await serveWicked(context);
  assert.doesNotMatch(server.stations[0]!.name, /\p{Cc}/u, 'the name of a file is tidied');
  assert.ok(server.stations[0]!.nowPlaying.includes('\x1b'), 'a title in it reaches the network as it is');
  for (const words of [
    ['list'],
    ['list', '--json'],
    ['watch', '1', '--player', 'none', '--duration', '1.5'],
    ['watch', `x${WICKED}`, '--player', 'none'],
    ['record', '1', '--output', join(scratchFolder(context), WICKED), '--duration', '0.1'],
    ['prepare', path, bad, '--store', store.folder],
    [WICKED],
  ]) {
    const { stdout, stderr } = await runMsc(context, words);
    assert.notEqual(stdout + stderr, '', words[0]);
    assertHarmless(stdout);
    assertHarmless(stderr);
  }
  await server.stop();
});

test('in a terminal, only our own sequences arrive', { skip: skip || without('python3') }, async (context) => {
  const { server } = await serveWicked(context);
  const pty = openPty(context, [100, 30], mscCommand(['watch', '1', '--player', 'none', '--duration', '2']), {
    MSC_INTERFACE: 'lo',
  });
  await pty.ended;
  assert.ok(pty.written.includes('owned'), pty.written);
  const rest = pty.written.replaceAll(OWN, '');
  assertHarmless(rest);
  await server.stop();
});
