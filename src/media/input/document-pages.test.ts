import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessUnits, shownPictures } from '../../../test/support/decoded.js';
import { pdf } from '../../../test/support/pdf.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Problem } from '../../base/problem.js';
import { Millis } from '../../base/units.js';
import { lookAtSource } from '../look-at-source.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { isDocument, pagesOf } from './document-pages.js';

const folder = sharedFolder();
const menu = join(folder, 'menu.pdf');
writeFileSync(
  menu,
  pdf([
    { width: 400, height: 300, colour: [1, 0, 0] },
    { width: 300, height: 600, colour: [0, 0, 1] },
  ]),
);

const pages = (source: string, onlyLast = false) => {
  const into = mkdtempSync(join(folder, 'pages-'));
  return pagesOf({ source, folder: into, name: 'page', target: null, onlyLast, onPage() {} });
};

/** Width, height and the B, G, R of the pixel in the middle of a BMP file. */
function lookAt(path: string): number[] {
  const file = readFileSync(path);
  const [width, height] = [file.readInt32LE(18), -file.readInt32LE(22)];
  const middle = 54 + 4 * (Math.floor(height / 2) * width + Math.floor(width / 2));
  return [width, height, ...file.subarray(middle, middle + 3)];
}

test('each page is a picture as large as fits into full HD', async () => {
  assert.ok(isDocument(menu));
  assert.deepEqual((await pages(menu)).map(lookAt), [
    [1_440, 1_080, 0, 0, 255],
    [540, 1_080, 255, 0, 0],
  ]);
  assert.deepEqual((await pages(menu, true)).map(lookAt), [[540, 1_080, 255, 0, 0]]);
});

test('a document is a slide for each page', { skip: without('ffmpeg') }, async () => {
  const settings = { ...defaultMediaSettings, slide: Millis(1_000) };
  const into = mkdtempSync(join(folder, 'spool-'));
  const result = spoolMedia({ source: menu, pages: await pages(menu), folder: into, settings, onProgress() {} });
  assert.ok(result.format === 'h264');
  assert.equal(result.video.duration, 180_000);
  assert.ok(result.poster);
  const shown = shownPictures(accessUnits(result.video));
  assert.deepEqual([shown.length, new Set(shown).size], [50, 2]);
  assert.deepEqual([new Set(shown.slice(0, 25)).size, new Set(shown.slice(25)).size], [1, 1]);
  const facts = lookAtSource(menu, settings);
  assert.deepEqual([facts.width, facts.height, facts.isStill], [1_920, 1_080, true]);
});

for (const [what, bytes, message] of [
  ['cut off', pdf([{ width: 400, height: 300, colour: [1, 0, 0] }]).subarray(0, 60), /the document cannot be read/],
  ['without pages', pdf([]), /the document (has no pages|cannot be read)/],
] as const) {
  test(`a document ${what} is a problem of the source`, async () => {
    const source = join(folder, `${what}.pdf`);
    writeFileSync(source, bytes);
    const isProblem = (error: unknown) =>
      error instanceof Problem && error.code === 'source' && message.test(error.message);
    await assert.rejects(pages(source), isProblem);
  });
}
