import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { flipBit, seeded } from '../../test/support/flips.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder, sharedFolder } from '../../test/support/spool.js';
import { unseal } from '../../test/support/unseal.js';
import { defaultMediaSettings } from '../media/settings.js';
import { measure } from './child/measure.js';
import { closeReel } from './open-reel.js';
import { prepareReel } from './prepare.js';
import { ReelDamage, readManifest, readReel } from './read-reel.js';
import { ReelFile } from './reel.js';
import { ReelVerifier, type ReelVerifierOptions } from './reel-verifier.js';
import { Store } from './store.js';
import { Verifications } from './verifications.js';

const shared = sharedFolder();
/** A store with a reel, made once for all tests, which damage copies of it. */
const prepared = (async () => {
  const store = new Store(join(shared, 'store'));
  await store.open();
  const source = makeSource({ path: join(shared, 'film.mp4'), seconds: 1 });
  const { reel } = await prepareReel({ source, settings: defaultMediaSettings, store });
  closeReel(reel);
  return { id: reel.data.manifest.id, folder: store.reelFolder(reel.data.manifest.id) };
})();

/** A verifier of one reel, which reads in this process and counts how often. */
async function open(context: TestContext, options: Partial<Pick<ReelVerifierOptions, 'mostBefore' | 'measure'>> = {}) {
  const { id, folder: whole } = await prepared;
  const root = scratchFolder(context);
  const folder = join(root, id);
  cpSync(whole, folder, { recursive: true });
  const notes = join(root, 'notes');
  mkdirSync(notes);
  const damaged: string[] = [];
  const lines: string[] = [];
  const rates: number[] = [];
  const verifier = () =>
    new ReelVerifier({
      folderOf: () => folder,
      verifications: new Verifications(notes),
      onDamage: (_, damage) => damaged.push(damage.message),
      log: (line) => lines.push(line),
      async measure({ path, rate }) {
        rates.push(rate);
        return measure({ path, rate: Number.POSITIVE_INFINITY }, () => undefined);
      },
      ...options,
    });
  const admit = async (to: ReelVerifier) => {
    const reel = await readReel(folder);
    context.after(() => closeReel(reel));
    await to.admit(reel);
  };
  return { folder, notes, packets: join(folder, ReelFile.packets.h264), damaged, lines, rates, verifier, admit };
}

test('a file of packets is read once, also by later servers, and again when it is another', async (context) => {
  const { packets, damaged, rates, verifier, admit } = await open(context);
  for (let start = 0; start < 3; start++) {
    const each = verifier();
    await admit(each);
    await admit(each);
    await each.idle();
    assert.equal(rates.length, 1);
  }
  utimesSync(packets, 1_800_000_000, 1_800_000_000);
  const later = verifier();
  await admit(later);
  await later.idle();
  assert.equal(rates.length, 2);
  assert.deepEqual(damaged, []);
});

test('any changed bit of the packets is found', async (context) => {
  const { packets, damaged, verifier, admit, folder } = await open(context);
  const { manifest } = await readManifest(folder);
  for (const [i, bit] of seeded(7, 24, manifest.bytes * 8).entries()) {
    flipBit(packets, bit);
    const each = verifier();
    await admit(each);
    await each.idle();
    assert.equal(damaged.length, i + 1, `bit ${bit}`);
    assert.match(damaged.at(-1)!, /packets\.ts: its packets are not those that were made/);
    flipBit(packets, bit);
  }
});

test('where the disk is not trusted, a reel is read before it is used, as fast as possible', async (context) => {
  const { packets, damaged, rates, verifier, admit } = await open(context);
  const careful = verifier();
  careful.distrust();
  await admit(careful);
  assert.deepEqual(rates, [Number.POSITIVE_INFINITY]);
  await admit(careful);
  assert.equal(rates.length, 1, 'what it has read is trusted');
  flipBit(packets, 4_711, { touched: true });
  await assert.rejects(admit(careful), ReelDamage);
  assert.deepEqual(damaged, [], 'nobody plays it');
});

test('a reel too large to wait for is used at once, and verified in the background', async (context) => {
  const { packets, damaged, rates, verifier, admit } = await open(context, { mostBefore: 1_000 });
  flipBit(packets, 4_711);
  const careful = verifier();
  careful.distrust();
  await admit(careful);
  await careful.idle();
  assert.equal(damaged.length, 1);
  assert.ok(Number.isFinite(rates[0]));
});

for (const what of ['the notes cannot be written', 'the packets cannot be read']) {
  test(`where the disk is not trusted and ${what}, a reel is used all the same, and the log has it`, async (context) => {
    const { notes, lines, rates, verifier, admit } = await open(context, {
      ...(what.startsWith('the packets') && {
        measure: () => Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })),
      }),
    });
    rmSync(notes, { recursive: true });
    writeFileSync(notes, '');
    const careful = verifier();
    careful.distrust();
    await admit(careful);
    const isRead = what.startsWith('the notes');
    assert.equal(rates.length, isRead ? 1 : 0);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, isRead ? /is whole, and read again at the next start: E/ : /cannot be verified: EIO/);
  });
}

test('a whole reel of an earlier release is sealed', async (context) => {
  const { folder, verifier, admit } = await open(context);
  unseal(folder);
  assert.equal((await readManifest(folder)).index, null);
  const each = verifier();
  await admit(each);
  await each.idle();
  assert.notEqual((await readManifest(folder)).index, null);
});

test('a note with any changed bit is no reason to trust a file', async (context) => {
  const { notes, rates, verifier, admit } = await open(context);
  const first = verifier();
  await admit(first);
  await first.idle();
  const [name] = readdirSync(notes);
  for (const bit of seeded(3, 24, 800)) {
    flipBit(join(notes, name!), bit);
    const before = rates.length;
    const each = verifier();
    await admit(each);
    await each.idle();
    assert.equal(rates.length, before + 1, `bit ${bit}`);
  }
});

test('a reel that cannot be read is a line in the log, and no damage', async (context) => {
  const { damaged, lines, admit, folder } = await open(context);
  const each = new ReelVerifier({
    folderOf: () => folder,
    verifications: new Verifications(join(folder, '..', 'notes')),
    onDamage: (_, damage) => damaged.push(damage.message),
    log: (line) => lines.push(line),
    measure: () => Promise.reject(new Error('the disk is gone')),
  });
  await admit(each);
  await each.idle();
  assert.deepEqual([damaged, lines], [[], ['A reel cannot be verified: the disk is gone']]);
});

test('a reel that is made again while it is read is not condemned, but the one that is open', async (context) => {
  const contents: string[] = [];
  const opened = await open(context, {
    async measure({ path }) {
      const measured = await measure({ path, rate: Number.POSITIVE_INFINITY }, () => undefined);
      contents.push(path);
      if (contents.length === 1) await makeAgain();
      return measured;
    },
  });
  const { folder, packets, damaged, lines, verifier, admit } = opened;
  const { folder: whole } = await prepared;
  const makeAgain = async () => {
    cpSync(whole, `${folder}-again`, { recursive: true });
    utimesSync(join(`${folder}-again`, ReelFile.packets.h264), 1_800_000_000, 1_800_000_000);
    renameSync(folder, `${folder}-aside`);
    renameSync(`${folder}-again`, folder);
  };
  flipBit(packets, 4_711);
  const each = verifier();
  await admit(each);
  await each.idle();
  assert.deepEqual([lines, contents.length], [[], 2]);
  assert.equal(damaged.length, 1);
  assert.match(damaged[0]!, /another server has set it aside/);
});

test('a damaged reel that another server has set aside meanwhile is known by its file', async (context) => {
  const found: ReelDamage[] = [];
  const { folder, packets, notes, admit } = await open(context);
  flipBit(packets, 4_711);
  const { ino } = statSync(packets);
  const each = new ReelVerifier({
    folderOf: () => folder,
    verifications: new Verifications(notes),
    onDamage: (_, damage) => found.push(damage),
    log: assert.fail,
    async measure({ path }) {
      const measured = await measure({ path, rate: Number.POSITIVE_INFINITY }, () => undefined);
      renameSync(folder, `${folder}-aside`);
      return measured;
    },
  });
  await admit(each);
  await each.idle();
  assert.deepEqual(
    found.map(({ packets }) => packets?.inode),
    [ino],
  );
});
