import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { TICKS_PER_SECOND } from '../../base/units.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const needs = { skip: without('ffmpeg') };

/** Pictures that are padded to a rate at which what FFmpeg reads to find streams ends before second 8. */
const pictures = (seconds: number) => ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${seconds}`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-muxrate', '9M'];
const clicks = ['-f', 'lavfi', '-i', clicksSource(2, 0.1)];

function heard(source: string, settings: Partial<MediaSettings> = {}) {
  const spool = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: { ...defaultMediaSettings, ...settings },
    onProgress: () => undefined,
  });
  assert.equal(spool.format, 'h264');
  const { audio, video, properties } = spool;
  const times = clicksOf(audio.path).map((time) => time + audio.start / TICKS_PER_SECOND);
  return { times, seconds: video.duration / TICKS_PER_SECOND, properties };
}

function assertClicksFrom(times: number[], first: number): void {
  const expected = Array.from({ length: 8 }, (_, i) => first + i / 4);
  assert.deepEqual(
    times.map((time, i) => (Math.abs(time - expected[i]!) < 0.02 ? 'in time' : `${time} instead of ${expected[i]}`)),
    expected.map(() => 'in time'),
  );
}

for (const [codec, how] of [
  ['aac', 'copied'],
  ['ac3', 'encoded'],
] as const) {
  test(`sound in ${codec} that begins 8 s after the pictures of a transport stream is at its time`, needs, () => {
    const path = join(folder, `late-${codec}.ts`);
    ffmpeg(...pictures(10), '-itsoffset', '8', ...clicks, ...h264, '-c:a', codec, path);
    const { times, seconds, properties } = heard(path);
    assert.equal(properties.audio, how);
    assertClicksFrom(times, 8.1);
    assert.ok(Math.abs(seconds - 10) < 0.1);
    assert.deepEqual(properties.notes, []);
  });
}

test('sound that only the second of two joined recordings has is at its time', needs, () => {
  const [silent, sounding, joined] = ['silent', 'sounding', 'joined'].map((name) => join(folder, `${name}.ts`));
  ffmpeg(...pictures(8), ...h264, silent!);
  ffmpeg(...pictures(2), ...clicks, ...h264, '-c:a', 'aac', sounding!);
  writeFileSync(joined!, Buffer.concat([silent!, sounding!].map((path) => readFileSync(path))));
  const { times, properties } = heard(joined!);
  assert.equal(properties.video, 'copied');
  assert.equal(properties.audio, 'copied');
  assertClicksFrom(times, 8.1);
});
