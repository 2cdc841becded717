import assert from 'node:assert/strict';
import { fstatSync, readSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import { reelOf as reelOfFilm, sharedFilm } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Ticks90k } from '../base/units.js';
import type { Ratio } from '../media/settings.js';
import { parseJpegPayload } from '../wire/rtp-jpeg.js';
import { startsRandomAccess, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import { writeJpegIndex } from './jpeg-reel.js';
import type { ReelManifest } from './manifest.js';
import { reelOf } from './open-reel.js';
import { readIndex } from './read-reel.js';
import type { Reel, ReelData } from './reel.js';
import { writeTsIndex } from './ts-reel.js';

/** Makes the data of a reel without packets, by writing its index to the folder and reading it. */
type MadeUp = (folder: string) => Promise<ReelData>;

async function dataOf(folder: string, given: Partial<ReelManifest>, frameRate: Ratio = [30, 1]): Promise<ReelData> {
  const { data } = fakeReel({ times: [0], duration: 1 });
  const properties = { ...data.manifest.properties, frameRate };
  const manifest = { ...data.manifest, ...given, properties };
  return { manifest, descriptor: -1, index: await readIndex(folder, manifest) };
}

const sums = (steps: readonly number[]): number[] => {
  let sum = 0;
  return [0, ...steps.map((step) => (sum += step))];
};

/** Curves of up to 12 hours, nearly 2^32 ticks. */
const tsReels: fc.Arbitrary<MadeUp> = fc
  .record({
    steps: fc.array(
      fc.tuple(
        fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1, max: 400_000_000 })),
        fc.integer({ min: 1, max: 300 }),
      ),
      { minLength: 1, maxLength: 10 },
    ),
    points: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 5 }),
  })
  .map(({ steps, points }) => async (folder) => {
    const times = sums(steps.map(([time]) => time)).map(Ticks90k);
    const counts = sums(steps.map(([, count]) => count));
    // The total is a multiple of seven.
    const groups = Math.ceil((counts.pop()! + 1) / TS_PACKETS_PER_GROUP);
    counts.push(groups * TS_PACKETS_PER_GROUP);
    const randomAccess = [0, ...points.filter((point) => point < groups).sort((a, b) => a - b)];
    const duration = times.at(-1)!;
    writeTsIndex(folder, { curve: { times, counts }, randomAccess, groups, duration, peakToAverage: 1 });
    const manifest = { format: 'h264', duration, packets: groups, bytes: groups * TS_GROUP_LENGTH } as const;
    return dataOf(folder, manifest);
  });

const frameRates: Ratio[] = [
  [30, 1],
  [25, 1],
  [24_000, 1_001],
  [60_000, 1_001],
  [7, 1],
];

const jpegReels: fc.Arbitrary<MadeUp> = fc
  .record({
    frameRate: fc.constantFrom(...frameRates),
    lengths: fc.array(fc.oneof(fc.constantFrom(1_400, 1_401, 2_800), fc.integer({ min: 150, max: 60_000 })), {
      minLength: 1,
      maxLength: 40,
    }),
  })
  .map(({ frameRate, lengths }) => async (folder) => {
    const [numerator, denominator] = frameRate;
    const duration = Ticks90k(Math.round((lengths.length * 90_000 * denominator) / numerator));
    const packets = lengths.reduce((sum, length) => sum + Math.ceil(length / 1_400), 0);
    const bytes = lengths.reduce((sum, length) => sum + length, 0);
    writeJpegIndex(folder, { duration, lengths: Uint32Array.from(lengths), packets, peakToAverage: 1 });
    return dataOf(folder, { format: 'jpeg', duration, packets, bytes }, frameRate);
  });

for (const [format, madeUp] of Object.entries({ h264: tsReels, jpeg: jpegReels })) {
  test(`${format}: due and at agree, to parts of a tick, and positions rise to the file’s length`, async (context) => {
    const folder = scratchFolder(context);
    await fc.assert(
      fc.asyncProperty(
        madeUp,
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (make, shares) => {
          const data = await make(folder);
          const reel = reelOf(data);
          const { duration, bytes, packets } = data.manifest;
          assert.deepEqual([reel.packetCount, reel.duration], [packets, duration]);
          assert.deepEqual([reel.due(0), reel.position(0), reel.position(packets)], [0, 0, bytes]);
          for (let n = 0; n < packets; n++) {
            const [due, next] = [reel.due(n), n + 1 < packets ? reel.due(n + 1) : duration];
            assert.ok(due < duration && next >= due, `packet ${n} of ${packets}`);
            assert.ok(reel.position(n + 1) > reel.position(n) && reel.position(n + 1) - reel.position(n) <= 1_400);
            const random = reel.randomAccessBefore(n);
            assert.ok(random <= n && reel.randomAccessBefore(random) === random);
          }
          const times = [...shares.map((share) => share * duration), duration - 1, duration - 0.001, 0];
          for (const time of times) {
            const n = reel.at(Ticks90k(time));
            assert.ok(reel.due(n) <= time, `packet ${n} has left by ${time}`);
            assert.ok(n + 1 === packets || reel.due(n + 1) > time, `packet ${n + 1} has not left by ${time}`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test(`${format}: two threads’ reels agree in any order of queries`, async (context) => {
    const folder = scratchFolder(context);
    const answers = (reel: Reel, n: number) => [
      reel.due(n),
      reel.timestamp(n),
      reel.marker(n),
      reel.position(n),
      reel.randomAccessBefore(n),
      reel.at(reel.due(n)),
    ];
    await fc.assert(
      fc.asyncProperty(madeUp, fc.array(fc.nat()), async (make, numbers) => {
        const data = await make(folder);
        const [inOrder, anyhow] = [reelOf(data), reelOf(data)];
        const all = Array.from({ length: data.manifest.packets }, (_, n) => answers(inOrder, n));
        for (const number of numbers) {
          const n = number % all.length;
          assert.deepEqual(answers(anyhow, n), all[n]);
        }
      }),
      { numRuns: 60 },
    );
  });
}

for (const format of ['h264', 'jpeg'] as const) {
  test(`${format}: the payloads of a film are at the positions of its reel`, async (context) => {
    const reel = await reelOfFilm(context, sharedFilm(2), { format });
    const { descriptor } = reel.data;
    assert.equal(fstatSync(descriptor).size, reel.position(reel.packetCount));
    const begins = Array.from({ length: reel.packetCount }, (_, n) => {
      const payload = Buffer.alloc(reel.position(n + 1) - reel.position(n));
      readSync(descriptor, payload, 0, payload.length, reel.position(n));
      if (format === 'h264') return startsRandomAccess(payload);
      const parsed = parseJpegPayload(payload);
      assert.ok(parsed, `payload ${n}`);
      return parsed.fragmentOffset === 0;
    });
    let last = -1;
    for (const [n, isBeginning] of begins.entries()) {
      if (isBeginning) last = n;
      assert.equal(reel.randomAccessBefore(n), last);
      const isFrameEnd = begins[n + 1] ?? true;
      assert.equal(reel.marker(n), format === 'jpeg' && isFrameEnd);
    }
  });
}
