import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FF_ENCODER_AC3, FF_ENCODER_LIBOPUS, FF_ENCODER_LIBSVTAV1, FF_ENCODER_LIBVPX_VP9 } from 'node-av/constants';
import { Station } from '../src/station/station.js';
import { Pid } from '../src/wire/ts.js';
import { reelOf, transportStream } from './support/film.js';
import { decodingMessages, run } from './support/run.js';
import { makeSource, type SourceOptions } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';
import { analyseTs } from './support/ts-analyser.js';

interface Awkward extends Omit<SourceOptions, 'path' | 'seconds'> {
  extension?: string;
  /** Expected properties of the stream; those left out are not checked. */
  width?: number;
  height?: number;
  aspect?: string;
}

const sources: Record<string, Awkward> = {
  'variable frame rate': { video: { variable: true } },
  'turned by 90°': { video: { width: 320, height: 180, turn: 90 }, width: 180, height: 320 },
  'pixels that are not square': { video: { width: 360, height: 288, sampleAspectRatio: [16, 11] }, aspect: '20:11' },
  '5.1 sound': { audio: { channels: 6 } },
  'no sound': { audio: null },
  '44.1 kHz, AC-3': { extension: 'mkv', audio: { codec: FF_ENCODER_AC3, sampleRate: 44_100 } },
  '10 bits': { video: { pixelFormat: 'yuv420p10le' } },
  interlaced: { video: { width: 720, height: 576, interlaced: true } },
  '23.976 frames a second': { video: { frameRate: [24_000, 1_001] } },
  'VP9 and Opus in WebM': {
    extension: 'webm',
    video: { codec: FF_ENCODER_LIBVPX_VP9 },
    audio: { codec: FF_ENCODER_LIBOPUS, sampleFormat: 'flt' },
  },
  'AV1 in Matroska': { extension: 'mkv', video: { codec: FF_ENCODER_LIBSVTAV1, options: { preset: 12 } } },
  'odd sizes': { video: { width: 321, height: 179, pixelFormat: 'yuv444p' }, width: 320, height: 178 },
  'video that starts late': { extension: 'ts', video: { start: 0.7 } },
  'sound that starts late': { audio: { start: 0.5 } },
  'open groups of pictures': { video: { openGroups: true, group: 25 } },
};

for (const [what, { extension = 'mp4', width, height, aspect, ...options }] of Object.entries(sources)) {
  test(`${what}: goes on air without a fault`, {
    skip: without('ffmpeg', 'ffprobe'),
    timeout: 60_000,
  }, async (context) => {
    const folder = scratchFolder(context);
    const source = makeSource({ path: join(folder, `source.${extension}`), seconds: 2, ...options });
    const reel = await reelOf(context, source);
    assert.ok(reel.data.manifest.peakToAverage <= 2, `busiest 100 ms: ${reel.data.manifest.peakToAverage}`);
    const station = new Station({ items: [{ name: what, reel }], ssrc: 1 });
    const path = join(folder, 'out.ts');
    const stream = transportStream(station, 0, 3 * station.cyclePackets);
    writeFileSync(path, stream);

    const report = analyseTs(stream);
    assert.deepEqual(report.faults, []);
    assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
    assert.ok(report.leastLead > 0);
    assert.ok(
      report.ptsSteps.get(Pid.audio)!.most <= 4 * 1_960,
      `sound without a gap: ${report.ptsSteps.get(Pid.audio)!.most}`,
    );
    assert.equal(await decodingMessages(context, path), '');
    const { stdout } = await run(context, 'ffprobe', [
      '-v',
      'error',
      '-select_streams',
      'v',
      '-show_streams',
      '-of',
      'json',
      path,
    ]);
    const [shown] = JSON.parse(stdout.toString()).streams;
    assert.equal(shown.codec_name, 'h264');
    assert.equal(shown.pix_fmt.replace('yuvj', 'yuv'), 'yuv420p');
    assert.equal(shown.field_order, 'progressive');
    if (width) assert.deepEqual([shown.width, shown.height], [width, height]);
    if (aspect) assert.equal(shown.display_aspect_ratio, aspect);
  });
}

test('a stream that begins without a key picture is played from its first key picture', {
  skip: without('ffmpeg'),
  timeout: 60_000,
}, async (context) => {
  const folder = scratchFolder(context);
  const whole = makeSource({ path: join(folder, 'whole.ts'), seconds: 4 });
  // Half a second into a group of 1 s.
  const cut = join(folder, 'cut.ts');
  await run(context, 'ffmpeg', ['-v', 'error', '-i', whole, '-c', 'copy', '-bsf:v', "noise=drop='lt(n,12)'", cut]);
  const reel = await reelOf(context, cut);
  const station = new Station({ items: [{ name: 'cut', reel }], ssrc: 1 });
  const path = join(folder, 'out.ts');
  writeFileSync(path, transportStream(station, 0, 3 * station.cyclePackets));
  assert.equal(await decodingMessages(context, path), '');
  assert.ok(reel.duration < 3.2 * 90_000, `${reel.duration / 90_000} s`);
});
