import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { TICKS_PER_SECOND } from '../../base/units.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=4'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'];

interface Film {
  name: string;
  codec: string[];
  /** A bitstream filter on the sound's packets, which removes or moves some. */
  bsf: string;
  /** Samples in a packet. */
  samples: number;
}

function film({ name, codec, bsf, samples }: Film): string {
  const whole = join(folder, `whole-${name}`);
  const sound = `${clicksSource(4, 0.02)},asetnsamples=${samples}`;
  ffmpeg(...pictures, '-f', 'lavfi', '-i', sound, ...h264, ...codec, whole);
  const path = join(folder, name);
  ffmpeg('-i', whole, '-c', 'copy', '-bsf:a', bsf, path);
  return path;
}

/** How the sound was made, and the time of each click after the first picture. */
function heard(source: string): { how: string; clicks: number[] } {
  const spool = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: defaultMediaSettings,
    onProgress: () => undefined,
  });
  assert.equal(spool.format, 'h264');
  const { audio, properties } = spool;
  return { how: properties.audio, clicks: clicksOf(audio.path).map((time) => time + audio.start / TICKS_PER_SECOND) };
}

function assertHeard(clicks: number[], expected: number[]): void {
  assert.deepEqual(
    clicks.map((time, i) => (Math.abs(time - expected[i]!) < 0.02 ? 'in time' : `${expected[i]} at ${time}`)),
    expected.map(() => 'in time'),
  );
}

const everyQuarter = Array.from({ length: 16 }, (_, i) => 0.02 + i / 4);
const pcm = ['-c:a', 'pcm_s16le'];

test('encoded sound is in time after any number of short gaps', { skip: without('ffmpeg') }, () => {
  const source = film({
    name: 'gaps.mkv',
    codec: pcm,
    bsf: "noise=amount=0:drop='gte(mod(pts,1000),910)'",
    samples: 480,
  });
  const { how, clicks } = heard(source);
  assert.equal(how, 'encoded');
  assertHeard(clicks, everyQuarter);
});

test('encoded sound is in time after any number of short overlaps', { skip: without('ffmpeg') }, () => {
  const source = film({
    name: 'overlaps.mkv',
    codec: pcm,
    bsf: "setts=ts='PTS-90*floor(PTS/1000)'",
    samples: 4_800,
  });
  const { clicks } = heard(source);
  // Each second begins 90 ms early; what another second still fills is cut off, and its first click with it.
  const expected = everyQuarter.filter((_, i) => i < 4 || i % 4 !== 0);
  assertHeard(
    clicks,
    expected.map((time) => time - 0.09 * Math.floor(time)),
  );
});

test('encoded sound whose clock is slow stays in time', { skip: without('ffmpeg') }, () => {
  const source = film({ name: 'drift.mkv', codec: pcm, bsf: "setts=ts='PTS*1.004'", samples: 480 });
  const { clicks } = heard(source);
  const expected = everyQuarter.map((time) => time * 1.004).filter((time) => time < 4);
  assertHeard(clicks, expected);
});

const aac = ['-c:a', 'aac'];

test('copied sound is in time after gaps of whole frames', { skip: without('ffmpeg') }, () => {
  const source = film({
    name: 'frames.mkv',
    codec: aac,
    bsf: "noise=amount=0:drop='eq(mod(n,12),11)'",
    samples: 1_024,
  });
  const { how, clicks } = heard(source);
  assert.equal(how, 'copied');
  // Frames 11, 23, … of 21.3 ms are missing, with the clicks in them.
  assertHeard(
    clicks.filter((time) => everyQuarter.some((click) => Math.abs(click - time) < 0.02)),
    everyQuarter.filter((click) => clicks.some((time) => Math.abs(click - time) < 0.02)),
  );
  assert.ok(clicks.length >= 12);
});

test('sound with gaps that are no whole frames is encoded, and in time', { skip: without('ffmpeg') }, () => {
  const source = film({ name: 'parts.mkv', codec: aac, bsf: "setts=ts='PTS+14*floor(PTS/1000)'", samples: 1_024 });
  const { how, clicks } = heard(source);
  assert.equal(how, 'encoded');
  const expected = everyQuarter.map((time) => time + 0.014 * Math.floor(time)).filter((time) => time < 4);
  assertHeard(clicks, expected);
});
