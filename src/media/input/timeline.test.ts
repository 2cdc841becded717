import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { Timeline } from './timeline.js';

const PICTURES = 0;
const SOUND = 1;

/** The times of packets of 3,600 ticks without their jumps. */
function closed(packets: [stream: number, time: number][]): number[] {
  const timeline = new Timeline(PICTURES);
  return packets.map(([stream, time]) => time + timeline.shift(stream, Ticks90k(time), Ticks90k(3_600)));
}

/** Times of packets of 3,600 ticks from `start` on. */
const run = (stream: number, start: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => [stream, start + i * 3_600]);

const hour = 3_600 * TICKS_PER_SECOND;

test('a jump forwards or backwards is removed from all streams alike', () => {
  assert.deepEqual(
    closed([
      [PICTURES, 0],
      [SOUND, 100],
      [PICTURES, 3_600],
      [PICTURES, hour],
      [SOUND, hour + 100 - 3_600],
      [PICTURES, 50_000],
      [SOUND, 50_100],
    ]),
    [0, 100, 3_600, 7_200, 3_700, 10_800, 10_900],
  );
});

test('a pause of some seconds is kept', () => {
  assert.deepEqual(
    closed([
      [0, 0],
      [0, 5 * 90_000],
    ]),
    [0, 5 * 90_000],
  );
});

test('a recording that begins again after 0.2 s is joined to its end', () => {
  assert.deepEqual(
    closed([...run(PICTURES, 900, 5), ...run(PICTURES, 900, 5), ...run(PICTURES, 900, 2)]),
    run(PICTURES, 900, 12).map(([, time]) => time),
  );
});

test('an inaccuracy of some milliseconds is no jump', () => {
  const times = [0, 3_500, 7_300, 3_600 * 2 - 90, 14_400];
  assert.deepEqual(closed(times.map((time) => [PICTURES, time])), times);
});

test('sound that was stored ahead of the pictures of the first recording follows them into the second one', () => {
  const packets = [
    ...run(PICTURES, 0, 50),
    ...run(SOUND, 0, 40),
    ...run(PICTURES, 0, 50),
    ...run(SOUND, 40 * 3_600, 10),
    ...run(SOUND, 0, 50),
  ];
  const expected = [
    ...run(PICTURES, 0, 50),
    ...run(SOUND, 0, 40),
    ...run(PICTURES, 50 * 3_600, 50),
    ...run(SOUND, 40 * 3_600, 60),
  ];
  assert.deepEqual(
    closed(packets),
    expected.map(([, time]) => time),
  );
});

test('pictures are joined without a pause where the sound jumps first and has another length', () => {
  for (const sound of [49, 51]) {
    const packets = [...run(PICTURES, 0, 50), ...run(SOUND, 0, sound), ...run(SOUND, 0, 1), ...run(PICTURES, 0, 50)];
    const pictures = [...run(PICTURES, 0, 50), ...run(PICTURES, 50 * 3_600, 50)].map(([, time]) => time);
    const times = closed(packets).filter((_, i) => packets[i]![0] === PICTURES);
    assert.deepEqual(times, pictures);
  }
});

test('sound behind a jump keeps its distance to the pictures', () => {
  const packets = [
    ...run(PICTURES, 0, 50),
    ...run(SOUND, 0, 50),
    ...run(PICTURES, 9 * hour, 50),
    ...run(SOUND, 9 * hour + TICKS_PER_SECOND, 10),
  ];
  assert.equal(closed(packets)[150], 50 * 3_600 + TICKS_PER_SECOND);
});

test('a jump is found among packets without duration', () => {
  const timeline = new Timeline(PICTURES);
  const times = [0, 3_600, 7_200, 10_800, 0, 3_600].map(
    (time) => time + timeline.shift(0, Ticks90k(time), Ticks90k(0)),
  );
  assert.deepEqual(times, [0, 3_600, 7_200, 10_800, 14_400, 18_000]);
});

test('packets without a time of decoding take the shift of those before', () => {
  const timeline = new Timeline(PICTURES);
  timeline.shift(PICTURES, Ticks90k(20 * TICKS_PER_SECOND), Ticks90k(3_600));
  timeline.shift(PICTURES, Ticks90k(0), Ticks90k(3_600));
  assert.equal(timeline.currentShift(PICTURES), 20 * TICKS_PER_SECOND + 3_600);
});

test('sound that pauses for long beside the pictures goes on at its time', () => {
  const [pictures, sound] = [0, 1];
  const timeline = new Timeline(pictures);
  const frame = Ticks90k(3_600);
  for (let second = 0; second < 40; second++) {
    for (let i = 0; i < 25; i++) {
      assert.equal(timeline.shift(pictures, Ticks90k(second * TICKS_PER_SECOND + i * frame), frame), 0);
    }
    const time = Ticks90k(second * TICKS_PER_SECOND);
    if (second < 5 || second > 30)
      assert.equal(timeline.shift(sound, time, Ticks90k(TICKS_PER_SECOND)), 0, `${second} s`);
  }
});

test('recordings whose pictures are reordered differently are joined where they are shown', () => {
  const delay = Ticks90k(7_200);
  const step = Ticks90k(3_600);
  const shown = (timeline: Timeline, time: number, own: Ticks90k) =>
    time + own + timeline.shift(PICTURES, Ticks90k(time), step, own);
  for (const [first, second] of [
    [delay, Ticks90k(0)],
    [Ticks90k(0), delay],
    [delay, delay],
  ] as const) {
    const timeline = new Timeline(PICTURES);
    const times = [...run(PICTURES, 90_000, 5).map(([, time]) => shown(timeline, time, first))];
    times.push(...run(PICTURES, 900, 5).map(([, time]) => shown(timeline, time, second)));
    assert.deepEqual(
      times.map((time) => time - times[0]!),
      Array.from({ length: 10 }, (_, i) => i * 3_600),
    );
  }
});

test('a packet of subtitles belongs to the part in which it is nearest to the pictures', () => {
  const timeline = new Timeline(PICTURES);
  const play = (packets: [stream: number, time: number][]) => {
    for (const [stream, time] of packets) timeline.shift(stream, Ticks90k(time), Ticks90k(3_600));
  };
  const placed = (time: number) => time + timeline.sparseShift(Ticks90k(time));
  assert.equal(placed(7_000), 7_000);
  play([...run(SOUND, 0, 10), ...run(PICTURES, 0, 8), ...run(SOUND, hour, 2)]);
  // The sound is in the second recording, the pictures are still in the first.
  assert.equal(placed(30_000), 30_000);
  assert.equal(placed(hour + 1_000), 36_000 + 1_000);
  play([...run(PICTURES, 8 * 3_600, 2), ...run(PICTURES, hour, 10)]);
  // A subtitle of the first that is stored late, and those of the second.
  assert.equal(placed(35_000), 35_000);
  assert.equal(placed(hour + 20_000), 36_000 + 20_000);
  // Without a time it is that of the newest part.
  assert.equal(timeline.sparseShift(null), 36_000 - hour);
});
