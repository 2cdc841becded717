import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../test/support/film.js';
import { makeSource, type SourceOptions } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { defaultMediaSettings } from '../media/settings.js';
import type { ServerEvent } from './events.js';
import type { Preferences } from './preferences.js';
import { findSource } from './sources.js';
import { loadStation, type PrepareOptions, prepareStation } from './station-loader.js';
import { Plans, planStation } from './station-plan.js';

type Film = Omit<SourceOptions, 'path' | 'seconds'> & { seconds?: number };

/** A folder with these films, each of a second unless said otherwise, and what prepares and loads a station of it. */
async function open(context: TestContext, films: Record<string, Film>) {
  const store = await openStore(context);
  const folder = join(scratchFolder(context), 'films');
  for (const [name, film] of Object.entries(films)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    makeSource({ path, seconds: 1, ...film });
  }
  const events: ServerEvent[] = [];
  const options = (preferences: Preferences = {}, path = folder): PrepareOptions => {
    const source = findSource(path);
    const plan = planStation({ config: {}, source, number: 1, format: 'h264', preferences, others: new Plans() });
    const onEvent = (event: ServerEvent) => events.push(event);
    return { plan, settings: defaultMediaSettings, store, server: 'here', onEvent, signal: context.signal };
  };
  const prepare = async (preferences?: Preferences, path?: string) => {
    const ready = await prepareStation(options(preferences, path));
    assert.ok(ready);
    context.after(() => ready.station.close());
    return ready;
  };
  const names = async (preferences?: Preferences, path?: string) =>
    (await prepare(preferences, path)).station.items.map(({ name }) => name);
  return { store, folder, events, options, prepare, names };
}

test('an item is called by its file, its tag where that is asked for, or the NFO file beside it', async (context) => {
  const { folder, names, options } = await open(context, {
    'A.Film.2008.1080p.WEB-DL.x264-GRP.mp4': { title: 'Ripped by somebody' },
    'b.mp4': { title: 'Tagged' },
  });
  const [film = ''] = options().plan.source.files;
  assert.deepEqual(await names(), ['A Film 2008', 'b']);
  assert.deepEqual(await names({ titles: 'tag' }), ['Ripped by somebody', 'Tagged']);
  assert.deepEqual(await names({}, film), ['A Film 2008']);
  writeFileSync(join(folder, 'b.nfo'), '<movie><title>The second film</title></movie>');
  assert.deepEqual(await names(), ['A Film 2008', 'The second film']);
  assert.deepEqual(await names({ titles: 'tag' }), ['Ripped by somebody', 'The second film']);
  const loaded = await loadStation(options());
  context.after(() => loaded?.station.close());
  assert.deepEqual(
    loaded?.station.items.map(({ name }) => name),
    ['A Film 2008', 'The second film'],
    'the same when its reels are there',
  );
});
