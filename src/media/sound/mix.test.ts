import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

const NOISE = 'anoisesrc=c=pink:r=48000:d=4:seed=7,volume=-12dB';
/** At full scale: the source has an eighth of that. */
const TONE = 'sine=f=440:r=48000:d=3,volume=8';

/** The same sound in the channels named of 5.1. */
function surround(name: string, channels: string[], sound: string, coding: string[]): string {
  const pan = `pan=5.1|${channels.map((channel) => `${channel}=c0`).join('|')}`;
  ffmpeg('-f', 'lavfi', '-i', `${sound},${pan}`, ...coding, at(name));
  return at(name);
}

function spooled(source: string, settings: Partial<MediaSettings>) {
  const spool = spoolMedia({
    source,
    folder: mkdtempSync(at('spool-')),
    settings: { ...defaultMediaSettings, ...settings },
    onProgress: () => undefined,
  });
  assert.equal(spool.format, 'h264');
  return spool;
}

/** Integrated loudness, LUFS, as FFmpeg's program measures it. */
function loudnessOf(path: string): number {
  const { stderr } = spawnSync('ffmpeg', ['-nostdin', '-i', path, '-af', 'ebur128', '-f', 'null', '-']);
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr.toString())?.[1]);
}

/** The largest sample, of 1. */
function peakOf(path: string): number {
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 'f32le', '-'], { maxBuffer: 1 << 26 });
  return new Float32Array(pcm.buffer, pcm.byteOffset, pcm.length >> 2).reduce(
    (most, x) => Math.max(most, Math.abs(x)),
    0,
  );
}

for (const [name, coding] of [
  ['ac3', ['-c:a', 'ac3', '-b:a', '448k']],
  ['flac', ['-c:a', 'flac', '-sample_fmt', 's16']],
  ['aac', ['-c:a', 'aac', '-b:a', '384k']],
] as const) {
  test(`speech in the centre of 5.1 has its loudness in stereo, from ${name}`, needs, () => {
    const source = surround(`speech-${name}.mka`, ['FC'], NOISE, [...coding]);
    const { audio, properties } = spooled(source, { channels: 2 });
    assert.deepEqual([properties.audio, properties.channels], ['encoded', 2]);
    const [before, after] = [loudnessOf(source), loudnessOf(audio.path)];
    assert.ok(Math.abs(after - before) <= 0.5, `${before} LUFS, mixed ${after} LUFS`);
  });
}

test('a mix of loud channels does not clip', needs, () => {
  const all = ['FL', 'FR', 'FC', 'BL', 'BR'];
  const source = surround('loud.mka', all, TONE, ['-c:a', 'flac']);
  assert.ok(peakOf(source) > 0.99);
  const { audio } = spooled(source, { channels: 2 });
  const peak = peakOf(audio.path);
  assert.ok(peak > 0.8 && peak < 1, `${peak}`);
});

test('the LFE channel is left out of a mix', needs, () => {
  const source = surround('low.mka', ['LFE'], TONE, ['-c:a', 'flac']);
  assert.ok(peakOf(spooled(source, { channels: 2 }).audio.path) < 0.001);
});

test('5.1 stays as it is copied, and where it is encoded when that is asked for', needs, () => {
  const channelsOf = (source: string, channels: 2 | 6 | null) => {
    const { properties } = spooled(source, { channels });
    return `${properties.audio} ${properties.channels}`;
  };
  assert.equal(channelsOf(at('speech-aac.mka'), null), 'copied 6');
  assert.equal(channelsOf(at('speech-ac3.mka'), null), 'encoded 2');
  assert.equal(channelsOf(at('speech-ac3.mka'), 6), 'encoded 6');
});
