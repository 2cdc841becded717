import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Frame } from 'node-av/lib';
import { jpegSize, makeSource } from '../../test/support/sources.js';
import { Millis } from '../base/units.js';
import { generateFilm } from './generated-film.js';
import { makePoster } from './pictures/poster.js';
import { defaultMediaSettings } from './settings.js';
import { spoolMedia } from './spool-media.js';

const folder = mkdtempSync(join(tmpdir(), 'msc-card-'));
after(() => rmSync(folder, { recursive: true, force: true }));

for (const extension of ['mp4', 'mkv', 'ts']) {
  test(`a test card in ${extension} goes on air as it is, with a key picture every second`, () => {
    const path = join(folder, `card.${extension}`);
    generateFilm('test-card', { path, seconds: 2 });
    const spool = spoolMedia({ source: path, folder, settings: defaultMediaSettings, onProgress() {} });
    assert.equal(spool.format, 'h264');
    const { properties, video } = spool;
    assert.deepEqual([properties.video, properties.audio, properties.channels], ['copied', 'copied', 2]);
    assert.deepEqual([properties.width, properties.height, properties.frameRate], [1_280, 720, [30, 1]]);
    assert.deepEqual(
      [...video.randomAccess.entries()].flatMap(([i, flag]) => (flag ? [i] : [])),
      [0, 30],
    );
    assert.equal(video.duration, 180_000);
  });
}

test('a slate goes on air as it is, and stands still', () => {
  const path = join(folder, 'slate.mp4');
  generateFilm('slate', { path, seconds: 2 });
  const spool = spoolMedia({
    source: path,
    folder,
    settings: { ...defaultMediaSettings, maxGop: Millis(1_000) },
    onProgress() {},
  });
  assert.equal(spool.format, 'h264');
  const { properties, video } = spool;
  assert.deepEqual([properties.video, properties.audio, properties.title], ['copied', 'copied', 'Back soon']);
  // Nothing moves, so pictures between key pictures have few bytes.
  const between = video.sizes.filter((_, i) => video.randomAccess[i] === 0);
  assert.ok(Math.max(...between) < 2_000, `${Math.max(...between)}`);
});

test('a poster is a JPEG of at most 640 pixels in width and of the right shape', () => {
  const source = makeSource({
    path: join(folder, 'wide.mp4'),
    seconds: 2,
    video: { width: 960, height: 400, sampleAspectRatio: [4, 3] },
    audio: null,
  });
  const path = join(folder, 'wide.jpg');
  makePoster({ source, path });
  assert.deepEqual(jpegSize(readFileSync(path)), [640, 200]);
});

test('the poster of a rotated film is upright', () => {
  const source = makeSource({ path: join(folder, 'tall.mp4'), seconds: 1, video: { turn: 270 }, audio: null });
  const path = join(folder, 'tall.jpg');
  makePoster({ source, path });
  assert.deepEqual(jpegSize(readFileSync(path)), [180, 320]);
});

test('a fault of the program while a poster is made is thrown, not taken for a film without one', (context) => {
  context.mock.method(Frame.prototype, 'alloc', () => {
    throw new TypeError('a fault');
  });
  assert.throws(() => makePoster({ source: join(folder, 'card.mp4'), path: join(folder, 'fault.jpg') }), TypeError);
});

test('a source without pictures has no poster, and a folder that cannot be written to gets none', () => {
  const source = join(folder, 'text.mp4');
  writeFileSync(source, 'no film');
  makePoster({ source, path: join(folder, 'none.jpg') });
  assert.equal(existsSync(join(folder, 'none.jpg')), false);
  makePoster({ source: join(folder, 'card.mp4'), path: join(folder, 'no-such-folder', 'poster.jpg') });
});
