import assert from 'node:assert/strict';
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Millis } from '../base/units.js';
import { isSettled, systemFileClock } from './settled-file.js';

const NOW = Date.UTC(2026, 11, 1);

/** Whether a file that changed `age` ago is settled, and for how long that took; `meanwhile` happens while it is waited for. */
async function settled(context: TestContext, age: number, meanwhile: (path: string) => void = () => undefined) {
  const path = join(scratchFolder(context), 'film.mp4');
  writeFileSync(path, 'film');
  utimesSync(path, (NOW - age) / 1_000, (NOW - age) / 1_000);
  const waits: number[] = [];
  const wait = async (delay: Millis) => {
    waits.push(delay);
    meanwhile(path);
  };
  const isWhole = await isSettled(path, { now: () => Millis(NOW), wait }, context.signal);
  return { isWhole, waits };
}

test('a file that has not changed for two seconds is whole at once', async (context) => {
  assert.deepEqual(await settled(context, 2_000), { isWhole: true, waits: [] });
  assert.deepEqual(await settled(context, -60_000), { isWhole: true, waits: [] }, 'of a clock that is ahead');
});

test('one that changed lately is looked at again when it could have been quiet', async (context) => {
  assert.deepEqual(await settled(context, 500), { isWhole: true, waits: [1_500] });
  const grown = await settled(context, 500, (path) => appendFileSync(path, 'more'));
  assert.deepEqual(grown, { isWhole: false, waits: [1_500] });
  const touched = await settled(context, 500, (path) => utimesSync(path, NOW / 1_000, NOW / 1_000));
  assert.deepEqual(touched, { isWhole: false, waits: [1_500] }, 'a copy whose size was reserved');
});

test('waiting ends with the server', async () => {
  await systemFileClock.wait(Millis(60_000), AbortSignal.abort());
});
