import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { AV_FRAME_DATA_A53_CC } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { addCaptions } from '../../../test/support/captions.js';
import { accessUnits } from '../../../test/support/decoded.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { scratchFolder, sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Ticks90k } from '../../base/units.js';
import { Decoder } from '../decoder.js';
import { MediaInput } from '../input/input.js';
import { defaultMediaSettings, type MediaSettings, type Ratio } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { subtitleFilesAmong } from '../subtitles/subtitle-files.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };
const PICTURES = 50;
const FIRST = 0x20;
const expected = Array.from({ length: PICTURES }, (_, i) => FIRST + i);

before(() => {
  if (needs.skip) return;
  const make = (name: string, input: string, coding: string[], sound: string[] = []) => {
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      input,
      '-t',
      '2',
      '-c:v',
      'libx264',
      '-threads',
      '1',
      '-bf',
      '0',
      ...coding,
      at(`${name}.h264`),
    );
    addCaptions(at(`${name}.h264`), at(`${name}.captioned.h264`), (picture) => [FIRST + picture, 0x80]);
    ffmpeg('-r', '25', '-i', at(`${name}.captioned.h264`), ...sound, '-c:v', 'copy', at(name));
  };
  make('film.mkv', 'testsrc2=s=160x90:r=25', ['-g', '25']);
  make('short.mkv', 'testsrc2=s=160x90:r=25', ['-g', '25'], ['-f', 'lavfi', '-i', 'sine=d=5', '-c:a', 'aac']);
  const fields = ['-vf', 'tinterlace=interleave_top', '-flags', '+ilme+ildct', '-g', '25'];
  make('fields.mkv', 'testsrc2=s=160x96:r=50', fields);
});

/** The first characters of the captions that come with pictures, in the order shown; and the number of pictures. */
function captionsOf(path: string): { characters: number[]; pictures: number } {
  const input = new MediaInput(path);
  const decoder = new Decoder(input.video, path);
  const characters: number[] = [];
  let pictures = 0;
  const take = (frame: Frame) => {
    pictures++;
    const data = frame.getSideData(AV_FRAME_DATA_A53_CC);
    if (data !== null) characters.push(data[1]!);
  };
  try {
    input.forEachPacket(({ packet, isVideo }) => {
      if (isVideo) decoder.decode(packet, take);
      return true;
    });
    decoder.decode(null, take);
    return { characters, pictures };
  } finally {
    decoder.free();
    input.close();
  }
}

const target = (frameRate: Ratio, width = 128) => ({
  ...{ width, height: 72, sampleAspectRatio: [1, 1] as Ratio, frameRate, channels: 2 },
  reorderDelay: Ticks90k(7_200),
});

for (const [what, source, settings, pictures, how] of [
  ['copied', 'film.mkv', {}, PICTURES, 'copied'],
  ['encoded, with pictures reordered', 'film.mkv', { target: target([25, 1]) }, PICTURES, 'encoded'],
  ['encoded with each picture twice', 'film.mkv', { target: target([50, 1]) }, 2 * PICTURES, 'encoded'],
  ['deinterlaced to a picture for each field', 'fields.mkv', {}, 2 * PICTURES, 'encoded'],
  ['of which the last picture stands', 'short.mkv', {}, 5 * 25, 'copied'],
  ['with subtitles drawn into its pictures', 'film.mkv', { burnSubtitles: true }, PICTURES, 'encoded'],
] as [string, string, Partial<MediaSettings>, number, string][]) {
  test(`captions come once each from a film ${what}`, needs, (context) => {
    const into = scratchFolder(context);
    writeFileSync(at('film.srt'), '1\n00:00:00,500 --> 00:00:01,500\nHello\n');
    const spool = spoolMedia({
      ...{ source: at(source), folder: into, onProgress: () => undefined },
      settings: { ...defaultMediaSettings, ...settings },
      subtitleFiles: settings.burnSubtitles ? subtitleFilesAmong(at(source), ['film.srt']) : [],
    });
    assert.ok(spool.format === 'h264');
    assert.equal(spool.properties.video, how);
    writeFileSync(join(into, 'out.h264'), accessUnits(spool.video));
    assert.deepEqual(captionsOf(join(into, 'out.h264')), { characters: expected, pictures });
  });
}
