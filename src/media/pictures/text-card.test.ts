import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardLines, wrapped } from './text-card.js';

test('texts are broken between words, long words anywhere, and three lines are shown at most', () => {
  assert.deepEqual(wrapped('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapped('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(wrapped('第九交響曲', 6), ['第九交', '響曲']);
  assert.deepEqual(wrapped('a b c d e', 1), ['a', 'b', '…']);
  assert.deepEqual(wrapped('', 5), []);
});

test('a card shows title, artist and album, or the name of the file', () => {
  const texts = (title: string) =>
    cardLines({ title, artist: 'Beethoven', album: 'Ninth' }, '/music/04 Finale.mp3', 16 / 9).map(({ text }) => text);
  assert.deepEqual(texts('Ode'), ['Ode', 'Beethoven', 'Ninth']);
  assert.deepEqual(texts(''), ['04 Finale', 'Beethoven', 'Ninth']);
});
