import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../src/base/units.js';
import { type Hazards, Path } from './relay.js';

/** Fates of datagrams that enter one a millisecond, with the times at which they come out. */
function through(hazards: Hazards, count: number): { out: { datagram: number; at: number }[]; path: Path<number> } {
  const path = new Path<number>(hazards);
  const out: { datagram: number; at: number }[] = [];
  for (let now = 0; now < count || path.next !== null; now++) {
    if (now < count) path.enter(now, Millis(now));
    for (let at = path.next; at !== null && at <= now; at = path.next) {
      for (const datagram of path.leave(at)) out.push({ datagram, at });
    }
  }
  return { out, path };
}
const numbers = ({ out }: ReturnType<typeof through>) => out.map(({ datagram }) => datagram);
const isAscending = (values: number[]) => values.every((value, i) => i === 0 || value > values[i - 1]!);

test('every datagram passes at once and in order without hazards', () => {
  const { out, path } = through({}, 100);
  assert.deepEqual(
    out,
    Array.from({ length: 100 }, (_, i) => ({ datagram: i, at: i })),
  );
  assert.deepEqual(path.counts, { entered: 100, lost: 0, duplicated: 0 });
});

test('every datagram has the same delay', () => {
  const { out } = through({ delay: Millis(10) }, 50);
  assert.ok(out.length === 50 && out.every(({ datagram, at }) => at === datagram + 10));
});

test('random loss has the given share, and the same seed loses the same datagrams', () => {
  const hazards = { loss: 0.1, seed: 7 };
  const got = through(hazards, 10_000);
  assert.ok(got.path.counts.lost > 900 && got.path.counts.lost < 1_100, `${got.path.counts.lost}`);
  assert.equal(got.out.length + got.path.counts.lost, 10_000);
  assert.deepEqual(numbers(through(hazards, 10_000)), numbers(got));
  assert.notDeepEqual(numbers(through({ ...hazards, seed: 8 }, 10_000)), numbers(got));
});

test('bursts of losses have the given length', () => {
  const got = numbers(through({ bursts: { chance: 0.001, length: 7 } }, 10_000));
  const steps = got.slice(1).flatMap((value, i) => (value - got[i]! === 1 ? [] : [value - got[i]! - 1]));
  assert.ok(steps.length > 3);
  assert.ok(
    steps.every((lost) => lost >= 7),
    `${steps}`,
  );
  assert.ok(steps.filter((lost) => lost === 7).length >= steps.length / 2, `${steps}`);
});

test('no datagram passes in the gap at the end of each period', () => {
  const got = numbers(through({ gaps: { every: Millis(100), length: Millis(20) } }, 300));
  const lost = Array.from({ length: 300 }, (_, i) => i).filter((i) => !got.includes(i));
  assert.deepEqual(
    lost,
    [80, 180, 280].flatMap((from) => Array.from({ length: 20 }, (_, i) => from + i)),
  );
});

test('jitter reorders datagrams, and none is lost or exceeds the largest delay', () => {
  const { out } = through({ delay: Millis(5), jitter: Millis(10) }, 1_000);
  assert.ok(!isAscending(out.map(({ datagram }) => datagram)));
  assert.deepEqual(
    out.map(({ datagram }) => datagram).sort((a, b) => a - b),
    Array.from({ length: 1_000 }, (_, i) => i),
  );
  assert.ok(out.every(({ datagram, at }) => at - datagram >= 5 && at - datagram < 15));
  assert.ok(isAscending(out.map(({ at }) => at)));
});

test('a duplicated datagram arrives twice', () => {
  const got = through({ duplicates: 0.2 }, 1_000);
  const { duplicated } = got.path.counts;
  assert.ok(duplicated > 150 && duplicated < 250, `${duplicated}`);
  assert.equal(got.out.length, 1_000 + duplicated);
  assert.equal(new Set(numbers(got)).size, 1_000);
});

test('changed hazards do not affect datagrams on their way', () => {
  const path = new Path<number>({ delay: Millis(10), seed: 3, loss: 0.5 });
  for (let i = 0; i < 100; i++) path.enter(i, Millis(0));
  const { lost } = path.counts;
  path.change({ delay: Millis(2) });
  for (let i = 100; i < 200; i++) path.enter(i, Millis(0));
  assert.equal(path.leave(Millis(2)).length, 100);
  assert.equal(path.leave(Millis(9)).length, 0);
  assert.equal(path.leave(Millis(10)).length, 100 - lost);
  path.change({ loss: 0.5, seed: 3 });
  for (let i = 0; i < 100; i++) path.enter(i, Millis(20));
  assert.equal(path.counts.lost, 2 * lost);
});
