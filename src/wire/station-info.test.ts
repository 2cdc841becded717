import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import { isStationGroup, MOST_BITRATE } from './station-format.js';
import { readStationInfo, type StationInfo } from './station-info.js';

const isBelieved = (changes: object): boolean => !('fault' in readStationInfo({ ...makeStation(1), ...changes }));

test('what real stations have is believed', () => {
  const real: Partial<StationInfo>[] = [
    { width: 3840, height: 2160, frameRate: 59.94, bitrate: 120_000_000 },
    { width: 7680, height: 4320, frameRate: 60, bitrate: 800_000_000 },
    { format: 'jpeg', frameRate: 120, bitrate: 600_000_000, audioCodec: null, randomAccessInterval: 0.008 },
    { width: 16, height: 16, frameRate: 0.1, bitrate: 8_000, duration: 0.04 },
    { duration: 86_400 * 365, nowUntil: Date.UTC(2099, 0), next: 'the next' },
    { fec: { columns: 20, rows: 5 }, group: '224.0.1.0', port: 1024 },
    { fec: { columns: 1, rows: 4 }, group: '239.255.255.255', port: 65_528 },
    { source: '10.0.0.1' },
    { source: '127.0.0.1' },
    { format: 'hevc', codecs: 'hvc1.2.4.L153.B0,mp4a.40.2' },
    { name: '', server: '', schedule: '', nowPlaying: 'ö'.repeat(200) },
  ];
  for (const changes of real) assert.ok(isBelieved(changes), JSON.stringify(changes));
});

test('a field that no station can have is named', () => {
  const wrong: [keyof StationInfo, unknown][] = [
    ['number', 0],
    ['number', 65_536],
    ['id', 'a b'],
    ['width', 0],
    ['width', 1e9],
    ['height', 16_385],
    ['frameRate', 0],
    ['frameRate', 1e300],
    ['bitrate', 0],
    ['bitrate', MOST_BITRATE + 1],
    ['bitrate', 1e12],
    ['duration', 1e-300],
    ['duration', 1e12],
    ['group', '10.0.0.1'],
    ['group', '224.0.0.251'],
    ['group', '240.0.0.1'],
    ['group', '::1'],
    ['port', 1_023],
    ['port', 65_529],
    ['fec', { columns: 20, rows: 20 }],
    ['fec', { columns: 0, rows: 4 }],
    ['randomAccessInterval', 1e9],
    ['nowUntil', 8.64e15],
    ['nowUntil', -1],
    ['name', 'x'.repeat(201)],
    ['schedule', 'f'.repeat(65)],
    ['ssrc', 2 ** 32],
    ['format', 'av1'],
    ['codecs', 'hvc1"'],
    ['codecs', 'x'.repeat(81)],
    ['source', '239.255.1.1'],
    ['source', '0.0.0.0'],
    ['source', '255.255.255.255'],
    ['source', 'fe80::1'],
  ];
  for (const [field, value] of wrong) {
    assert.deepEqual(readStationInfo({ ...makeStation(1), [field]: value }), { fault: field }, `${field} ${value}`);
  }
  for (const nothing of [null, 7, 'x', []]) assert.deepEqual(readStationInfo(nothing), { fault: 'description' });
  assert.deepEqual(readStationInfo({}), { fault: 'number' });
});

test('any value is read without an error, and what is believed is believed again', () => {
  const description = fc.record(
    Object.fromEntries(
      Object.entries(makeStation(1)).map(([field, value]) => [field, fc.oneof(fc.constant(value), fc.jsonValue())]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(description, fc.jsonValue()), (value) => {
      const read = readStationInfo(value);
      if (!('fault' in read)) assert.deepEqual(readStationInfo(read), read);
    }),
  );
});

test('groups of the network’s own protocols are none for stations', () => {
  for (const group of ['224.0.0.0', '224.0.0.1', '224.0.0.255', '223.255.255.255', '0.0.0.0', '255.255.255.255']) {
    assert.equal(isStationGroup(group), false, group);
  }
  for (const group of ['224.0.1.0', '224.1.0.0', '232.0.0.1', '239.255.0.1']) assert.ok(isStationGroup(group), group);
});
