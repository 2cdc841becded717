import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStation } from '../../../test/support/fake-catalogue.js';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { Millis } from '../../base/units.js';
import { FragmentMemory } from './fragment-memory.js';
import { SegmentMemory } from './segment-memory.js';
import { Segments } from './segments.js';

test('viewers of a fragment share its making, which ends when a station sends nothing', async () => {
  const timers = new HandTimers();
  const station = new FakeStation({ format: 'hevc' }, () => Millis(100_000));
  const fragments = new FragmentMemory(new SegmentMemory(), timers);
  const segments = new Segments(station, 2);
  const made = [fragments.take(segments, 40, '192.0.2.1'), fragments.take(segments, 40, '192.0.2.2')];
  const ended = Promise.all(made.map((each) => assert.rejects(each, /the station sends nothing/)));
  await new Promise(setImmediate);
  assert.equal(station.readers.size, 1);
  timers.advance(Millis(20_000));
  await ended;
  await new Promise(setImmediate);
  assert.equal(station.readers.size, 0);
  assert.equal(timers.pending, 0);
  assert.equal(fragments.init('0'.repeat(16)), undefined);
});
