import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReel } from '../../test/support/fake-reel.js';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { Station } from '../station/station.js';
import { describer } from './station-description.js';
import { Plans, planStation } from './station-plan.js';

const source = { name: 'Lobby', path: 'lobby', files: ['one.mp4', 'two.mp4'], notes: [] };

test('a description is the same object until the item on air or the name changes', () => {
  const item = (name: string) => ({ name, reel: fakeReel({ times: [0], duration: 10 * TICKS_PER_SECOND }) });
  const station = new Station({ items: [item('one'), item('two')], ssrc: 1 });
  const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: new Plans() });
  const describe = describer({ plan, station, server: 'here' });
  const at = (seconds: number) => describe(Ticks90k(seconds * TICKS_PER_SECOND));
  const first = at(1);
  assert.deepEqual([first.nowPlaying, first.next], ['one', 'two']);
  assert.equal(at(9), first);
  assert.equal(at(11).nowPlaying, 'two');
  plan.name = 'Entrance';
  assert.equal(at(11).name, 'Entrance');
});
