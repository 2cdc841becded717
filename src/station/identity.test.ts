import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctId } from '../contract/station-id.js';
import { stationAddress, stationId, stationSsrc } from './identity.js';

test('an id is made of the letters and digits of a name, in any script', () => {
  assert.equal(stationId('Big Buck Bunny', 'h264'), 'big-buck-bunny');
  assert.equal(stationId('Nachrichten (Österreich).', 'jpeg'), 'nachrichten-österreich-jpeg');
  assert.equal(stationId('ニュース 7', 'h264'), 'ニュース-7');
  assert.equal(stationId('!!!', 'h264'), 'station');
});

test('a second station of the same name gets a number', () => {
  assert.equal(distinctId('news', new Set()), 'news');
  assert.equal(distinctId('news', new Set(['news', 'news-2'])), 'news-3');
});

test('group, port and SSRC are the same from start to start', () => {
  assert.deepEqual(stationAddress('big-buck-bunny', new Set()), stationAddress('big-buck-bunny', new Set()));
  assert.equal(stationSsrc('big-buck-bunny'), stationSsrc('big-buck-bunny'));
  assert.notEqual(stationSsrc('big-buck-bunny'), stationSsrc('test-card'));
});

test('ten thousand stations of one server have as many groups, none in the range of other services', () => {
  const taken = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const { group, port } = stationAddress(`station-${i}`, taken);
    assert.match(group, /^239\.255\.(?!255\.)\d+\.\d+$/);
    assert.ok(port >= 10_000 && port < 30_000 && port % 8 === 0);
    assert.ok(!taken.has(group));
    taken.add(group);
  }
});
