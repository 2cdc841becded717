import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type MadeUp, makeSpool, scratchFolder } from '../../test/support/spool.js';
import { analyseTs } from '../../test/support/ts-analyser.js';
import { Ticks90k } from '../base/units.js';
import {
  continuityCounterOf,
  hasPayload,
  Pid,
  pidOf,
  shiftTimes,
  startsRandomAccess,
  TS_GROUP_LENGTH,
  TS_PACKET_LENGTH,
} from '../wire/ts.js';
import { type Multiplexed, multiplex } from './multiplex.js';

function multiplexed(folder: string, made: MadeUp): { stream: Buffer; result: Multiplexed } {
  const chunks: Buffer[] = [];
  const result = multiplex({ ...makeSpool(folder, made), write: (packets) => chunks.push(Buffer.from(packets)) });
  return { stream: Buffer.concat(chunks), result };
}

/** The same reel three times, as on air. */
function looped(stream: Buffer, duration: number, start = 0): Buffer {
  return Buffer.concat(
    [0, 1, 2].map((loop) => {
      const copy = Buffer.from(stream);
      shiftTimes(copy, 0, copy.length / TS_PACKET_LENGTH, start + loop * duration);
      return copy;
    }),
  );
}

const film: MadeUp = {
  sizes: Array.from({ length: 240 }, (_, i) => (i % 48 === 0 ? 90_000 : 3_000 + ((i * 7_919) % 9_000))),
  frame: 3_750,
  randomAccess: [48, 96, 144, 192],
  bFrames: 2,
  audioFrame: 400,
};

const madeUp: fc.Arbitrary<MadeUp> = fc.record({
  sizes: fc.array(fc.oneof(fc.integer({ min: 300, max: 400 }), fc.integer({ min: 300, max: 60_000 })), {
    minLength: 15,
    maxLength: 120,
  }),
  frame: fc.constantFrom(1_500, 3_000, 3_600, 3_750, 3_754, 6_000),
  randomAccess: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 3 }),
  bFrames: fc.constantFrom(0, 1, 2),
  audioFrame: fc.integer({ min: 9, max: 800 }),
  further: fc.constantFrom(0, 0, 1, 3),
});

test('three loops keep every rule of a transport stream, with no jump at the joins', (context) => {
  const { stream, result } = multiplexed(scratchFolder(context), film);
  const report = analyseTs(looped(stream, result.duration));
  assert.deepEqual(report.faults, []);
  assert.equal(report.randomAccessPoints, 15);
  assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
  assert.ok(report.longestPsiGap <= 9_900, `PSI gap ${report.longestPsiGap / 90} ms`);
  assert.ok(report.leastLead > 0, `least DTS − PCR ${report.leastLead / 90} ms`);
  assert.deepEqual(report.ptsSteps.get(Pid.video), { least: 3_750, most: 3_750 });
  const audio = report.ptsSteps.get(Pid.audio)!;
  assert.ok(audio.most <= 4 * 1_920 + 4, `audio steps ${audio.least} to ${audio.most}`);
});

test('still pictures at a low rate keep the rules', (context) => {
  // Little but null packets, so that the packets before a random access point take long.
  const still = fc.record({
    sizes: fc.array(fc.integer({ min: 30, max: 3_000 }), { minLength: 50, maxLength: 200 }),
    frame: fc.constantFrom(9_000, 18_000),
    randomAccess: fc.constant(Array.from({ length: 9 }, (_, i) => (i + 1) * 5)),
    bFrames: fc.constant(0),
    audioFrame: fc.integer({ min: 9, max: 400 }),
  });
  const folder = scratchFolder(context);
  fc.assert(
    fc.property(still, (made) => {
      const { stream, result } = multiplexed(folder, made);
      const report = analyseTs(looped(stream, result.duration));
      assert.deepEqual(report.faults, []);
      assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
    }),
    { numRuns: 60 },
  );
});

test('any pictures keep the rules', (context) => {
  const folder = scratchFolder(context);
  fc.assert(
    fc.property(madeUp, (made) => {
      const { stream, result } = multiplexed(folder, made);
      const report = analyseTs(looped(stream, result.duration));
      assert.deepEqual(report.faults, []);
      assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
      assert.ok(report.leastLead > 0, `least DTS − PCR ${report.leastLead / 90} ms`);
      assert.ok(result.peakToAverage <= 2, `busiest 100 ms ${result.peakToAverage} × average`);
    }),
    { numRuns: 60 },
  );
});

for (const every of [1, 3, 60]) {
  test(`a long film keeps the rules with a random access point in every ${every} pictures`, (context) => {
    const count = 3_600;
    const { stream, result } = multiplexed(scratchFolder(context), {
      sizes: Array.from({ length: count }, (_, i) => 8_000 + ((i * 7_919) % 9_000)),
      frame: 1_500,
      randomAccess: Array.from({ length: count / every - 1 }, (_, i) => (i + 1) * every),
      bFrames: 0,
      audioFrame: 400,
    });
    const report = analyseTs(stream);
    assert.deepEqual(report.faults, []);
    assert.equal(report.randomAccessPoints, count / every);
    assert.ok(report.longestPcrGap <= 3_600, `PCR gap ${report.longestPcrGap / 90} ms`);
    assert.ok(result.peakToAverage <= 2);
  });
}

test('continuity counters begin at 0 and end at 15 on every PID, so any reel may follow any other', (context) => {
  const { stream } = multiplexed(scratchFolder(context), { ...film, further: 2 });
  for (const pid of [Pid.pat, Pid.pmt, Pid.video, Pid.audio, Pid.further, Pid.further + 1]) {
    const counters: number[] = [];
    for (let at = 0; at < stream.length; at += TS_PACKET_LENGTH) {
      if (pidOf(stream, at) === pid && hasPayload(stream, at)) counters.push(continuityCounterOf(stream, at));
    }
    assert.deepEqual([counters.length % 16, counters[0], counters.at(-1)], [0, 0, 15], `PID ${pid}`);
  }
});

test('every random access point begins a group, and the index lists exactly those groups', (context) => {
  const { stream, result } = multiplexed(scratchFolder(context), film);
  const groups = Array.from({ length: result.groups }, (_, i) =>
    stream.subarray(i * TS_GROUP_LENGTH, (i + 1) * TS_GROUP_LENGTH),
  );
  const found = groups.flatMap((group, i) => (startsRandomAccess(group) ? [i] : []));
  assert.deepEqual(result.randomAccess, found);
  assert.equal(found.length, 5);
});

test('the wraps of PTS and PCR are crossed without a fault', (context) => {
  const { stream, result } = multiplexed(scratchFolder(context), film);
  for (const wrapAt of [2 ** 31, 2 ** 32, 2 ** 33]) {
    assert.deepEqual(analyseTs(looped(stream, result.duration, wrapAt - 1.5 * result.duration)).faults, []);
  }
});

test('audio shorter than the video is followed by silence, longer audio is cut', (context) => {
  const folder = scratchFolder(context);
  const { video, audio } = makeSpool(folder, film);
  const short = { ...audio, sizes: audio.sizes.slice(0, 100) };
  const late = { ...audio, start: Ticks90k(96_000) };
  for (const variant of [short, late]) {
    const chunks: Buffer[] = [];
    const result = multiplex({ video, audio: variant, write: (packets) => chunks.push(Buffer.from(packets)) });
    const report = analyseTs(looped(Buffer.concat(chunks), result.duration));
    assert.deepEqual(report.faults, []);
    assert.ok(report.ptsSteps.get(Pid.audio)!.most <= 4 * 1_920 + 4);
  }
});

test('further tracks of sound have PIDs of their own and the times of the main one', (context) => {
  const { stream, result } = multiplexed(scratchFolder(context), { ...film, further: 3 });
  const report = analyseTs(looped(stream, result.duration));
  assert.deepEqual(report.faults, []);
  assert.ok(report.longestPcrGap <= 3_600 && report.leastLead > 0 && result.peakToAverage <= 2);
  const main = report.ptsSteps.get(Pid.audio);
  for (const pid of [0, 1, 2].map((i) => Pid.further + i)) assert.deepEqual(report.ptsSteps.get(pid), main);
});
