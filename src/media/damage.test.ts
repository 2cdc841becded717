import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { accessUnits, shownPictures } from '../../test/support/decoded.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { putOnAir } from '../../test/support/films/on-air.js';
import { flipPackets } from '../../test/support/flips.js';
import { makeSource, type SourceVideo } from '../../test/support/sources.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { TS_PACKET_LENGTH } from '../wire/ts.js';
import { MediaInput } from './input/input.js';
import { defaultMediaSettings, type MediaSettings } from './settings.js';
import type { FilmSpool } from './spool.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

before(() => {
  if (needs.skip) return;
  makeSource({ path: at('film.ts'), seconds: 4, video: { options: { preset: 'fast' } } });
  makeSource({ path: at('film.mp4'), seconds: 4 });
});

function spool(source: string, settings: Partial<MediaSettings> = {}): FilmSpool {
  const into = mkdtempSync(at('spool-'));
  const result = spoolMedia({
    source,
    folder: into,
    settings: { ...defaultMediaSettings, ...settings },
    onProgress() {},
  });
  assert.equal(result.format, 'h264');
  return result;
}

/** A copy of the transport stream, whose packets `keep` may change; those for which it returns false are lost. */
function changed(name: string, keep: (packet: Buffer, pid: number) => boolean): string {
  const whole = readFileSync(at('film.ts'));
  const packets: Buffer[] = [];
  for (let start = 0; start < whole.length; start += TS_PACKET_LENGTH) {
    const packet = whole.subarray(start, start + TS_PACKET_LENGTH);
    if (keep(packet, packet.readUInt16BE(1) & 0x1fff)) packets.push(packet);
  }
  writeFileSync(at(name), Buffer.concat(packets));
  return at(name);
}

/** Groups of 25 of which not all pictures are shown as they were. */
function groupsThatDiffer(whole: string[], shown: string[]): number[] {
  const different = whole.flatMap((picture, i) => (shown.includes(picture) ? [] : [Math.floor(i / 25)]));
  return [...new Set(different)];
}

const ENCODED_AROUND = /^\d damaged pictures?, shown as far as possible: [12].0 s around them are encoded$/;

/** Pictures in FFmpeg's transport streams. */
const VIDEO = 0x100;

test('a recording with a lost packet is shown in full, and without a message', needs, () => {
  let number = 0;
  const source = changed('lost.ts', (_, pid) => pid !== VIDEO || number++ !== 100);
  const { video, properties } = spool(source);
  assert.deepEqual([properties.video, properties.audio, properties.reason], ['copied', 'copied', '']);
  assert.match(properties.notes.join(), ENCODED_AROUND);
  const [whole, shown] = [shownPictures(at('film.ts')), shownPictures(accessUnits(video))];
  assert.equal(shown.length, 100);
  assert.deepEqual(groupsThatDiffer(whole, shown), [0]);
});

test('a recording that ends within a picture is copied up to it, and decodes without a message', needs, () => {
  let pictures = 0;
  const source = changed('cut.ts', (packet, pid) => {
    const isBegin = pid === VIDEO && (packet[1]! & 0x40) !== 0; // payload_unit_start_indicator
    if (isBegin) pictures++;
    // Picture 60 is a large one: a reference picture.
    return pictures < 60 || (pictures === 60 && isBegin);
  });
  const shown = shownPictures(source, { isDamaged: true });
  const { video, properties } = spool(source);
  assert.equal(properties.video, 'copied');
  assert.match(properties.notes.join(), /^the file is cut off after \d\.\d s$/);
  const copied = shownPictures(accessUnits(video));
  assert.equal(copied.length, shown.length - 1);
  assert.deepEqual(
    copied,
    shown.filter((picture) => copied.includes(picture)),
  );
});

test('a recording that ends with a whole picture is copied to its end', needs, () => {
  const { video, properties } = spool(at('film.ts'));
  assert.deepEqual([properties.video, properties.notes], ['copied', []]);
  assert.deepEqual(shownPictures(accessUnits(video)), shownPictures(at('film.ts')));
});

test('pictures without the one that they depend on are left out, and that is said', needs, () => {
  const source = at('begins-late.ts');
  // The first 12 of a group of 25.
  ffmpeg('-i', at('film.ts'), '-c', 'copy', '-bsf:v', "noise=drop='lt(n,12)'", source);
  const { video, properties } = spool(source);
  assert.equal(properties.video, 'copied');
  assert.equal(properties.notes[0], '13 pictures left out at the beginning: what they depend on is missing');
  assert.deepEqual(shownPictures(accessUnits(video)), shownPictures(at('film.ts')).slice(25));
});

/** A copy of the MP4 that `change` changes; it gets the offset of each picture, which begins with the length of its NAL. */
function changedMp4(name: string, change: (bytes: Buffer, pictures: number[]) => void): string {
  const bytes = readFileSync(at('film.mp4'));
  const pictures: number[] = [];
  const input = new MediaInput(at('film.mp4'));
  input.forEachPacket(({ packet, isVideo }) => {
    if (isVideo) pictures.push(Number(packet.pos));
    return true;
  });
  input.close();
  change(bytes, pictures);
  writeFileSync(at(name), bytes);
  return at(name);
}

/** What FFmpeg says when it decodes an elementary stream. */
function messagesOf(input: Buffer, format: 'aac'): string {
  const { stderr } = spawnSync('ffmpeg', ['-v', 'error', '-f', format, '-i', '-', '-f', 'null', '-'], { input });
  return stderr.toString();
}

const damages: [what: string, groups: number[], change: (bytes: Buffer, pictures: number[]) => void][] = [
  ['a NAL unit that is longer than its picture', [1], (bytes, pictures) => bytes.writeUInt32BE(2 ** 30, pictures[30])],
  [
    'a slice that begins in the middle of a picture',
    [1],
    (bytes, pictures) => bytes.fill(0x10, pictures[30]! + 5, pictures[30]! + 7),
  ],
  [
    'a reference picture whose NAL unit is no slice',
    [1],
    (bytes, pictures) => bytes.fill(0x06, pictures[29]! + 4, pictures[29]! + 5),
  ],
  [
    'a block of zeros, as of a download that is not complete',
    [0, 1],
    (bytes, pictures) => bytes.fill(0, pictures[25]! + 700, pictures[25]! + 1_724),
  ],
  [
    'a key picture whose slice has no beginning',
    [1, 2],
    (bytes, pictures) => bytes.fill(0, pictures[50]!, pictures[50]! + 9),
  ],
];

for (const [what, groups, change] of damages) {
  test(`${what} is noticed, what is around it is encoded, and the station decodes without a message`, needs, () => {
    const source = changedMp4('damaged.mp4', change);
    const { video, audio, properties } = spool(source);
    assert.deepEqual([properties.video, properties.reason], ['copied', '']);
    assert.equal(properties.notes.length, 1);
    assert.match(
      properties.notes[0]!,
      /^\d damaged pictures?, shown as far as possible: [12].0 s around them are encoded$/,
    );
    assert.equal(messagesOf(readFileSync(audio.path), 'aac'), '');
    const shown = shownPictures(accessUnits(video));
    assert.ok(shown.length >= 99, `${shown.length} pictures`);
    const differing = groupsThatDiffer(shownPictures(at('film.mp4')), shown);
    assert.deepEqual(differing, groups);
  });
}

test(
  'flipped bits are found by decoding, and a recording of three loops decodes without a message',
  needs,
  async () => {
    const kinds: Record<string, SourceVideo> = {
      'cabac.mp4': { options: { preset: 'fast' } },
      'cavlc.mp4': { bPictures: 0, options: { profile: 'baseline' } },
      'slices.mkv': { options: { slices: 4 } },
    };
    let mended = 0;
    let replaced = 0;
    for (const [name, video] of Object.entries(kinds)) {
      const source = makeSource({ path: at(name), seconds: 3, video, audio: {} });
      for (const seed of [1, 2]) {
        const damaged = flipPackets(source, at(`flipped-${name}`), { seed, count: 6 });
        const { shown, properties } = await putOnAir(damaged, { decodeCheck: true }, at('air'));
        assert.equal(shown.messages, '', `${name}, seed ${seed}`);
        if (properties.notes.some((note) => ENCODED_AROUND.test(note))) mended++;
        if (properties.audio === 'encoded') replaced++;
      }
    }
    assert.ok(mended >= 2 && replaced >= 2, `pictures of ${mended} films, sound of ${replaced}`);
  },
);

test('a whole film is copied as it is, also where it is decoded to find damage', needs, () => {
  for (const name of ['film.ts', 'film.mp4']) {
    const { video, properties } = spool(at(name), { decodeCheck: true });
    assert.deepEqual([properties.video, properties.audio, properties.notes], ['copied', 'copied', []]);
    assert.deepEqual(shownPictures(accessUnits(video)), shownPictures(at(name)));
  }
});
