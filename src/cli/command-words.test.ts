import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFrom } from '../base/path-bytes.js';
import { exactWords, lastWords } from './command-words.js';

test('the last words of a command line keep bytes that are not UTF-8', () => {
  const line = Buffer.from('node\0msc\0serve\0Caf\xe9.mp4\0\0', 'latin1');
  assert.deepEqual(lastWords(line, 3), ['serve', pathFrom(Buffer.from('Caf\xe9.mp4', 'latin1')), '']);
});

test('words of UTF-8 stay as they are', () => {
  assert.deepEqual(exactWords(['serve', 'Café.mp4']), ['serve', 'Café.mp4']);
});
