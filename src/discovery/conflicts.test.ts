import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStation } from '../../test/support/stations.js';
import type { StationInfo } from '../wire/station-info.js';
import { conflictText, findConflicts } from './conflicts.js';

const own = makeStation(1, { name: 'News' });
const found = (changes: Partial<StationInfo>) => ({
  info: { ...own, server: 'attic', name: 'Other news', ...changes },
  key: 'news',
  servers: [{ name: 'attic', address: '10.0.0.2', port: 5601, localAddress: '10.0.0.1' }] as const,
});
const kinds = (changes: Partial<StationInfo>): string[] =>
  findConflicts([own], [found(changes)]).map(({ kind }) => kind);

test('the same station with the same schedule is a twin, under any name and number', () => {
  assert.deepEqual(kinds({ number: 7 }), ['twin']);
});

test('another schedule on our group and port, or under our id on our group, is a conflict', () => {
  assert.deepEqual(kinds({ schedule: 'other' }), ['conflict']);
  assert.deepEqual(kinds({ schedule: 'other', id: 'other' }), ['conflict']);
  assert.deepEqual(kinds({ schedule: 'other', port: 6000 }), ['conflict']);
  assert.deepEqual(kinds({ id: 'other', ssrc: 99 }), ['conflict']);
});

test('other groups, and other ids on other ports, do not meet', () => {
  assert.deepEqual(kinds({ group: '239.255.9.9', schedule: 'other' }), []);
  assert.deepEqual(kinds({ id: 'other', port: 6000 }), []);
});

test('the text names station, server, address and group', () => {
  const [conflict] = findConflicts([own], [found({ schedule: 'other' })]);
  const text = conflictText(conflict!);
  for (const word of ['"News"', 'attic', '10.0.0.2', '239.255.0.1:5004', '"Other news"'])
    assert.ok(text.includes(word), word);
});
