import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFrom, shownPath, systemPath } from './path-bytes.js';

const bytes = (path: string): Buffer => Buffer.from(systemPath(path));

test('a path of UTF-8 is its own text', () => {
  for (const text of ['/films/Café 🎬.mkv', '', 'a\ufffdb']) {
    assert.equal(pathFrom(Buffer.from(text)), text);
    assert.equal(systemPath(text), text);
  }
});

test('any bytes come back as they were, also by way of JSON', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const cases = [
    all,
    Buffer.concat([all.reverse(), all]),
    Buffer.from('c3a9e9c3', 'hex'),
    Buffer.from('eda080', 'hex'),
  ];
  for (const each of cases) {
    const path = pathFrom(each);
    assert.deepEqual(bytes(path), each);
    assert.deepEqual(bytes(JSON.parse(JSON.stringify(path))), each);
  }
});

test('names that differ in such a byte only are different paths', () => {
  assert.notEqual(pathFrom(Buffer.from('a\xe9', 'latin1')), pathFrom(Buffer.from('a\xe8', 'latin1')));
});

test('people read such a name as Latin-1', () => {
  assert.equal(shownPath(pathFrom(Buffer.from('Caf\xe9 \x9b', 'latin1'))), 'Café \ufffd');
  assert.equal(shownPath('Café'), 'Café');
});
