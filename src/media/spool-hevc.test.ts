import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accessUnits, shownPictures } from '../../test/support/decoded.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { makeHevc } from '../../test/support/hevc.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { Millis, Ticks90k } from '../base/units.js';
import { TS_PACKET_LENGTH } from '../wire/ts.js';
import { defaultMediaSettings, type MediaSettings, type StationLayout } from './settings.js';
import type { FilmSpool } from './spool.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg', 'ffprobe') };

/** Of a station of small pictures with 10 bits. */
const deep: StationLayout = {
  ...{ width: 160, height: 90, sampleAspectRatio: [1, 1], frameRate: [25, 1] },
  ...{ channels: 2, reorderDelay: Ticks90k(7_200), bitDepth: 10 },
};

before(() => {
  if (needs.skip) return;
  makeHevc({ path: at('film.mp4') });
  makeHevc({ path: at('deep.mp4'), pixelFormat: 'yuv420p10le' });
  ffmpeg('-i', at('film.mp4'), '-c', 'copy', at('film.ts'));
});

function spool(source: string, settings: Partial<MediaSettings> = {}): FilmSpool {
  const result = spoolMedia({
    ...{ source, folder: mkdtempSync(at('spool-')), onProgress() {} },
    settings: { ...defaultMediaSettings, format: 'hevc', ...settings },
  });
  assert.equal(result.format, 'hevc');
  return result as FilmSpool;
}

const shown = (made: FilmSpool) => shownPictures(accessUnits(made.video), { format: 'hevc' });

/** nal_unit_types of each access unit. */
function typesOf({ video }: FilmSpool): number[][] {
  const bytes = accessUnits(video);
  let end = 0;
  return [...video.sizes].map((size) => {
    const unit = bytes.subarray(end, end + size);
    end += size;
    const types: number[] = [];
    for (let at = unit.indexOf('\0\0\x01'); at >= 0; at = unit.indexOf('\0\0\x01', at + 3))
      types.push(unit[at + 3]! >> 1);
    return types;
  });
}

test('copied pictures of H.265 have a delimiter each, and parameter sets at each random access point', needs, () => {
  const made = spool(at('film.mp4'));
  assert.equal(made.properties.video, 'copied');
  assert.deepEqual(made.properties.codecs, 'hvc1.1.6.L30.90,mp4a.40.2');
  assert.equal(made.bitDepth, undefined);
  let points = 0;
  for (const [i, types] of typesOf(made).entries()) {
    assert.equal(types[0], 35);
    const isPoint = types.some((type) => type >= 16 && type <= 21);
    assert.equal(made.video.randomAccess[i], isPoint ? 1 : 0);
    if (isPoint) assert.deepEqual(types.slice(1, 4), [32, 33, 34]);
    else assert.ok(!types.includes(33));
    if (isPoint) points++;
  }
  assert.equal(points, 3);
});

test('10 bits are copied, and are part of the layout', needs, () => {
  const made = spool(at('deep.mp4'));
  assert.deepEqual([made.properties.video, made.bitDepth], ['copied', 10]);
  assert.match(made.properties.videoCodec, /^H.265 Main 10 /);
  assert.deepEqual(shown(made), shownPictures(at('deep.mp4')));
  const { properties } = spool(at('film.mp4'), { target: deep });
  assert.equal(properties.reason, "8-bit pictures, unlike the station's");
});

/** From the second random access point of a transport stream on. */
function fromSecondGroup(path: string): Buffer {
  const whole = readFileSync(path);
  const points: number[] = [];
  for (let start = 0; start < whole.length; start += TS_PACKET_LENGTH) {
    const packet = whole.subarray(start, start + TS_PACKET_LENGTH);
    const isVideo = (packet.readUInt16BE(1) & 0x1fff) === 0x100;
    // adaptation_field_control, adaptation_field_length, random_access_indicator
    if (isVideo && packet[3]! & 0x20 && packet[4]! > 0 && packet[5]! & 0x40) points.push(start);
  }
  return Buffer.concat([whole.subarray(0, 3 * TS_PACKET_LENGTH), whole.subarray(points[1])]);
}

test(
  'a recording that begins with an open group is shown without the pictures that need the group before',
  needs,
  () => {
    const source = at('middle.ts');
    writeFileSync(source, fromSecondGroup(at('film.ts')));
    const made = spool(source);
    assert.deepEqual(
      [made.properties.video, made.properties.notes[0]],
      ['copied', '1 picture left out at the beginning: what they depend on is missing'],
    );
    const pictures = shown(made);
    assert.deepEqual(pictures, shownPictures(at('film.ts')).slice(-pictures.length));
    assert.ok(typesOf(made)[0]!.includes(17), 'a BLA picture');
    // Behind another film, nothing of that is lost.
    const film = spool(at('film.mp4'));
    const both = Buffer.concat([accessUnits(film.video), accessUnits(made.video)]);
    assert.deepEqual(shownPictures(both, { format: 'hevc' }), [...shown(film), ...pictures]);
  },
);

test(
  'a recording with an open group behind another is copied without the pictures that need what is not there',
  needs,
  () => {
    const source = at('joined.ts');
    writeFileSync(source, Buffer.concat([readFileSync(at('film.ts')), fromSecondGroup(at('film.ts'))]));
    const made = spool(source);
    assert.deepEqual(
      [made.properties.video, made.properties.notes],
      ['copied', ['1 picture left out where recordings begin: what they depend on is missing']],
    );
    const whole = shownPictures(at('film.ts'));
    const pictures = shown(made);
    assert.deepEqual(pictures, [...whole, ...whole.slice(whole.length - pictures.length)]);
  },
);

test('a recording that begins within a group behind another is encoded where pictures are missing', needs, () => {
  const source = at('torn.ts');
  const film = readFileSync(at('film.ts'));
  const middle = Math.round(film.length / TS_PACKET_LENGTH / 2) * TS_PACKET_LENGTH;
  writeFileSync(source, Buffer.concat([film, film.subarray(middle)]));
  const { properties } = spool(source);
  assert.match(properties.notes.join(), /damaged pictures?, shown as far as possible/);
});

test(
  'a film whose open groups have lost their random access points is shown as far as possible, with a note',
  needs,
  () => {
    const source = at('lost.mp4');
    // 21: CRA.
    ffmpeg('-i', at('film.mp4'), '-c', 'copy', '-bsf:v', 'filter_units=remove_types=21', source);
    const { video, properties } = spool(source);
    assert.equal(video.duration, spool(at('film.mp4')).video.duration);
    assert.match(properties.notes.join(), /damaged pictures?, shown as far as possible/);
  },
);

/** A copy of a film with zeros within the picture of packet `number`. */
function zeroed(source: string, number: number): string {
  const words = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', source];
  const { stdout } = spawnSync('ffprobe', words, { encoding: 'utf8' });
  const [size = 0, position = 0] = stdout.trim().split('\n')[number]!.split(',').map(Number);
  assert.ok(size > 700);
  const bytes = readFileSync(source);
  bytes.fill(0, position + 100, position + 612);
  const path = at('zeroed.mp4');
  writeFileSync(path, bytes);
  return path;
}

for (const bitDepth of [8, 10]) {
  test(`a film of ${bitDepth} bits is encoded around a damaged picture, up to those that need it`, needs, () => {
    const name = `damaged ${bitDepth}.mp4`;
    const pixelFormat = bitDepth === 10 ? 'yuv420p10le' : 'yuv420p';
    makeHevc({ path: at(name), pixelFormat, words: ['-crf', '4'] });
    // The first of the second group's, which those of the third group's begin refer to.
    const made = spool(zeroed(at(name), 28));
    assert.match(made.properties.notes.join(), /shown as far as possible: 1.\d s around them are encoded$/);
    const [whole, mended] = [shownPictures(at(name)), shown(made)];
    assert.equal(mended.length, whole.length);
    const other = whole.flatMap((picture, i) => (picture === mended[i] ? [] : [i]));
    assert.ok(other.length > 0 && other.at(-1)! - other[0]! < 30, other.join());
    assert.equal(made.bitDepth, bitDepth === 10 ? 10 : undefined);
  });
}

test('films of other codecs and HDR are encoded by x265, with the reason', needs, () => {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=1', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', at('h264.mp4'));
  const plain = spool(at('h264.mp4'), { target: deep }).properties;
  assert.deepEqual([plain.video, plain.reason], ['encoded', 'H.264 instead of H.265']);
  assert.match(plain.encoding ?? '', /^x265 medium, CRF 25, at most .* groups of 2 s$/);
  assert.match(plain.videoCodec, /^H.265 Main 10 /);
  const words = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
  const hdr = makeHevc({ path: at('hdr.mkv'), seconds: 1, pixelFormat: 'yuv420p10le', words });
  const mapped = spool(hdr);
  assert.deepEqual([mapped.properties.video, mapped.properties.reason], ['encoded', 'HDR pictures']);
  assert.deepEqual(mapped.properties.notes, ['HDR (PQ) is tone-mapped to BT.709']);
  assert.equal(shown(mapped).length, 25);
});

test(
  'slides, songs with a spectrum, a last picture that stands and burned subtitles have the depth of the station',
  needs,
  () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180', '-frames:v', '1', at('slide.png'));
    ffmpeg('-f', 'lavfi', '-i', 'sine=r=48000:d=1', at('song.wav'));
    ffmpeg(
      '-i',
      at('deep.mp4'),
      '-f',
      'lavfi',
      '-i',
      'sine=r=48000:d=4',
      '-map',
      '0:v',
      '-map',
      '1',
      '-c:v',
      'copy',
      at('long.mp4'),
    );
    writeFileSync(at('text.srt'), '1\n00:00:00,000 --> 00:00:02,000\nHello\n');
    ffmpeg('-i', at('deep.mp4'), '-i', at('text.srt'), '-map', '0', '-map', '1', '-c', 'copy', at('text.mkv'));
    const cases: [name: string, pictures: number, settings: Partial<MediaSettings>][] = [
      ['slide.png', 25, { slide: Millis(1_000) }],
      ['song.wav', 25, { spectrum: true }],
      ['long.mp4', 100, {}],
      ['text.mkv', 75, { burnSubtitles: true }],
    ];
    for (const [name, pictures, settings] of cases) {
      const made = spool(at(name), { target: deep, ...settings });
      assert.equal(made.bitDepth, 10, name);
      assert.match(made.properties.videoCodec, /^H.265 Main 10 /, name);
      assert.equal(shown(made).length, pictures, name);
    }
  },
);
