import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomFrom } from '../../test/support/relay.js';
import { Millis } from '../base/units.js';
import { Steering } from './steering.js';

/**
 * Pictures, 25 a second, by a player that starts `offset` ms late and whose clock runs `drift` too slow, on a display of
 * 60 Hz. Returns how late each was played, and how often it jumped.
 */
function play({ offset, drift = 0, seconds }: { offset: number; drift?: number; seconds: number }) {
  const steering = new Steering();
  const random = randomFrom(1);
  const offsets: number[] = [];
  const rates: number[] = [];
  let late = offset;
  let rate = 1;
  let jumps = 0;
  for (let picture = 0; picture < seconds * 25; picture++) {
    late += 40 * (drift - (rate - 1));
    offsets.push(late);
    const at = picture * 40 + late;
    const shown = Math.ceil(at / 16.67) * 16.67 + (random() < 0.03 ? 17 : 0);
    steering.add(Millis(late + shown - at - 8));
    if (picture % 6 !== 0) continue;
    const correction = steering.correction();
    if (correction.kind === 'jump') {
      jumps++;
      late = 30;
      steering.reset();
    } else rate = correction.rate;
    rates.push(rate);
  }
  return { offsets, rates, jumps };
}

test('a player with any starting offset is in step within seconds and stays there', () => {
  for (const offset of [-300, -100, -25, 0, 30, 120, 340]) {
    const { offsets, jumps } = play({ offset, seconds: 60 });
    assert.equal(jumps, 0);
    const settled = offsets.slice(15 * 25);
    assert.ok(
      settled.every((late) => Math.abs(late) < 8),
      `from ${offset}: ${Math.max(...settled.map(Math.abs))}`,
    );
  }
});

test('a player with a wrong clock is held in step', () => {
  for (const drift of [0.0005, -0.0005]) {
    const { offsets } = play({ offset: 0, drift, seconds: 300 });
    assert.ok(offsets.slice(250).every((late) => Math.abs(late) < 10));
  }
});

test('the rate changes by 3% at most, which is inaudible, and not at all when in step', () => {
  const { rates } = play({ offset: 340, seconds: 60 });
  assert.ok(rates.every((rate) => Math.abs(rate - 1) <= 0.03 + 1e-9));
  assert.ok(rates.slice(-100).filter((rate) => rate === 1).length > 80);
});

test('a player more than a second off jumps, and sooner just after tuning', () => {
  const late = (offset: number, pictures: number) => {
    const steering = new Steering();
    for (let i = 0; i < pictures; i++) steering.add(Millis(offset));
    return steering.correction().kind;
  };
  assert.equal(late(1100, 200), 'jump');
  assert.equal(late(-1100, 200), 'jump');
  assert.equal(late(900, 200), 'rate');
  assert.equal(late(400, 20), 'jump');
  assert.equal(late(300, 20), 'rate');
});

test('measurements from before a jump are discarded', () => {
  const steering = new Steering();
  for (let i = 0; i < 50; i++) steering.add(Millis(500));
  steering.reset();
  assert.equal(steering.offset, null);
  assert.deepEqual(steering.correction(), { kind: 'rate', rate: 1 });
});
