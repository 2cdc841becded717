import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeSource, type SourceVideo } from '../../test/support/sources.js';
import { Ticks90k } from '../base/units.js';
import { parseJpeg } from '../wire/jpeg-file.js';
import { defaultMediaSettings, type MediaSettings } from './settings.js';
import type { Spool } from './spool.js';
import { spoolMedia } from './spool-media.js';

const folder = mkdtempSync(join(tmpdir(), 'msc-jpeg-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function jpeg(video: SourceVideo, settings: Partial<MediaSettings> = {}): Spool & { format: 'jpeg' } {
  const source = makeSource({ path: join(folder, `${made++}.mp4`), seconds: 2, video, audio: null });
  const result = spoolMedia({
    source,
    folder,
    settings: { ...defaultMediaSettings, format: 'jpeg', ...settings },
    onProgress() {},
  });
  assert.equal(result.format, 'jpeg');
  return result;
}

test('every frame is a JPEG file that RTP can carry', () => {
  const { frames, properties } = jpeg({ width: 360, height: 288, sampleAspectRatio: [16, 15] });
  const bytes = readFileSync(frames.path);
  let at = 0;
  let tables = '';
  for (const size of frames.sizes) {
    // Throws unless it is baseline 4:2:0 with the standard Huffman tables.
    const parts = parseJpeg(bytes.subarray(at, at + size));
    assert.deepEqual([parts.width, parts.height], [384, 288]);
    tables ||= parts.quantizationTables.toString('hex');
    assert.equal(parts.quantizationTables.toString('hex'), tables, 'constant quality');
    at += size;
  }
  assert.equal(at, statSync(frames.path).size);
  assert.deepEqual(
    [properties.width, properties.height, properties.sampleAspectRatio, properties.aspectRatio],
    [384, 288, [1, 1], '4:3'],
  );
  assert.deepEqual([properties.videoCodec, properties.audioCodec, properties.audio], ['JPEG', null, 'none']);
});

test('the frame rate is 30, the rate in the settings, or that of the file', () => {
  const video: SourceVideo = { frameRate: [24_000, 1_001], group: 24 };
  const facts = (fps?: number | 'source') => {
    const { frames, frameRate, duration } = jpeg(video, fps === undefined ? {} : { fps });
    return [frames.sizes.length, frameRate, duration];
  };
  assert.deepEqual(facts(), [60, [30, 1], 180_000]);
  assert.deepEqual(facts('source'), [48, [24_000, 1_001], 180_180]);
  assert.deepEqual(facts(10), [20, [10, 1], 180_000]);
});

test('the frames of an item have the size of its station', () => {
  const target = {
    width: 320,
    height: 240,
    sampleAspectRatio: [1, 1] as [number, number],
    frameRate: [15, 1] as [number, number],
    channels: 0,
    reorderDelay: Ticks90k(0),
  };
  const { properties, frames } = jpeg({}, { target });
  assert.deepEqual([properties.width, properties.height, frames.sizes.length], [320, 240, 30]);
});
