import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundAt } from '../../test/support/found.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation } from '../../test/support/stations.js';
import { Millis } from '../base/units.js';
import { NetworkCatalogue } from './network-catalogue.js';

const both = [
  { address: '192.0.2.1', stations: [makeStation(1, { server: 'a' })] },
  { address: '192.0.2.2', stations: [makeStation(1, { server: 'b', number: 7 })] },
];

test('a station of two servers is one entry, with the same id and readers, whichever of them ends', async () => {
  for (const remaining of [0, 1]) {
    let answers = both;
    const timers = new HandTimers();
    const catalogue = new NetworkCatalogue({
      find: async () => foundAt(answers),
      createTuner: () => assert.fail('nobody reads'),
      timers,
      now: () => Millis(0),
      log: (line) => assert.fail(line),
    });
    await catalogue.open();
    const before = catalogue.stations;
    assert.deepEqual(
      before.map(({ info }) => [info.id, info.number]),
      [['station-1', 1]],
    );
    answers = both.filter((_, i) => i === remaining);
    for (let search = 0; search < 5; search++) {
      timers.advance(3_000);
      for (let i = 0; i < 10; i++) await Promise.resolve();
      assert.deepEqual(catalogue.stations, before);
      assert.equal(catalogue.stations[0], before[0], 'readers keep their source');
      assert.deepEqual([before[0]?.info.id, before[0]?.info.number], ['station-1', 1]);
    }
    await catalogue.close();
  }
});
