import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  chart,
  chartPicture,
  distance,
  picturesOf,
  rgbOf,
  type Samples,
  writeAccessUnits,
} from '../../../test/support/chart.js';
import { makeSource, type SourceVideo } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

silenceLog();
const folder = sharedFolder();

interface Part {
  seconds: number;
  video: SourceVideo & { width: number; height: number };
}

/** Recordings one behind the other in one transport stream. */
function joined(parts: Part[]): string {
  const place = mkdtempSync(join(folder, 'source-'));
  const path = join(place, 'joined.ts');
  const bytes = parts.map(({ seconds, video }, i) => {
    const picture = chartPicture({ width: video.width, height: video.height, pixelFormat: 'yuv420p' });
    const part = { path: join(place, `${i}.ts`), seconds, audio: null };
    return readFileSync(makeSource({ ...part, video: { picture, bPictures: 0, options: { crf: 5 }, ...video } }));
  });
  writeFileSync(path, Buffer.concat(bytes));
  return path;
}

function spool(source: string, settings: Partial<MediaSettings> = {}) {
  const onProgress = () => {};
  const result = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: { ...defaultMediaSettings, ...settings },
    onProgress,
  });
  assert.equal(result.format, 'h264');
  return { ...result, pictures: picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-')))) };
}

const wide = { width: 640, height: 360 };
const narrow = { width: 320, height: 240 };
/** As wide as `wide` in fewer pixels. */
const broadcast = { width: 352, height: 288, sampleAspectRatio: [16, 11] as [number, number] };

const luma = (samples: Samples[]) => samples.map(([y]) => Math.round(y / 10));

for (const [what, parts] of [
  [
    'at the end',
    [
      { seconds: 2, video: wide },
      { seconds: 1, video: narrow },
    ],
  ],
  [
    'at the beginning',
    [
      { seconds: 1, video: narrow },
      { seconds: 2, video: wide },
    ],
  ],
] as [string, Part[]][]) {
  test(`a narrower part ${what} has black at its sides in the frame of the longer one`, () => {
    const { properties, pictures } = spool(joined(parts));
    const { width, height, sampleAspectRatio, notes } = properties;
    assert.deepEqual([width, height, sampleAspectRatio], [640, 360, [1, 1]]);
    assert.deepEqual(notes, ['1.0 s of pictures of 320 × 240 are fitted into 640 × 360']);
    assert.equal(pictures.length, 75);
    const ordered = what === 'at the end' ? [pictures[10]!, pictures[60]!] : [pictures[60]!, pictures[10]!];
    assert.deepEqual(luma(ordered[0]!.at(8)), luma(chart));
    // 480 of 640 pixels: each patch has 60, and 80 at both sides are black.
    const columns = ordered[1]!.at(32);
    assert.deepEqual(luma([...columns.slice(0, 4), ...columns.slice(28)]), Array(8).fill(2));
    const middles = chart.map((_, i) => columns[Math.floor((80 + 60 * i + 30) / 20)]!);
    assert.deepEqual(luma(middles), luma(chart));
  });
}

test('parts of different pixels and one shape fill the frame of the longer one', () => {
  const { properties, pictures } = spool(
    joined([
      { seconds: 1, video: wide },
      { seconds: 2, video: broadcast },
    ]),
  );
  const { width, height, sampleAspectRatio, aspectRatio } = properties;
  assert.deepEqual([width, height, sampleAspectRatio, aspectRatio], [352, 288, [16, 11], '16:9']);
  for (const picture of [pictures[10]!, pictures[60]!]) assert.deepEqual(luma(picture.at(8)), luma(chart));
});

test('parts in BT.709 and BT.601 keep their colours in one film', () => {
  const parts = [
    { seconds: 1, video: { ...narrow, colour: { matrix: 1, primaries: 1, transfer: 1 } } },
    { seconds: 2, video: { ...wide, colour: { matrix: 6, primaries: 6, transfer: 6 } } },
  ];
  const { pictures } = spool(joined(parts));
  const [early, late] = [pictures[10]!, pictures[60]!];
  assert.equal(early.matrix, late.matrix);
  const seenLate = late.at(8).map((samples) => rgbOf(samples, late));
  assert.ok(
    distance(
      seenLate,
      chart.map((samples) => rgbOf(samples, { matrix: 6, isFull: false })),
    ) <= 3,
  );
  const columns = early.at(32);
  const seenEarly = chart.map((_, i) => rgbOf(columns[Math.floor((80 + 60 * i + 30) / 20)]!, early));
  assert.ok(
    distance(
      seenEarly,
      chart.map((samples) => rgbOf(samples, { matrix: 1, isFull: false })),
    ) <= 3,
  );
});

test('JPEG pictures are laid out for the longer part as well', () => {
  const source = joined([
    { seconds: 0.4, video: narrow },
    { seconds: 1, video: wide },
  ]);
  const onProgress = () => {};
  const settings = { ...defaultMediaSettings, format: 'jpeg' as const, fps: 25 };
  const { properties } = spoolMedia({ source, folder: mkdtempSync(join(folder, 'spool-')), settings, onProgress });
  assert.deepEqual([properties.width, properties.height], [640, 360]);
});
