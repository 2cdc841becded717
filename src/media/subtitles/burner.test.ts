import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accessUnits } from '../../../test/support/decoded.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { scratchFolder, sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { lookAtSource } from '../look-at-source.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { subtitleFilesAmong } from './subtitle-files.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

/** Pictures 13 to 29 of 25 a second, and 40 to 59. */
const CUES = '1\n00:00:00,500 --> 00:00:01,200\nHello\n\n2\n00:00:01,600 --> 00:00:02,400\nSecond\n';
const EXPECTED = [...range(13, 30), ...range(40, 60)];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

before(() => {
  if (needs.skip) return;
  writeFileSync(at('cues.srt'), CUES);
  mkdirSync(at('beside'));
  const blue = 'color=c=0x203040:s=160x90:r=25';
  ffmpeg('-f', 'lavfi', '-i', blue, '-t', '3', '-c:v', 'libx264', '-g', '25', at('plain.mp4'));
  ffmpeg('-i', at('plain.mp4'), '-c', 'copy', at('beside/film.mp4'));
  const codecs = { 'srt.mkv': 'srt', 'ass.mkv': 'ass', 'webvtt.mkv': 'webvtt', 'film.mp4': 'mov_text' };
  for (const [name, codec] of Object.entries(codecs)) {
    const inputs = ['-i', at('plain.mp4'), '-i', at('cues.srt'), '-map', '0', '-map', '1'];
    ffmpeg(...inputs, '-c', 'copy', '-c:s', codec, '-metadata:s:s:0', 'language=ger', at(name));
  }
});

/** The numbers of the pictures that have something light in their lower half, the reason for encoding, and the notes. */
function burned(context: Parameters<typeof scratchFolder>[0], source: string, settings: Partial<MediaSettings>) {
  const spool = spoolMedia({
    ...{ source, folder: scratchFolder(context) },
    settings: { ...defaultMediaSettings, burnSubtitles: true, ...settings },
    subtitleFiles: subtitleFilesAmong(source, readdirSync(join(source, '..'))),
    onProgress: () => undefined,
  });
  assert.ok(spool.format === 'h264');
  const words = [
    '-v',
    'error',
    '-f',
    'h264',
    '-r',
    '25',
    '-i',
    '-',
    '-vf',
    'crop=160:44:0:46',
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
    '-',
  ];
  const { stdout } = spawnSync('ffmpeg', words, { input: accessUnits(spool.video), maxBuffer: 1 << 28 });
  const size = 160 * 44;
  const lit = range(0, stdout.length / size).filter(
    (i) => Math.max(...stdout.subarray(i * size, (i + 1) * size)) > 110,
  );
  return { lit, count: stdout.length / size, reason: spool.properties.reason, notes: spool.properties.notes };
}

for (const name of ['srt.mkv', 'ass.mkv', 'webvtt.mkv', 'film.mp4']) {
  test(`the text in ${name} is burned in from the first picture of a cue to its last`, needs, (context) => {
    const { lit, count, reason } = burned(context, at(name), { subtitles: ['de'] });
    assert.equal(count, 75);
    assert.deepEqual(lit, EXPECTED);
    assert.match(reason, /^subtitles to be burned in/);
  });
}

test('a film without subtitles in the language is copied', needs, (context) => {
  const { lit, reason, notes } = burned(context, at('srt.mkv'), { subtitles: ['fr'] });
  assert.deepEqual(lit, []);
  assert.equal(reason, '');
  assert.deepEqual(notes, ['the subtitles are left out: German']);
});

test('a look at a source knows that its subtitles are to be burned in', needs, () => {
  const burn = { ...defaultMediaSettings, burnSubtitles: true };
  const reasonOf = (settings: MediaSettings, names: string[] = []) =>
    lookAtSource(at('srt.mkv'), settings, subtitleFilesAmong('srt.mkv', names)).encoded;
  assert.equal(reasonOf({ ...burn, subtitles: ['de'] }), 'subtitles to be burned in');
  assert.equal(reasonOf(burn), 'subtitles to be burned in');
  assert.equal(reasonOf({ ...burn, subtitles: ['fr'] }), null);
  assert.equal(reasonOf({ ...burn, subtitles: ['fr'] }, ['srt.fr.vtt']), 'subtitles to be burned in');
  assert.equal(reasonOf({ ...defaultMediaSettings, subtitles: ['de'] }), null);
});

test(
  'files beside the film are taken by language, the one without as the last choice, else what the film prefers',
  needs,
  (context) => {
    const late = '1\n00:00:02,000 --> 00:00:02,200\nLate\n';
    writeFileSync(at('beside/film.en.srt'), late);
    writeFileSync(at('beside/film.de.forced.srt'), late);
    writeFileSync(at('beside/film.de.srt'), CUES);
    const source = at('beside/film.mp4');
    assert.deepEqual(burned(context, source, { subtitles: ['de', 'en'] }).lit, EXPECTED);
    assert.deepEqual(burned(context, source, { subtitles: ['en'] }).lit, range(50, 55));
    assert.deepEqual(burned(context, source, { subtitles: ['fr'] }).lit, []);
    writeFileSync(at('beside/film.srt'), CUES);
    assert.deepEqual(burned(context, source, { subtitles: ['fr'] }).lit, EXPECTED);
  },
);

test('cues keep their time to the pictures in a film of which the beginning is cut off', needs, (context) => {
  ffmpeg('-ss', '1.2', '-i', at('film.mp4'), '-c', 'copy', '-map', '0', at('trimmed.mp4'));
  const { lit } = burned(context, at('trimmed.mp4'), { subtitles: ['de'] });
  // The file has another duration for the cue.
  assert.deepEqual(lit.slice(0, 10), range(10, 20));
});

test('variable rates show a cue at its time while one picture stands', needs, (context) => {
  ffmpeg(
    '-i',
    at('plain.mp4'),
    '-i',
    at('cues.srt'),
    '-map',
    '0',
    '-map',
    '1',
    '-vf',
    'select=not(mod(n\\,50))',
    '-fps_mode',
    'vfr',
    '-c:s',
    'srt',
    '-metadata:s:s:0',
    'language=ger',
    at('slow.mkv'),
  );
  const target = {
    width: 160,
    height: 90,
    sampleAspectRatio: [1, 1] as [number, number],
    frameRate: [25, 1] as [number, number],
    channels: 2,
    reorderDelay: 0 as never,
  };
  const { lit } = burned(context, at('slow.mkv'), { subtitles: ['de'], target });
  assert.deepEqual(
    lit.filter((i) => i < 50),
    EXPECTED.filter((i) => i < 50),
  );
});
