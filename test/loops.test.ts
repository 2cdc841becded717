import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Millis, millisToTicks, PTS_MODULUS, Ticks90k } from '../src/base/units.js';
import type { Reel } from '../src/reel/reel.js';
import { Station } from '../src/station/station.js';
import { Pid } from '../src/wire/ts.js';
import { bigBuckBunny, makeFilm, reelOf, sharedStore, transportStream } from './support/film.js';
import { decodingMessages, hashes, run } from './support/run.js';
import { makeSource, type SourceAudio, type SourceVideo } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';
import { analyseTs } from './support/ts-analyser.js';

/** The first packet of the cycle on air at the end of 2026-11-21, UTC. */
function cycleStart(station: Station): number {
  const n = station.at(millisToTicks(Millis(Date.UTC(2026, 10, 22))));
  return n - (n % station.cyclePackets);
}

const looped = (reel: Reel) => new Station({ items: [{ name: 'film', reel }], ssrc: 1 });

test('three loops of a film conform to MPEG-TS, and its frames are unchanged', {
  skip: without('ffmpeg'),
}, async (context) => {
  const reel = await reelOf(context, bigBuckBunny);
  assert.equal(reel.data.manifest.properties.video, 'copied');
  assert.equal(reel.data.manifest.properties.audio, 'copied');
  assert.ok(reel.data.manifest.peakToAverage <= 2);
  const station = looped(reel);
  const from = cycleStart(station);
  const stream = transportStream(station, from, from + 3 * station.cyclePackets);

  const report = analyseTs(stream);
  assert.deepEqual(report.faults, []);
  assert.equal(report.randomAccessPoints, 15);
  assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
  assert.ok(report.longestPsiGap <= 9_900, `PSI gap ${report.longestPsiGap / 90} ms`);
  assert.ok(report.leastLead > 0);
  assert.deepEqual(report.ptsSteps.get(Pid.video), { least: 3_750, most: 3_750 });

  // Two of them have the join; decoding 1080p takes most of this test's time.
  const path = join(scratchFolder(context), 'two.ts');
  writeFileSync(path, transportStream(station, from, from + 2 * station.cyclePackets));
  const frames = await hashes(context, bigBuckBunny, 'v');
  assert.equal(frames.length, 720);
  assert.deepEqual(await hashes(context, path, 'v'), [...frames, ...frames]);
  // MP4 holds AAC without ADTS headers: both are compared as ADTS.
  const source = join(scratchFolder(context), 'source.aac');
  await run(context, 'ffmpeg', ['-v', 'error', '-i', bigBuckBunny, '-vn', '-c', 'copy', '-f', 'adts', source]);
  const packets = await hashes(context, source, 'a');
  const recorded = await hashes(context, path, 'a');
  const perLoop = recorded.length / 2;
  assert.ok(Math.abs(packets.length - perLoop) <= 2, `${packets.length} packets in the source, ${perLoop} in a loop`);
  for (const loop of [0, 1]) {
    const played = recorded.slice(loop * perLoop, (loop + 1) * perLoop);
    const common = played.filter((hash) => packets.includes(hash)).length;
    assert.ok(common >= packets.length - 1 || common === perLoop, `${common} of ${perLoop} packets are the source's`);
  }
});

test('an independent analyser agrees with ours', { skip: without('tsreport', 'ffprobe') }, async (context) => {
  const reel = await reelOf(context, bigBuckBunny);
  const station = looped(reel);
  const from = cycleStart(station);
  const path = join(scratchFolder(context), 'two.ts');
  writeFileSync(path, transportStream(station, from, from + 2 * station.cyclePackets));
  const { stdout } = await run(context, 'tsreport', ['-b', path]);
  const said = stdout.toString('utf8');
  assert.match(said, /DTS-last DTS: min=3750t, max=3750t/);
  assert.equal(said.match(/duplicate packets: 0/g)?.length, 2);
  assert.doesNotMatch(said, /discontinuit|warning|###|!!!/i);
  const probe = await run(context, 'ffprobe', [
    '-v',
    'warning',
    '-show_entries',
    'packet=pts,stream_index',
    '-of',
    'csv=p=0',
    path,
  ]);
  assert.equal(probe.stderr, '');
});

test('a playlist of three different items has one layout and no gap', { skip: without('ffmpeg') }, async (context) => {
  const folder = scratchFolder(context);
  const store = await sharedStore();
  const sources: { name: string; video: SourceVideo; audio: SourceAudio | null }[] = [
    {
      name: 'first.mp4',
      video: { width: 640, height: 360, frameRate: [25, 1] },
      audio: { sampleRate: 48_000, channels: 2 },
    },
    { name: 'second.mp4', video: { width: 320, height: 240, frameRate: [30, 1] }, audio: null },
    {
      name: 'third.mkv',
      video: { width: 640, height: 360, frameRate: [24, 1] },
      audio: { sampleRate: 44_100, channels: 1 },
    },
  ];
  const items = [];
  let target = null;
  for (const { name, video, audio } of sources) {
    const path = join(folder, name);
    makeSource({ path, seconds: 2, video, audio });
    const reel: Reel = await reelOf(context, path, { target }, store);
    target ??= reel.data.manifest.layout;
    assert.deepEqual(reel.data.manifest.layout, target);
    items.push({ name, reel });
  }
  const station = new Station({ items, ssrc: 1 });
  const from = cycleStart(station);
  const stream = transportStream(station, from, from + 3 * station.cyclePackets);
  const report = analyseTs(stream);
  assert.deepEqual(report.faults, []);
  assert.ok(
    report.ptsSteps.get(Pid.video)!.most <= 3_750,
    `a picture lasts ${report.ptsSteps.get(Pid.video)!.most / 90} ms`,
  );
  assert.ok(report.ptsSteps.get(Pid.audio)!.most <= 4 * 1_930);
  const path = join(folder, 'playlist.ts');
  writeFileSync(path, stream);
  assert.equal(await decodingMessages(context, path), '');
});

/** Films of one size and rate, in streams that differ. */
const kinds: Record<string, SourceVideo> = {
  model: {},
  'BT.709': { colour: { matrix: 1, primaries: 1, transfer: 1 } },
  // After one that says its colour.
  baseline: { bPictures: 0, options: { profile: 'baseline' } },
  'main, level 4.1, CAVLC, slices': { options: { profile: 'main', level: '4.1', coder: 'vlc', slices: 4 } },
  'sixteen references, other sets': { options: { refs: 16, 'x264-params': 'sps-id=3:bframes=2:b-adapt=0' } },
  'picture timing': { options: { 'nal-hrd': 'vbr', maxrate: 1_000_000, bufsize: 1_000_000 } },
  'key pictures': { group: 1, bPictures: 0 },
};

test('films whose streams differ are copied, and are shown through their joins as they are alone', {
  skip: without('ffmpeg', 'ffprobe'),
}, async (context) => {
  const folder = scratchFolder(context);
  const store = await sharedStore();
  const items = [];
  const pictures: string[] = [];
  const colours: string[] = [];
  let target = null;
  for (const [name, video] of Object.entries(kinds)) {
    const path = makeSource({ path: join(folder, `${name}.mp4`), seconds: 0.4, video });
    const reel: Reel = await reelOf(context, path, { target }, store);
    target ??= reel.data.manifest.layout;
    const { video: how, reason } = reel.data.manifest.properties;
    assert.equal(how, 'copied', `${name}: ${reason}`);
    items.push({ name, reel });
    const own = await hashes(context, path, 'v');
    pictures.push(...own);
    // Without one of their own, they are of standard definition.
    colours.push(...own.map(() => (video.colour ? 'bt709' : 'smpte170m')));
  }
  const station = new Station({ items, ssrc: 1 });
  const from = cycleStart(station);
  const path = join(folder, 'joined.ts');
  const stream = transportStream(station, from, from + 2 * station.cyclePackets);
  assert.deepEqual(analyseTs(stream).faults, []);
  writeFileSync(path, stream);
  assert.equal(await decodingMessages(context, path), '');
  assert.deepEqual(await hashes(context, path, 'v'), [...pictures, ...pictures]);
  // Decoders keep the colour of the pictures before, where a stream says none.
  const words = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=color_space', '-of', 'csv=p=0', path];
  const { stdout } = await run(context, 'ffprobe', words);
  assert.deepEqual(String(stdout).match(/\w+/g), [...colours, ...colours]);
});

test('the wraps of PTS and PCR decode without a message', { skip: without('ffmpeg') }, async (context) => {
  const folder = scratchFolder(context);
  const source = join(folder, 'short.mp4');
  makeFilm(source, 2);
  const station = looped(await reelOf(context, source));
  const frames = await hashes(context, source, 'v');
  // 2^33 ticks are 26.5 h: wraps 18,000 and following lie in 2026.
  const wraps = [1, 18_001].map((turn) => turn * PTS_MODULUS);
  for (const wrap of [...wraps, PTS_MODULUS / 2]) {
    const n = station.at(Ticks90k(wrap - 3 * 90_000));
    const from = n - (n % station.cyclePackets);
    const path = join(folder, 'wrap.ts');
    const stream = transportStream(station, from, from + 4 * station.cyclePackets);
    assert.deepEqual(analyseTs(stream).faults, []);
    writeFileSync(path, stream);
    assert.equal(await decodingMessages(context, path), '', `at ${wrap}`);
    assert.deepEqual(await hashes(context, path, 'v'), [...frames, ...frames, ...frames, ...frames]);
  }
});
