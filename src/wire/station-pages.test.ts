import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { encodeMessage, MAX_MESSAGE_LENGTH, message } from './message.js';
import { fitStation, MOST_PAGES, PAGES_PER_REQUEST, PageCollector, paginate } from './station-pages.js';

const pagesOf = (count: number, revision = 1) => {
  const pages = paginate(makeStations(count));
  return pages.map((body, page) => message('stations', 1, body, { page, pages: pages.length, revision }));
};

test('no stations are one empty page', () => assert.deepEqual(paginate([]), [[]]));

test('a thousand stations are split in order, into pages as full as possible', () => {
  const pages = pagesOf(1000);
  assert.deepEqual(
    pages.flatMap(({ body }) => body),
    makeStations(1000),
  );
  for (const [index, page] of pages.entries()) {
    assert.ok(encodeMessage(page).length <= MAX_MESSAGE_LENGTH);
    const next = pages[index + 1];
    if (next === undefined) continue;
    assert.throws(() => encodeMessage({ ...page, body: [...page.body, next.body[0]!] }), RangeError);
  }
});

test('an ordinary station is not shortened', () => {
  const station = makeStation(1, { name: 'Ä'.repeat(60) });
  assert.equal(fitStation(station), station);
});

test('any station fits one datagram once its texts are shortened, TUNED included', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 100 });
  fc.assert(
    fc.property(
      fc.record({ name: text, nowPlaying: text, server: text, videoCodec: text, audioCodec: text, aspectRatio: text }),
      (changes) => {
        const station = fitStation(makeStation(65_535, { ...changes, id: 'ö'.repeat(100), schedule: 'f'.repeat(64) }));
        assert.ok(station);
        const [next, time] = [Number.MAX_SAFE_INTEGER, 1_795_000_000_000.125];
        const burst = { flow: 0xffff_ffff, from: next, time };
        const body = { station, next, serverTime: time, members: 10_000, burst };
        assert.ok(encodeMessage(message('tuned', 1, body)).length <= MAX_MESSAGE_LENGTH);
        assert.deepEqual(paginate([station]), [[station]]);
      },
    ),
  );
});

test('shortening never splits a character', () => {
  const station = fitStation(
    makeStation(1, { nowPlaying: '🎬'.repeat(100), name: '🎬'.repeat(100), server: '🎬'.repeat(80) }),
  );
  assert.equal(station?.nowPlaying, `${'🎬'.repeat(59)}…`);
});

test('pages are reassembled in any order, with duplicates', () => {
  const pages = pagesOf(60);
  const orders = fc.shuffledSubarray([...pages, ...pages], { minLength: pages.length * 2 });
  fc.assert(
    fc.property(orders, (arriving) => {
      const collector = new PageCollector();
      for (const page of arriving) collector.add(page);
      assert.ok(collector.isComplete);
      assert.deepEqual(collector.stations, makeStations(60));
    }),
  );
});

test('missing pages are known', () => {
  const pages = pagesOf(60);
  const collector = new PageCollector();
  assert.equal(collector.firstMissing, 0);
  assert.equal(collector.isAnswered(0), false);
  for (const page of pages.slice(0, PAGES_PER_REQUEST)) if (page.page !== 5) collector.add(page);
  assert.equal(collector.firstMissing, 5);
  assert.equal(collector.isAnswered(0), false);
  assert.equal(collector.add(pages[5]!), true);
  assert.equal(collector.add(pages[5]!), false);
  assert.equal(collector.isAnswered(0), true);
  assert.equal(collector.isComplete, false);
  assert.equal(collector.firstMissing, PAGES_PER_REQUEST);
});

test('pages of two revisions are not mixed: the later revision counts, across the wrap too', () => {
  const collector = new PageCollector();
  const [before] = pagesOf(60, 0xffff);
  const after = pagesOf(3, 0);
  collector.add(before!);
  collector.add(after[0]!);
  assert.equal(collector.add(before!), false);
  assert.ok(after.length > 0 && collector.stations.length <= 3);
  for (const page of after) collector.add(page);
  assert.deepEqual(collector.stations, makeStations(3));
});

test('a station that no server can have is left out with its field, and the others of its page count', () => {
  const collector = new PageCollector();
  const body = [makeStation(1), { ...makeStation(2), bitrate: 1e12 }, 'nonsense', { ...makeStation(3), port: 65_535 }];
  collector.add(message('stations', 1, body, { pages: 1 }));
  assert.ok(collector.isComplete);
  assert.deepEqual(collector.stations, [makeStation(1)]);
  assert.equal(collector.count, 1);
  assert.deepEqual(
    [...collector.faults],
    [
      ['bitrate', 1],
      ['description', 1],
      ['port', 1],
    ],
  );
});

test('of a list without end the first pages are taken, and no others asked for', () => {
  const collector = new PageCollector();
  for (let page = 65_534; page >= 0; page--) {
    collector.add(message('stations', 1, [makeStation(1)], { page, pages: 65_535, revision: 1 }));
  }
  assert.equal(collector.count, MOST_PAGES);
  assert.ok(collector.isComplete && collector.isCut);
  assert.equal(collector.firstMissing, 0);
});

test('a list that always begins again is followed sixteen times, and what was taken last stays', () => {
  const collector = new PageCollector();
  let taken = 0;
  for (let revision = 0; revision < 32_768; revision++) {
    const body = [makeStation(revision + 1)];
    if (collector.add(message('stations', 1, body, { page: 0, pages: 2, revision }))) taken++;
  }
  assert.equal(taken, 16);
  assert.deepEqual(collector.stations, [makeStation(16)]);
  assert.equal(collector.isComplete, false);
});

test('a collector that was stopped is complete and takes nothing more', () => {
  const collector = new PageCollector();
  const pages = pagesOf(60);
  collector.add(pages[0]!);
  collector.stop();
  assert.equal(collector.add(pages[1]!), false);
  assert.ok(collector.isComplete && collector.isCut);
});
