import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channel } from '../../test/support/channels.js';
import { Problem } from '../base/problem.js';
import { chooseChannel } from './channels.js';

const channels = [channel(1, { name: 'News' }), channel(2, { name: '1' }), channel(2, { server: 'attic' })];

test('a station is chosen by its number, id or name', () => {
  assert.equal(chooseChannel(channels, '1'), channels[0]);
  assert.equal(chooseChannel(channels, 'station-1'), channels[0]);
  assert.equal(chooseChannel(channels, ' news '), channels[0]);
});

test('an ambiguous name lists its stations, and each has a name of its own', () => {
  assert.throws(
    () => chooseChannel(channels, '2'),
    (error: unknown) => error instanceof Problem && error.message.includes('attic/station-2'),
  );
  assert.equal(chooseChannel(channels, 'attic/station-2'), channels[2]);
});

test('a message names twenty of a thousand stations', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => channel(i + 1, { name: 'ö'.repeat(200) }));
  for (const wanted of ['none', 'ö'.repeat(200)]) {
    assert.throws(
      () => chooseChannel(many, wanted),
      (error: unknown) => error instanceof Problem && `${error.message}${error.next}`.length < 10_000,
    );
  }
});

test('an unknown name lists the stations there are', () => {
  assert.throws(
    () => chooseChannel(channels, '7'),
    (error: unknown) => error instanceof Problem && error.code === 'station' && error.next.includes('1 News'),
  );
});
