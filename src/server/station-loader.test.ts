import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../test/support/film.js';
import { makeSource, type SourceOptions } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings } from '../media/settings.js';
import { closeReel } from '../reel/open-reel.js';
import type { Station } from '../station/station.js';
import type { ServerEvent } from './events.js';
import type { Preferences } from './preferences.js';
import type { FileClock } from './settled-file.js';
import { findSource } from './sources.js';
import { loadStation, type PrepareOptions, prepareStation, reloadItems } from './station-loader.js';
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
    return {
      plan,
      settings: { ...defaultMediaSettings, bitrate: preferences.bitrate },
      store,
      server: 'here',
      onEvent,
      signal: context.signal,
    };
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

const small = { width: 160, height: 90 };
const manifestsOf = ({ station }: { station: Station }) => station.items.map(({ reel }) => reel.data.manifest);

test('a station has the layout of most of its time; what can be copied is copied, and the cost is said before it is paid', async (context) => {
  const { prepare, options, events } = await open(context, {
    'a trailer.mp4': { video: small },
    'b without reordering.mp4': { video: { bPictures: 0 }, seconds: 2 },
    'c film.mp4': { seconds: 2 },
  });
  const ready = await prepare();
  const manifests = manifestsOf(ready);
  assert.deepEqual(
    manifests.map(({ layout, properties }) => [layout.width, layout.height, layout.reorderDelay, properties.video]),
    [
      [320, 180, 3_600, 'encoded'],
      [320, 180, 3_600, 'copied'],
      [320, 180, 3_600, 'copied'],
    ],
  );
  const [first] = events;
  assert.ok(first?.kind === 'note');
  assert.equal(
    first.message,
    '1 films: 3 files, 320 × 180 at 25 frames a second: 2 can be copied, 1 is encoded (1 not 320 × 180).',
  );
  assert.equal(events.filter(({ kind }) => kind === 'note').length, 1);

  events.length = 0;
  const loaded = await loadStation(options());
  assert.ok(loaded, 'from the store alone');
  context.after(() => loaded.station.close());
  assert.deepEqual(
    manifestsOf(loaded).map(({ id }) => id),
    manifests.map(({ id }) => id),
  );
  assert.deepEqual(events, []);
});

test('the same files have the same reels in another store, and in reloading', async (context) => {
  const films = { 'a.mp4': { video: small }, 'b.mp4': { seconds: 2 }, 'c.mp4': { seconds: 2, title: 'other bytes' } };
  const [one, other] = [await open(context, films), await open(context, films)];
  const idsOf = ({ station }: { station: Station }) => manifestsOf({ station }).map(({ id }) => id);
  const ready = await one.prepare();
  assert.deepEqual(idsOf(await other.prepare()), idsOf(ready));
  one.events.length = 0;
  const { items } = await reloadItems(one.options(), ready.station);
  context.after(() => {
    for (const { reel } of items) closeReel(reel);
  });
  assert.deepEqual(
    items.map(({ reel }) => reel.data.manifest.id),
    idsOf(ready),
  );
  assert.deepEqual(one.events, [], 'nothing is made again');
});

test('size, rate and bit rate are what is asked for', async (context) => {
  const { prepare, folder } = await open(context, { 'a.mp4': {}, 'b.mp4': { video: small } });
  const meeting = await prepare(
    { size: { width: 256, height: 144 }, rate: 29.97, bitrate: 400_000 },
    join(folder, 'a.mp4'),
  );
  const [manifest] = manifestsOf(meeting);
  assert.deepEqual(
    [manifest?.layout.width, manifest?.layout.height, manifest?.layout.frameRate],
    [256, 144, [30_000, 1_001]],
  );
  assert.equal(manifest?.layout.reorderDelay, 6_006);
  const copied = manifestsOf(await prepare({ size: small }));
  assert.deepEqual(
    copied.map(({ layout, properties }) => [layout.width, properties.video]),
    [
      [160, 'encoded'],
      [160, 'copied'],
    ],
  );
});

test('a file that cannot be used has no say, and is reported once', async (context) => {
  const { prepare, folder, events } = await open(context, { 'b.mp4': {} });
  writeFileSync(join(folder, 'a.mp4'), 'no video');
  const ready = await prepare();
  assert.equal(ready.station.items.length, 1);
  assert.equal(events.filter(({ kind }) => kind === 'problem').length, 1);
});

test('a file that is still being written is left out of several with a problem, and waited for where it is alone', async (context) => {
  const { prepare, folder, events, options } = await open(context, { 'a.mp4': {}, 'b.mp4': { title: 'b' } });
  const film = join(folder, 'b.mp4');
  const touch = (time: number) => utimesSync(film, time / 1_000, time / 1_000);
  const start = Date.UTC(2026, 11, 1);
  let now = start;
  /** The file is written to until then. */
  const clock = (end: number): FileClock => ({
    now: () => Millis(now),
    wait: async (delay) => {
      now += delay;
      if (now < end) touch(now - 100);
    },
  });
  touch(start - 100);
  const several = await prepareStation({ ...options(), fileClock: clock(Number.POSITIVE_INFINITY) });
  context.after(() => several?.station.close());
  assert.deepEqual(
    several?.station.items.map(({ name }) => name),
    ['a'],
  );
  const problems = () => events.flatMap((event) => (event.kind === 'problem' ? [event.problem.message] : []));
  assert.deepEqual(problems(), [`${film}: is still being written`]);

  events.length = 0;
  let waits = 0;
  const onWait = () => waits++;
  const alone = await prepareStation({ ...options({}, film), onWait, fileClock: clock(now + 10_000) });
  context.after(() => alone?.station.close());
  assert.deepEqual(
    alone?.station.items.map(({ name }) => name),
    ['b'],
  );
  assert.ok(now > start + 10_000, 'it was waited for');
  assert.equal(events.filter(({ kind }) => kind === 'note').length, 1, 'and that was said once');
  assert.ok(waits > 0, 'so that the next station need not wait');
  assert.equal((await prepare()).station.items.length, 2, 'the next look takes it');
});
