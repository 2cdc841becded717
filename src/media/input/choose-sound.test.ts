import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { MediaInput } from './input.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=1'];
const tone = (frequency: number) => ['-f', 'lavfi', '-i', `sine=f=${frequency}:r=48000:d=1`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];
const maps = (tracks: number) => Array.from({ length: tracks + 1 }, (_, i) => ['-map', `${i}`]).flat();
const tag = (track: number, name: string, value: string) => [`-metadata:s:a:${track}`, `${name}=${value}`];

before(() => {
  if (needs.skip) return;
  ffmpeg(
    ...[...pictures, ...tone(300), ...tone(400), ...tone(500), ...maps(3), ...h264],
    ...[...tag(0, 'language', 'ger'), ...tag(1, 'language', 'eng'), ...tag(2, 'language', 'eng')],
    ...[...tag(2, 'title', 'Commentary'), '-disposition:a', '0', '-disposition:a:0', 'default'],
    ...['-disposition:a:2', 'comment', at('three.mkv')],
  );
  const ac3 = ['-c:a:0', 'ac3'];
  ffmpeg(...pictures, ...tone(300), ...maps(1), ...h264, ...ac3, at('one.mp4'));
  const french = tag(1, 'language', 'fre');
  ffmpeg(...pictures, ...tone(300), ...tone(400), ...maps(2), ...h264, ...ac3, ...french, at('two.mp4'));
});

function chosen(source: string, languages: string[]): { track: number | undefined; notes: readonly string[] } {
  const input = new MediaInput(source, undefined, { languages, unusable: new Set() });
  const { audio, soundNotes: notes } = input;
  // The pictures are stream 0.
  const track = audio?.index;
  input.close();
  return { track, notes };
}

const cases: [languages: string[], track: number, note: string][] = [
  [[], 1, '3 sound tracks: German is played; English and English: Commentary are left out'],
  [['en'], 2, '3 sound tracks: English is played; German and English: Commentary are left out'],
  [['fr', 'en-GB', 'de'], 2, '3 sound tracks: English is played; German and English: Commentary are left out'],
  [['deu', 'en'], 1, '3 sound tracks: German is played; English and English: Commentary are left out'],
  [['fr'], 1, '3 sound tracks: German is played; English and English: Commentary are left out'],
];

for (const [languages, track, note] of cases) {
  test(`of three tracks, number ${track} is played for "${languages}", the others are named`, needs, () => {
    assert.deepEqual(chosen(at('three.mkv'), languages), { track, notes: [note] });
  });
}

/** A copy of an MP4 whose AC-3 has another sample entry. */
function disguised(name: string, from: string, type: string): string {
  const bytes = readFileSync(at(from));
  bytes.write(type, bytes.indexOf('ac-3', bytes.indexOf('soun')));
  writeFileSync(at(name), bytes);
  return at(name);
}

function prepared(source: string) {
  const { properties } = spoolMedia({
    source,
    folder: mkdtempSync(at('spool-')),
    settings: defaultMediaSettings,
    onProgress: () => undefined,
  });
  return { audio: properties.audio, notes: properties.notes };
}

/** A copy of an MP4 whose frames of AC-3 lack their syncword, so that no decoder takes them. */
function damaged(name: string, from: string): string {
  const bytes = readFileSync(at(from));
  for (let found = bytes.indexOf(SYNC); found >= 0; found = bytes.indexOf(SYNC, found)) bytes.writeUInt16BE(0, found);
  writeFileSync(at(name), bytes);
  return at(name);
}
/** A/52, 5.3.1. */
const SYNC = Buffer.from([0x0b, 0x77]);

const undecodable: [make: (from: string) => string, words: string, how: string][] = [
  [(from) => disguised(`mpegh-${from}`, from, 'mha1'), 'MPEG-H sound# cannot be decoded', 'copied'],
  [(from) => disguised(`ac4-${from}`, from, 'ac-4'), 'AC-4 sound# is empty or cannot be decoded', 'copied'],
  [(from) => damaged(`damaged-${from}`, from), 'AC-3 sound# cannot be decoded', 'encoded'],
];

for (const [make, words, how] of undecodable) {
  test(`${words.replace('#', '')}: that is said, and the film is silent`, needs, () => {
    const notes = [`${words.replace('#', '')}: the film is silent`];
    assert.deepEqual(prepared(make('one.mp4')), { audio: 'silent', notes });
  });

  test(`${words.replace('#', '')}: that is said, and the next track is played`, needs, () => {
    const notes = [`${words.replace('#', ' (number 1)')}; French is played`];
    assert.deepEqual(prepared(make('two.mp4')), { audio: how, notes });
  });
}

test('a reel has the sound of the language that is set', needs, () => {
  const spool = (languages: string[]) =>
    spoolMedia({
      source: at('three.mkv'),
      folder: mkdtempSync(at('spool-')),
      settings: { ...defaultMediaSettings, languages },
      onProgress: () => undefined,
    }).properties.notes;
  assert.deepEqual(spool(['en']), ['3 sound tracks: English is played; German and English: Commentary are left out']);
});

test('encrypted sound is named, and the film is silent', needs, () => {
  const { audio, notes } = prepared(disguised('encrypted.mp4', 'one.mp4', 'enca'));
  assert.equal(audio, 'silent');
  assert.match(notes.join(), /sound is encrypted \(copy protection\): the film is silent/);
});
