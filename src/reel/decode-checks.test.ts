import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFilm, openStore } from '../../test/support/film.js';
import { flipPackets } from '../../test/support/flips.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { scratchFolder } from '../../test/support/spool.js';
import { defaultMediaSettings } from '../media/settings.js';
import { checkReel, DecodeChecks } from './decode-checks.js';
import { DecodeNotes } from './decode-notes.js';
import type { ReelManifest } from './manifest.js';
import { closeReel } from './open-reel.js';
import { knownReelIds, prepareReel } from './prepare.js';
import { ReelFile } from './reel.js';

/** What the checks look at of a reel. */
const reel = (id: string, video: 'copied' | 'encoded' = 'copied'): ReelManifest =>
  ({ id, format: 'h264', properties: { video, audio: 'encoded' } }) as ReelManifest;

function open(context: TestContext, check: (path: string) => Promise<boolean>) {
  const timers = new HandTimers();
  const notes = new DecodeNotes(join(scratchFolder(context), 'decoded'));
  const damaged: string[] = [];
  const lines: string[] = [];
  const checks = new DecodeChecks({
    notes,
    packetsOf: ({ id }) => id,
    onDamage: (id) => damaged.push(id),
    log: (line) => lines.push(line),
    timers,
    check,
  });
  return { timers, notes, damaged, lines, checks };
}

test('copied reels are decoded once, one after another, five seconds after the last was opened', async (context) => {
  const decoded: string[] = [];
  const { timers, damaged, checks, notes } = open(context, async (path) => {
    decoded.push(path);
    return path === 'b';
  });
  checks.add(reel('a'));
  timers.advance(4_000);
  for (const each of [reel('b'), reel('c', 'encoded')]) checks.add(each);
  timers.advance(4_999);
  assert.deepEqual(decoded, []);
  timers.advance(1);
  await checks.idle();
  assert.deepEqual([decoded, damaged], [['a', 'b'], ['b']]);
  assert.deepEqual([await notes.read('a'), await notes.read('b'), await notes.read('c')], [false, true, null]);
  for (const id of ['a', 'b']) checks.add(reel(id));
  timers.advance(5_000);
  await checks.idle();
  assert.deepEqual(
    [decoded, damaged],
    [
      ['a', 'b'],
      ['b', 'b'],
    ],
    'its damage is known',
  );
});

test('a reel that cannot be decoded is a line in the log, and the others are decoded', async (context) => {
  const { timers, damaged, lines, checks } = open(context, async (path) => {
    if (path === 'a')
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read', errno: -5 });
    return true;
  });
  for (const id of ['a', 'b']) checks.add(reel(id));
  timers.advance(5_000);
  await checks.idle();
  assert.deepEqual([damaged, lines], [['b'], ['A reel cannot be checked for damage: EIO: i/o error, read']]);
});

test('checks that are closed before they begin decode nothing', async (context) => {
  const { timers, checks } = open(context, () => assert.fail('decoded'));
  checks.add(reel('a'));
  await checks.close();
  checks.add(reel('b'));
  timers.advance(10_000);
  assert.equal(timers.pending, 0);
});

test('a film in whose reel decoding finds damage is prepared again, with an id of its own, and stays so', async (context) => {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  const source = flipPackets(makeFilm(join(folder, 'film.mp4'), 3), join(folder, 'damaged.mp4'), { seed: 1, count: 8 });
  const request = { source, settings: defaultMediaSettings, store };
  const signal = new AbortController().signal;
  const packets = (id: string) => join(store.reelFolder(id), ReelFile.packets.h264);
  const copied = await prepareReel(request);
  closeReel(copied.reel);
  const { id, properties } = copied.reel.data.manifest;
  assert.deepEqual([properties.video, properties.notes], ['copied', []], 'nothing shows it');
  assert.equal(await store.decode(copied.reel.data.manifest, signal), true);
  assert.equal(await store.isCopiedDamaged(id), true);
  const again = await prepareReel(request);
  closeReel(again.reel);
  const { manifest } = again.reel.data;
  assert.equal(again.made, true);
  assert.match(
    [...manifest.properties.notes, manifest.properties.reason].join(),
    /around them are encoded|damaged sound/,
  );
  assert.deepEqual(await knownReelIds(request), [id, manifest.id]);
  assert.notEqual(manifest.id, id);
  assert.equal(await checkReel(packets(manifest.id), signal), false);
  assert.equal(await store.isCopiedDamaged(manifest.id), false);
  const third = await prepareReel(request);
  closeReel(third.reel);
  assert.deepEqual([third.made, third.reel.data.manifest.id], [false, manifest.id]);
});
