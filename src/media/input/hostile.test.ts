import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { makeSource } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Problem } from '../../base/problem.js';
import { MediaInput } from './input.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);

test('a film that declares pictures of 16,000 × 16,000 is refused before they are decoded', {
  skip: without('ffmpeg'),
}, () => {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '1', '-c:v', 'ffvhuff', at('small.avi'));
  const bytes = readFileSync(at('small.avi'));
  // strf of the AVI header: BITMAPINFOHEADER
  const format = bytes.indexOf('strf') + 8;
  bytes.writeInt32LE(16_000, format + 4);
  bytes.writeInt32LE(16_000, format + 8);
  writeFileSync(at('large.avi'), bytes);
  assert.throws(
    () => new MediaInput(at('large.avi')),
    (error) => error instanceof Problem && /pictures of 16000 × 16000 pixels are too large/.test(error.message),
  );
});

test('a file of thousands of tracks is refused, or played, without delay', () => {
  const film = readFileSync(makeSource({ path: at('film.mp4'), seconds: 1 }));
  const moov = film.indexOf('moov') - 4;
  const track = film.indexOf('trak') - 4;
  const trackLength = film.readUInt32BE(track);
  const copies = Array<Buffer>(5_000).fill(film.subarray(track, track + trackLength));
  // moov is the last box, so that nothing else moves.
  assert.equal(moov + film.readUInt32BE(moov), film.length);
  const bytes = Buffer.concat([film, ...copies]);
  bytes.writeUInt32BE(bytes.length - moov, moov);
  writeFileSync(at('tracks.mp4'), bytes);
  let width: number | null = null;
  try {
    const input = new MediaInput(at('tracks.mp4'));
    width = input.video.codecpar.width;
    input.close();
  } catch (error) {
    assert.ok(error instanceof Problem && error.code === 'source', String(error));
  }
  assert.ok(width === null || width === 320);
});
