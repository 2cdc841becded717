import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScreenStats } from './screen-stats.js';

const player = (stalls: number) => ({ stats: () => ({ frames: 10, droppedFrames: 1, stalls }) });

test('the counts of players add up', () => {
  const stats = new ScreenStats();
  stats.finish(player(1));
  assert.deepEqual(stats.with(player(2)), { frames: 20, droppedFrames: 2, stalls: 3 });
});

test('a player that has stopped and is still shown is counted once', () => {
  const stats = new ScreenStats();
  const shown = player(1);
  stats.finish(shown);
  stats.finish(shown);
  assert.deepEqual(stats.with(shown), { frames: 10, droppedFrames: 1, stalls: 1 });
  assert.equal(stats.with(null).stalls, 1);
});
