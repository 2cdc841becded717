import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FF_ENCODER_MPEG2VIDEO } from 'node-av/constants';
import { picturesOf, type ShownPicture, writeAccessUnits } from '../../../test/support/chart.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { fieldStream } from '../../../test/support/paff.js';
import { makeSource, type SourceVideo } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

silenceLog();
const folder = sharedFolder();
const size = { width: 352, height: 288 };
const STEP = 4;
const BAR = 16;

/** A bar that is `STEP` pixels further right in each picture. */
const bar = (rate: string) =>
  `color=c=black:s=${size.width}x${size.height}:r=${rate},format=yuv420p,` +
  `geq=lum='if(between(X,${STEP}*N,${STEP}*N+${BAR - 1}),235,16)':cb=128:cr=128`;

function spool(source: string) {
  const onProgress = () => {};
  const result = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: defaultMediaSettings,
    onProgress,
  });
  assert.equal(result.format, 'h264');
  const pictures = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))));
  return { ...result, pictures };
}

/** Where the bar begins, counted in steps, to the nearest. */
function stepOf(picture: ShownPicture): number {
  const line = picture.at(size.width, 3).slice(size.width, 2 * size.width);
  return Math.round(line.findIndex(([y]) => y > 125) / STEP);
}

const interlaced = (video: Partial<SourceVideo>, extension: string): string =>
  makeSource({
    path: join(mkdtempSync(join(folder, 'source-')), `film.${extension}`),
    seconds: 1,
    video: { ...size, interlaced: true, bPictures: 0, ...video },
    audio: null,
  });

for (const [what, video] of [
  ['H.264', { options: { crf: 10 } }],
  ['MPEG-2', { codec: FF_ENCODER_MPEG2VIDEO, openGroups: true, options: { b: 8_000_000 } }],
] as [string, Partial<SourceVideo>][]) {
  test(`each field of 50i in ${what} becomes a picture`, () => {
    const { properties, pictures } = spool(
      interlaced({ ...video, picture: `${bar('50')},interlace=lowpass=off` }, 'ts'),
    );
    assert.deepEqual(properties.frameRate, [50, 1]);
    assert.deepEqual(properties.notes, ['interlaced pictures are deinterlaced: 25 frames become 50 pictures a second']);
    assert.ok(pictures.every(({ isInterlaced }) => !isInterlaced));
    const steps = pictures.map(stepOf);
    assert.deepEqual(
      steps,
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  test(`whole pictures in interlaced ${what} stay as they are`, () => {
    const { properties, pictures } = spool(interlaced({ ...video, picture: bar('25') }, 'ts'));
    assert.deepEqual(properties.frameRate, [25, 1]);
    assert.deepEqual(properties.notes, ['pictures marked as interlaced are whole, and shown as they are']);
    assert.deepEqual(
      pictures.map(stepOf),
      Array.from({ length: 25 }, (_, i) => i),
    );
  });
}

for (const extension of ['ts', 'mkv', 'mp4']) {
  test(`each of two fields that are coded apart in ${extension} becomes a picture`, { skip: without('ffmpeg') }, () => {
    const lumaOf = (field: number, x: number) => (x >= STEP * field && x < STEP * field + BAR ? 235 : 16);
    const stream = join(folder, 'paff.h264');
    writeFileSync(stream, fieldStream({ ...size, frames: 25, lumaOf }, 25));
    const film = join(folder, `paff.${extension}`);
    ffmpeg('-framerate', '25', '-i', stream, '-c', 'copy', film);
    const { properties, pictures } = spool(film);
    assert.deepEqual([properties.video, properties.frameRate], ['encoded', [50, 1]]);
    assert.deepEqual(properties.notes, ['interlaced pictures are deinterlaced: 25 frames become 50 pictures a second']);
    assert.deepEqual(
      pictures.map(stepOf),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });
}

test('whole pictures of H.264 whose headers allow fields are copied', () => {
  const { properties, pictures } = spool(
    interlaced(
      {
        interlaced: false,
        picture: bar('25'),
        options: { 'x264-params': 'fake-interlaced=1:bframes=0:keyint=25:min-keyint=25:scenecut=0' },
      },
      'mp4',
    ),
  );
  assert.deepEqual([properties.video, properties.frameRate, properties.notes], ['copied', [25, 1], []]);
  assert.deepEqual(
    pictures.map(stepOf),
    Array.from({ length: 25 }, (_, i) => i),
  );
});

test('film with 2:3 pulldown is brought back to 24,000 / 1,001 pictures a second', () => {
  const plain = makeSource({
    path: join(folder, 'plain.m2v'),
    seconds: 2,
    video: {
      ...size,
      frameRate: [30_000, 1_001],
      codec: FF_ENCODER_MPEG2VIDEO,
      bPictures: 0,
      group: 12,
      openGroups: true,
      picture: bar('30000/1001'),
      options: { b: 8_000_000 },
    },
    audio: null,
  });
  const path = join(folder, 'film.m2v');
  writeFileSync(path, withPulldown(readFileSync(plain)));
  const { properties, pictures } = spool(path);
  assert.deepEqual(properties.frameRate, [24_000, 1_001]);
  assert.deepEqual(properties.notes, ['2:3 pulldown is taken back: 23.976 pictures a second']);
  assert.deepEqual(
    pictures.map(stepOf),
    Array.from({ length: 60 }, (_, i) => i),
  );
});

/**
 * MPEG-2 pictures with every second one shown for three fields. ITU-T H.262, 6.2.2.3 and 6.2.3.1, behind 00 00 01 B5:
 *
 *     1:4 | profile_and_level:8 | progressive_sequence:1 | …
 *     8:4 | f_code:16 | dc:2 structure:2 | top_field_first:1 … repeat_first_field:1 chroma:1 | progressive_frame:1 …
 */
function withPulldown(stream: Buffer): Buffer {
  const out = Buffer.from(stream);
  let picture = 0;
  for (let at = out.indexOf('000001b5', 0, 'hex'); at >= 0; at = out.indexOf('000001b5', at + 4, 'hex')) {
    const id = out[at + 4]! >> 4;
    if (id === 1) out[at + 5]! &= ~0x08;
    if (id !== 8) continue;
    const isTopFirst = picture % 4 === 0 || picture % 4 === 3;
    out[at + 7] = (out[at + 7]! & ~0x82) | (isTopFirst ? 0x80 : 0) | (picture % 2 === 0 ? 0x02 : 0);
    out[at + 8]! |= 0x80;
    picture++;
  }
  return out;
}
