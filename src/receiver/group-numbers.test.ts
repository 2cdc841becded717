import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { GroupNumbers } from './group-numbers.js';

const RATE = 500;
const START = 10 ** 12 + 7;
const seconds = (value: number) => Ticks90k(Math.round(value * TICKS_PER_SECOND));
/** The time of packet n of a station with an even rate, which sends START at time 0. */
const timeOf = (n: number) => seconds((n - START) / RATE);

function numbers() {
  const line = new GroupNumbers(RATE);
  line.anchor(PacketNumber(START), seconds(0), Millis(0));
  /** A packet of the station, or one with that number and another time, at the time `now`. */
  const take = (n: number, time = timeOf(n), now = timeOf(n)): number =>
    line.take(n & 0xffff, time, now, Millis(now / 90));
  return { line, take };
}

test('numbers continue across the wrap of 16 bits, and reordered packets keep theirs', () => {
  const { take } = numbers();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 50 }), (steps) => {
      const { line } = numbers();
      let n = START;
      for (const step of steps) {
        n += step;
        for (const each of [n, n - 3]) {
          assert.equal(line.take(each & 0xffff, timeOf(each), timeOf(n), Millis(0)), each);
        }
      }
    }),
  );
  for (let n = START; n < START + 200_000; n += 50) assert.equal(take(n), n);
});

test('a packet far ahead of the line is not believed, however often it comes', () => {
  const { line, take } = numbers();
  take(START + 10);
  for (const ahead of [4_000, 8_000, 30_000, 8_001, 8_002]) {
    assert.equal(take(START + 10 + ahead, timeOf(START + 11), timeOf(START + 11)), -1);
    assert.equal(line.doubted, START + 10 + ahead);
    assert.equal(line.highest, START + 10);
  }
  assert.equal(take(START + 11), START + 11);
});

test('a packet whose time and number contradict each other is not believed', () => {
  const { take } = numbers();
  take(START + 5_000);
  const now = timeOf(START + 5_000);
  assert.equal(take(START + 5_001, seconds(7), now), -1);
  assert.equal(take(START + 4_999, Ticks90k(now + seconds(1.5)), now), -1);
  assert.equal(take(START + 5_001, Ticks90k(Number.NaN), now), -1);
  assert.equal(take(START + 5_001), START + 5_001);
});

test('many forged packets, each a little further ahead, do not get far', () => {
  const { line, take } = numbers();
  take(START + 10);
  const now = timeOf(START + 11);
  for (let i = 0; i < 1_000; i++) take(Number(line.highest) + 100, Ticks90k(now + 90), now);
  assert.ok(line.highest! < START + 10 + RATE / 2, `${line.highest! - START}`);
});

test('after a gap as many packets are believed as can have been sent', () => {
  for (const gap of [0.2, 3, 20, 100]) {
    const { take } = numbers();
    take(START + 100);
    const n = START + 100 + gap * RATE;
    assert.equal(take(n), n, `${gap} s`);
    assert.equal(take(n + 1), n + 1);
  }
});

test('a server’s position moves the line anywhere, also back', () => {
  const { line, take } = numbers();
  for (const position of [START + 1_000_000, START - 5_000]) {
    line.anchor(PacketNumber(position), seconds(3), Millis(3_000));
    assert.equal(take(position + 1, seconds(3), seconds(3)), position + 1);
  }
});

test('a station whose item has many times its average rate is believed once its server has shown it', () => {
  const { line, take } = numbers();
  const fast = (n: number) => Ticks90k(Math.round(((n - START) / (20 * RATE)) * TICKS_PER_SECOND));
  let [asked, answers] = [-1, 0];
  for (let n = START; n < START + 100_000; n += 10) {
    if (take(n, fast(n), fast(n)) >= 0 || fast(n) - asked < seconds(0.25)) continue;
    asked = fast(n);
    answers++;
    line.anchor(PacketNumber(n + 1), fast(n + 1), Millis(fast(n) / 90));
  }
  assert.ok(answers <= 2, `${answers}`);
  assert.equal(line.highest, START + 99_990);
});

test('the group is active while it sends', () => {
  const { line, take } = numbers();
  assert.equal(line.isActive(Millis(0)), false);
  take(START + 1);
  assert.equal(line.isActive(Millis(1_000)), true);
  assert.equal(line.isActive(Millis(2_100)), false);
});
