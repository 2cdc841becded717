import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { nfoTitle, sidecarTitle, titleOf, titlesOf } from './titles.js';

const cases: [file: string, title: string][] = [
  ['The_film.mp4', 'The film'],
  ['folder.with.dots/Part 2.MKV', 'Part 2'],
  ['Big.Buck.Bunny.2008.1080p.BluRay.x264-GROUP.mkv', 'Big Buck Bunny 2008'],
  ['big_buck_bunny_720p_h264.mov', 'big buck bunny'],
  ['A.Film.2019.2160p.UHD.BluRay.HDR.HEVC.TrueHD.7.1.Atmos-GRP.mkv', 'A Film 2019'],
  ['Show.S01E02.The.Web.720p.WEB.H264-GRP.mkv', 'Show S01E02 The Web'],
  ['Show S01E02 The Web 720p WEB H264-GRP.mkv', 'Show S01E02 The Web'],
  ['[Group] Show - 01 [1080p][ABCD1234].mkv', 'Show - 01'],
  ['Film (2008) [1080p].mkv', 'Film (2008)'],
  ['Film (2008) (1080p x265 10bit AAC 5.1).mkv', 'Film (2008)'],
  ['Film [Director’s Cut].mkv', 'Film [Director’s Cut]'],
  ['Surround.5.1.test.mp4', 'Surround 5.1 test'],
  ['v1.2.mkv', 'v1.2'],
  ['Mr. Smith goes.mp4', 'Mr. Smith goes'],
  ['Mr. Smith', 'Mr. Smith'],
  ['2026-11-30 18.30.05.mp4', '2026-11-30 18.30.05'],
  ['a\x1b[31m\nred.mp4', 'a [31m red'],
  ['Caf\udce9.mp4', 'Café'],
  // Nothing is taken that may be the title itself.
  ['Test 1080p vs 2160p.mp4', 'Test 1080p vs 2160p'],
  ['[REC] 2.mkv', '[REC] 2'],
  ['[REC].mkv', '[REC]'],
  ['1080p.mp4', '1080p'],
  ['x264.mkv', 'x264'],
  ['2012.1080p.WEB-DL.mkv', '2012'],
  ['4K demo.mp4', '4K demo'],
  ['WEB.mp4', 'WEB'],
  ['[1080p].mp4', '[1080p]'],
  ['___.mp4', '___.mp4'],
  ['.mp4', 'mp4'],
];

for (const [file, title] of cases) {
  test(`${JSON.stringify(file)} is called ${title}`, () => {
    assert.equal(titleOf(file), title);
  });
}

test('files whose titles would be alike keep what their names say about the copy', () => {
  assert.deepEqual(titlesOf(['Demo 720p.mp4', 'Demo 1080p.mp4', 'Film.1080p.mkv']), [
    'Demo 720p',
    'Demo 1080p',
    'Film',
  ]);
});

const nfos: [text: string, title: string | null][] = [
  [
    '<?xml version="1.0"?><movie>\n<title>Tears &amp; Steel &#x2014; &#49;</title><plot>…</plot></movie>',
    'Tears & Steel — 1',
  ],
  ['<episodedetails><title><![CDATA[ A & B ]]></title><title>Other</title></episodedetails>', 'A & B'],
  ['<movie><title>a\x1b[2J\nb</title></movie>', 'a [2J b'],
  ['<movie><title/></movie>', null],
  ['<movie><title> </title></movie>', null],
  ['  ▄▄▄ RELEASE ▄▄▄', null],
  ['https://www.imdb.com/title/tt0000001/', null],
  ['<title>&unknown; &#0; &#x110000;</title>', '&unknown; &#0; &#x110000;'],
];

for (const [text, title] of nfos) {
  test(`the title of ${JSON.stringify(text)} is ${title}`, () => {
    assert.equal(nfoTitle(text), title);
  });
}

test('the title of a film is read from the NFO file of its name, in UTF-8 or Latin-1', async (context) => {
  const folder = scratchFolder(context);
  const film = join(folder, 'a.b.mkv');
  assert.equal(await sidecarTitle(film), null);
  writeFileSync(join(folder, 'a.b.nfo'), '\ufeff<movie><title>Café</title></movie>');
  assert.equal(await sidecarTitle(film), 'Café');
  writeFileSync(join(folder, 'a.b.nfo'), Buffer.from('<movie><title>Caf\xe9</title></movie>', 'latin1'));
  assert.equal(await sidecarTitle(film), 'Café');
});

test('a folder in the place of an NFO file is an error, one that is too long is none', async (context) => {
  const folder = scratchFolder(context);
  mkdirSync(join(folder, 'a.nfo'));
  await assert.rejects(sidecarTitle(join(folder, 'a.mkv')), /is not a file/);
  writeFileSync(join(folder, 'b.nfo'), Buffer.alloc(2 << 20));
  assert.equal(await sidecarTitle(join(folder, 'b.mkv')), null);
});
