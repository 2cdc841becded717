import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReel } from '../../test/support/fake-reel.js';
import { begin } from '../../test/support/timeline.js';
import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import { Station } from '../station/station.js';
import { StationCounters } from '../threads/station-counters.js';
import type { StationInfo } from '../wire/station-info.js';
import { Directory } from './directory.js';

/** A multiple of the cycle of `films`. */
const NOON = 1_795_000_000_000;
const SECOND = 90_000;

/** A packet a second. */
const times = Array.from({ length: 10 }, (_, i) => i * SECOND);

/** Two items of ten seconds each. */
const films = (ssrc: number) =>
  new Station({
    items: ['Sintel', 'Spring'].map((name, tag) => ({
      name,
      reel: fakeReel({ times, duration: 10 * SECOND, tag }),
    })),
    ssrc,
  });

function directoryAt() {
  const clock = { now: NOON };
  const faults: string[] = [];
  const directory = new Directory(
    () => Millis(clock.now),
    (id) => faults.push(id),
  );
  const add = (id: string, number: number, station = films(number)) => {
    const info = { id, number, name: `Station ${number}` } as StationInfo;
    const progress = new StationCounters();
    directory.add({ id, info, station: station.data, progress: progress.shared }, station);
    return { info, station, progress };
  };
  const titles = () => directory.stations().map(({ number, nowPlaying, next }) => `${number} ${nowPlaying}, ${next}`);
  return { clock, directory, add, titles, faults };
}

test('stations are listed by number with their items on air, and the list is the same until one changes', () => {
  const { clock, directory, add, titles } = directoryAt();
  add('b', 2);
  add('a', 1);
  const before = directory.stations();
  assert.deepEqual(titles(), ['1 Sintel, Spring', '2 Sintel, Spring']);
  clock.now = NOON + 9_999;
  assert.equal(directory.stations(), before);
  clock.now = NOON + 10_000;
  assert.deepEqual(titles(), ['1 Spring, Sintel', '2 Spring, Sintel']);
});

test('a station that is added, described otherwise or removed is listed as it is at once', () => {
  const { directory, add, titles } = directoryAt();
  const { info } = add('a', 1);
  assert.deepEqual(titles(), ['1 Sintel, Spring']);
  add('b', 2);
  assert.equal(titles().length, 2);
  directory.change({ id: 'a', info: { ...info, number: 3 } });
  assert.deepEqual(titles(), ['2 Sintel, Spring', '3 Sintel, Spring']);
  directory.remove('b');
  directory.remove('b');
  assert.deepEqual(titles(), ['3 Sintel, Spring']);
});

test('a change of what a station plays is listed when it is on the air', () => {
  const { clock, directory, add, titles } = directoryAt();
  const { station, info } = add('a', 1);
  assert.deepEqual(titles(), ['1 Sintel, Spring']);
  const items = [{ name: 'Cosmos', reel: fakeReel({ times, duration: 10 * SECOND, tag: 3 }) }];
  const from = millisToTicks(Millis(NOON + 5_000));
  const first = station.at(from);
  begin(station, { from, first, items, item: 0, packet: 0, counters: null });
  directory.change({ id: 'a', info });
  assert.deepEqual(titles(), ['1 Sintel, Cosmos']);
  clock.now = NOON + 5_000;
  assert.deepEqual(titles(), ['1 Cosmos, undefined']);
});

test('a clock that is set back lists the items of the earlier time', () => {
  const { clock, add, titles } = directoryAt();
  add('a', 1);
  clock.now = NOON + 10_000;
  assert.deepEqual(titles(), ['1 Spring, Sintel']);
  clock.now = NOON;
  assert.deepEqual(titles(), ['1 Sintel, Spring']);
});

test('the position of a station is that of playout, and before that the next packet due', () => {
  const { directory, add } = directoryAt();
  const { station, progress } = add('a', 1);
  assert.deepEqual(directory.position('a'), { next: station.at(millisToTicks(Millis(NOON))) + 1, time: NOON });
  progress.next = PacketNumber(77);
  assert.deepEqual(directory.position('a'), { next: 77, time: NOON });
  assert.equal(directory.position('b'), undefined);
});

test('a station that cannot be described is left out, and reported; others stay listed', () => {
  const { add, titles, faults, clock } = directoryAt();
  add('one', 1);
  const { station } = add('two', 2);
  assert.equal(titles().length, 2);
  station.itemOnAirAt = () => {
    throw new RangeError('no such time');
  };
  clock.now += 11_000;
  assert.deepEqual([titles().length, faults], [1, ['two']]);
});
