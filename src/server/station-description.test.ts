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

test('a description names the profile and level that play all items', () => {
  const item = (codecs: string) => {
    const reel = fakeReel({ times: [0], duration: TICKS_PER_SECOND });
    Object.assign(reel.data.manifest.properties, { codecs });
    return { name: codecs, reel };
  };
  const station = new Station({ items: [item('avc1.4d4029,mp4a.40.2'), item('avc1.64001e,mp4a.40.2')], ssrc: 1 });
  const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: new Plans() });
  assert.equal(describer({ plan, station, server: 'here' })(Ticks90k(0)).videoCodec, 'H.264 High 4.1');
});

test('a description of HEVC has the codec string that stands for all items, one of H.264 has none', () => {
  const codecsOf = (...films: string[]) => {
    const items = films.map((codecs) => {
      const reel = fakeReel({ times: [0], duration: TICKS_PER_SECOND });
      Object.assign(reel.data.manifest.properties, { codecs });
      return { name: codecs, reel };
    });
    const station = new Station({ items, ssrc: 1 });
    const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: new Plans() });
    return describer({ plan, station, server: 'here' })(Ticks90k(0)).codecs;
  };
  assert.equal(codecsOf('hvc1.1.6.L93.90,mp4a.40.2', 'hvc1.2.4.L63.90,mp4a.40.2'), 'hvc1.2.4.L93.90,mp4a.40.2');
  assert.equal(codecsOf('avc1.4d4029,mp4a.40.2'), undefined);
});
