import assert from 'node:assert/strict';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFilm, openStore } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { defaultMediaSettings } from '../media/settings.js';
import { closeReel } from './open-reel.js';
import { prepareReel, SourceChanged } from './prepare.js';

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
