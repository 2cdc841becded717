import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeStation } from '../../../test/support/fake-catalogue.js';
import { makeStation } from '../../../test/support/stations.js';
import { Millis, TICKS_PER_SECOND, Ticks90k, ticksToMillis } from '../../base/units.js';
import { mainPlaylist, mediaPlaylist } from './playlist.js';
import { Segments, segmentSeconds } from './segments.js';

/** A station with known random access points. */
class KnownStation extends FakeStation {
  points: Ticks90k[] = [];
  asked = 0;

  override randomAccessPoints(from: Millis, to: Millis): Ticks90k[] {
    this.asked++;
    return this.points.filter((time) => ticksToMillis(time) >= from && ticksToMillis(time) < to);
  }
}

const seconds = (...times: number[]): Ticks90k[] => times.map((time) => Ticks90k(Math.round(time * TICKS_PER_SECOND)));

function station(points: Ticks90k[], now: number, randomAccessInterval = 1): KnownStation {
  const made = new KnownStation({ randomAccessInterval }, () => Millis(now * 1000));
  made.points = points;
  return made;
}

test('a segment is longer than the distance of random access points', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 59, noNaN: true }), (randomAccessInterval) => {
      const info = makeStation(1, { randomAccessInterval });
      const length = segmentSeconds(info);
      assert.ok(length >= 2 && length > randomAccessInterval + 0.7);
    }),
  );
  assert.equal(segmentSeconds(makeStation(1, { randomAccessInterval: 1 })), 2);
  assert.equal(segmentSeconds(makeStation(1, { randomAccessInterval: 2 })), 3);
  assert.equal(segmentSeconds(makeStation(1, { randomAccessInterval: 1e9 })), 60);
});

test('a segment lasts from the first random access point of its time to the first one after it', () => {
  const segments = new Segments(station(seconds(0, 0.5, 2.25, 3, 4, 6.5, 7.5, 8), 100), 2);
  assert.deepEqual(segments.list(0, 2), [
    { k: 0, from: 0, to: 2.25 * 90_000, within: 0, isIndependent: true },
    { k: 1, from: 2.25 * 90_000, to: 4 * 90_000, within: 0, isIndependent: true },
    { k: 2, from: 4 * 90_000, to: 6.5 * 90_000, within: 0, isIndependent: true },
  ]);
  assert.equal(segments.containing(Millis(2_249)), 0);
  assert.equal(segments.containing(Millis(2_250)), 1);
});

test('a segment is available when the random access point after it has left', () => {
  const points = seconds(0, 2.25, 4.5, 6.5);
  const newest = (now: number) => new Segments(station(points, now), 2).newest;
  assert.equal(newest(4.4), 0);
  assert.equal(newest(4.6), 1);
  assert.equal(newest(6.4), 1);
  assert.equal(newest(6.6), 2);
});

test('where random access points are further apart, a segment starts at its time, and its playlist does not claim independence', () => {
  const made = station(seconds(0, 2, 6.5, 8), 10.1);
  const segments = new Segments(made, 2);
  assert.equal(segments.newest, 3);
  const list = segments.list(0, 3);
  assert.deepEqual(
    list.map(({ from, to, isIndependent }) => [(to - from) / TICKS_PER_SECOND, isIndependent]),
    [
      [2, true],
      [2, true],
      [2.5, false],
      [1.5, true],
    ],
  );
  assert.doesNotMatch(mediaPlaylist(list, 4), /INDEPENDENT/);
  assert.match(mediaPlaylist(list.slice(0, 2), 4), /\n#EXT-X-INDEPENDENT-SEGMENTS\n/);
  const newest = (now: number) => new Segments(station(seconds(0, 2, 6.5, 8), now), 2).newest;
  assert.deepEqual([5.9, 6.1, 6.4, 6.6, 7.9, 8.1].map(newest), [0, 1, 1, 2, 2, 3]);
});

test('where random access points are unknown, segments start at multiples of W', () => {
  const made = new FakeStation({ randomAccessInterval: 1 }, () => Millis(9_999));
  const segments = new Segments(made, 2);
  assert.equal(segments.newest, 2);
  assert.deepEqual(segments.list(1, 2), [
    { k: 1, from: 180_000, to: 360_000, within: 180_000, isIndependent: true },
    { k: 2, from: 360_000, to: 540_000, within: 180_000, isIndependent: true },
  ]);
  assert.equal(new Segments(new FakeStation({ randomAccessInterval: 2 }), 2).list(1, 1)[0]!.isIndependent, false);
  assert.equal(segments.containing(Millis(5_000)), 1, 'a time may lie in the previous segment');
});

test('the playlist of a station as players read it', () => {
  const made = station(seconds(0, 2.25, 4), 100);
  assert.equal(
    mediaPlaylist(new Segments(made, 2).list(0, 1), 4),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z
#EXTINF:2.250000,
0.ts
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:02.250Z
#EXTINF:1.750000,
1.ts
`,
  );
  assert.match(
    mainPlaylist(made.info, { addressOf: (selection) => `2${selection}/index.m3u8?from=1`, track: 0 }),
    /\n2\/index\.m3u8\?from=1\n$/,
  );
});

test('segments follow each other without a gap, and stay the same when requested again', () => {
  const distances = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(distances, fc.integer({ min: 0, max: 5 }), (steps, skipped) => {
      let time = 0;
      const points = [0, ...steps.map((step) => (time += step))].map(Ticks90k);
      const made = station(points, time / TICKS_PER_SECOND + 0.001);
      const segments = new Segments(made, 2);
      const { newest } = segments;
      const first = Math.min(skipped, newest);
      if (newest < 0) return;
      const list = segments.list(first, newest);
      for (const [i, { k, from, to, isIndependent }] of list.entries()) {
        assert.equal(k, first + i);
        assert.equal(isIndependent, points.includes(from));
        assert.ok(from >= k * 180_000 && from < (k + 1) * 180_000);
        assert.ok(to >= (k + 1) * 180_000 && to < (k + 2) * 180_000);
        assert.ok(isIndependent || !points.some((point) => point >= from && point < (k + 1) * 180_000));
        if (i > 0) assert.equal(from, list[i - 1]!.to);
      }
      assert.deepEqual(new Segments(made, 2).list(first, newest), list);
      const { asked } = made;
      assert.deepEqual(segments.list(first, newest), list);
      assert.equal(made.asked, asked, 'starts in the past are kept, and not searched again');
    }),
  );
});
