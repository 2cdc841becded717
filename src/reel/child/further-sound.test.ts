import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings, type MediaSettings, type StationLayout } from '../../media/settings.js';
import { makeReel } from './make-reel.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg', 'ffprobe') };

const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=2'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-ac', '2'];

/** A film with a tone for each track, in Hz, of a language. */
function film(name: string, tracks: [language: string, tone: number][], more: string[] = []): string {
  const tones = tracks.flatMap(([, tone]) => ['-f', 'lavfi', '-i', `sine=f=${tone}:r=48000:d=2`]);
  const maps = Array.from({ length: tracks.length + 1 }, (_, i) => ['-map', `${i}`]).flat();
  const tags = tracks.flatMap(([language], i) => [`-metadata:s:a:${i}`, `language=${language}`]);
  ffmpeg(...pictures, ...tones, ...maps, ...h264, ...tags, ...more, at(name));
  return at(name);
}

interface Made {
  packets: string;
  layout: StationLayout;
  notes: string[];
}

function made(source: string, settings: Partial<MediaSettings>): Made {
  const reel = mkdtempSync(at('reel-'));
  mkdirSync(reel, { recursive: true });
  makeReel({ source, folder: reel, settings: { ...defaultMediaSettings, ...settings } }, () => undefined);
  const { layout, properties } = JSON.parse(readFileSync(join(reel, 'reel.json'), 'utf8'));
  return { packets: join(reel, 'packets.ts'), layout, notes: properties.notes };
}

/** The tracks of sound as ffprobe finds them: PID and language. */
function tracksOf({ packets }: Made): string[] {
  const words = [
    '-v',
    'error',
    '-select_streams',
    'a',
    '-show_entries',
    'stream=id:stream_tags=language',
    '-of',
    'json',
  ];
  const { streams } = JSON.parse(execFileSync('ffprobe', [...words, packets]).toString());
  return streams.map(({ id, tags }: { id: string; tags?: { language?: string } }) => `${id} ${tags?.language ?? '-'}`);
}

/** The tone of a track, Hz, by its zero crossings. */
function toneOf({ packets }: Made, track: number): number {
  const words = ['-v', 'error', '-i', packets, '-map', `0:a:${track}`, '-ss', '0.5', '-t', '1'];
  const pcm = execFileSync('ffmpeg', [...words, '-ac', '1', '-ar', '48000', '-f', 's16le', '-']);
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
  const crossings = samples.filter((sample, i) => i > 0 && sample >= 0 && samples[i - 1]! < 0).length;
  return Math.round((crossings * 48_000) / samples.length / 10) * 10;
}

const tonesOf = (reel: Made) => tracksOf(reel).map((_, track) => toneOf(reel, track));

let three: Made;

before(() => {
  if (needs.skip) return;
  const source = film('three.mkv', [
    ['ger', 300],
    ['eng', 500],
    ['fre', 700],
  ]);
  three = made(source, { languages: ['en', 'de', 'it'] });
});

test('the first language that is set is the main sound, the others that a film has are tracks beside it', needs, () => {
  assert.deepEqual(tracksOf(three), ['0x101 eng', '0x110 deu']);
  assert.deepEqual(tonesOf(three), [500, 300]);
  assert.equal(three.layout.language, 'en');
  assert.deepEqual(three.layout.further, [{ kind: 'sound', language: 'de', channels: 2 }]);
  assert.deepEqual(three.notes, ['3 sound tracks: English is played, German beside it; French is left out']);
});

test('one language is a choice, and nothing is carried beside it', needs, () => {
  const { layout, notes } = made(at('three.mkv'), { languages: ['en'] });
  assert.ok(!('further' in layout) && !('language' in layout));
  assert.deepEqual(notes, ['3 sound tracks: English is played; German and French are left out']);
});

test('a film without one of the station’s languages has its main sound in that track, and says so', needs, () => {
  const english = film('english.mp4', [['eng', 900]]);
  const reel = made(english, { languages: ['en', 'de'], target: three.layout });
  assert.deepEqual(tracksOf(reel), ['0x101 eng', '0x110 deu']);
  assert.deepEqual(tonesOf(reel), [900, 900]);
  assert.deepEqual(reel.layout, three.layout);
  assert.deepEqual(reel.notes, ['no sound in German: that track has the main sound']);
});

test('a film in another of the station’s languages has that in both tracks', needs, () => {
  const german = film('german.mp4', [['deu', 900]]);
  const reel = made(german, { languages: ['en', 'de'], target: three.layout });
  assert.deepEqual(tonesOf(reel), [900, 900]);
  assert.deepEqual(reel.notes, ['no sound in English: German is played']);
});

test('a track has the channels that the layout has for it, also where the main sound has others', needs, () => {
  const further = [{ kind: 'sound' as const, language: 'de', channels: 1 }];
  const reel = made(at('three.mkv'), { languages: ['en', 'de'], target: { ...three.layout, further } });
  assert.deepEqual(tonesOf(reel), [500, 300]);
  const words = ['-v', 'error', '-select_streams', 'a', '-show_entries', 'stream=channels', '-of', 'json'];
  const { streams } = JSON.parse(execFileSync('ffprobe', [...words, reel.packets]).toString());
  assert.deepEqual(
    streams.map(({ channels }: { channels: number }) => channels),
    [2, 1],
  );
});

test('songs and silent films fit into such a station', needs, () => {
  ffmpeg('-f', 'lavfi', '-i', 'sine=f=400:r=48000:d=2', '-c:a', 'flac', at('song.flac'));
  ffmpeg(...pictures, '-c:v', 'libx264', at('silent.mp4'));
  const settings = { languages: ['en', 'de'], target: three.layout };
  const song = made(at('song.flac'), settings);
  assert.deepEqual(tonesOf(song), [400, 400]);
  const silent = made(at('silent.mp4'), settings);
  assert.deepEqual([tracksOf(silent), silent.notes], [['0x101 eng', '0x110 deu'], []]);
});

for (const codec of ['ac3', 'eac3'] as const) {
  const name = codec === 'ac3' ? 'ac-3' : 'e-ac-3';
  test(`${codec} is carried as it is beside the main sound, by the layout in every film`, needs, () => {
    const source = at(`${codec}.mkv`);
    const tone = ['-f', 'lavfi', '-i', 'sine=f=600:r=48000:d=2', '-map', '0', '-map', '1'];
    ffmpeg(...pictures, ...tone, ...h264, '-c:a', codec, '-ac', '6', '-metadata:s:a:0', 'language=eng', source);
    const reel = made(source, { ac3: true });
    assert.deepEqual(codecsOf(reel), ['aac 2', `${codec} 6`]);
    assert.deepEqual(tonesOf(reel), [600, 600]);
    assert.deepEqual(reel.layout.further, [{ kind: 'sound', codec: name, language: 'en', channels: 6 }]);
    assert.deepEqual(reel.notes, []);
    const frames = framesOf(source, 0);
    const own = framesOf(reel.packets, 1);
    assert.ok(own.filter((hash) => frames.includes(hash)).length >= frames.length - 1, 'frames of the source');

    const other = film(`beside-${codec}.mp4`, [['eng', 900]]);
    const encoded = made(other, { ac3: true, target: reel.layout });
    assert.deepEqual(codecsOf(encoded), ['aac 2', `${codec} 6`]);
    assert.deepEqual(tonesOf(encoded), [900, 900]);
    assert.deepEqual(encoded.layout, reel.layout);
    assert.deepEqual(encoded.notes, [`no ${name.toUpperCase()} sound that can be copied: that track is encoded`]);
  });
}

test('without AC-3 in a film, asking for it changes nothing', needs, () => {
  assert.equal(made(film('none.mp4', [['eng', 900]]), { ac3: true }).layout.further, undefined);
});

/** Codec and channels of each track of sound. */
function codecsOf({ packets }: Made): string[] {
  const words = ['-v', 'error', '-select_streams', 'a', '-show_entries', 'stream=codec_name,channels', '-of', 'json'];
  const { streams } = JSON.parse(execFileSync('ffprobe', [...words, packets]).toString());
  return streams.map(
    ({ codec_name, channels }: { codec_name: string; channels: number }) => `${codec_name} ${channels}`,
  );
}

/** A hash of each packet of a track. */
function framesOf(path: string, track: number): string[] {
  const words = ['-v', 'error', '-i', path, '-map', `0:a:${track}`, '-c', 'copy', '-f', 'framemd5', '-'];
  const lines = execFileSync('ffmpeg', words).toString().split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',')[5]!.trim());
}
