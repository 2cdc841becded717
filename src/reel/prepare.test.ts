import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFilm, openStore } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings } from '../media/settings.js';
import { closeReel } from './open-reel.js';
import { knownReelId, prepareReel, SourceChanged } from './prepare.js';

test('of a source that is written to while it is prepared, no reel is kept', async (context) => {
  const store = await openStore(context);
  const source = makeFilm(join(scratchFolder(context), 'film.mp4'), 1);
  const request = { source, settings: defaultMediaSettings, store };
  let isWritten = false;
  const onProgress = () => {
    if (!isWritten) appendFileSync(source, 'more');
    isWritten = true;
  };
  await assert.rejects(prepareReel({ ...request, onProgress }), (error) => {
    assert.ok(error instanceof SourceChanged);
    assert.equal(error.message, `${source}: changed while it was being prepared`);
    return true;
  });
  assert.deepEqual(readdirSync(join(store.folder, 'reels')), []);
  const { reel, made } = await prepareReel(request);
  closeReel(reel);
  assert.equal(made, true);
});

test('a reel depends on the picture that it fades in from, and that of a film on neither slides nor fades', async (context) => {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  const file = async (name: string) => {
    const path = join(folder, name);
    writeFileSync(path, name);
    await store.readContentHash(path, defaultMediaSettings);
    return path;
  };
  const [film, one, two, three] = await Promise.all(['film.mp4', 'one.png', 'two.pdf', 'three.jpg'].map(file));
  const fading = { ...defaultMediaSettings, fade: Millis(1_000) };
  const idOf = (source: string, before: string | null, settings = fading) =>
    knownReelId({ source, before, settings, store });
  const ids = await Promise.all([idOf(three!, one!), idOf(three!, two!), idOf(three!, null)]);
  assert.equal(new Set(ids).size, 3);
  const cut = await idOf(three!, one!, defaultMediaSettings);
  assert.equal(cut, await idOf(three!, null, defaultMediaSettings));
  assert.ok(!ids.includes(cut));
  const plain = await idOf(film!, null, defaultMediaSettings);
  assert.equal(plain, await idOf(film!, one!));
  assert.equal(plain, await idOf(film!, null, { ...defaultMediaSettings, slide: Millis(3_000) }));
  assert.equal(await idOf(three!, join(folder, 'unknown.png')).catch(() => 'missing'), 'missing');
});
