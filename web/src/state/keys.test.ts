import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyName, keyTable } from './keys.js';

const press = (key: string, held: Partial<Parameters<typeof keyName>[0]> = {}) =>
  keyName({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held });

test('keys have the same names as in the window of msc watch', () => {
  assert.deepEqual(
    ['ArrowLeft', 'PageUp', ' ', 'Escape', 'P', '?', '5'].map((key) => press(key)),
    ['left', 'pgup', 'space', 'esc', 'p', '?', '5'],
  );
  assert.equal(press('ArrowLeft', { shiftKey: true }), 'shift-left');
});

test('the keys of a remote control have names', () => {
  assert.deepEqual(
    ['ChannelUp', 'ChannelDown', 'MediaPlayPause', 'Guide'].map((key) => press(key)),
    ['pgup', 'pgdn', 'p', 'g'],
  );
});

test("the browser's own shortcuts are left to it", () => {
  for (const held of ['ctrlKey', 'altKey', 'metaKey']) assert.equal(press('l', { [held]: true }), null);
  for (const key of ['F5', 'Tab', 'Shift', 'Dead', 'constructor']) assert.equal(press(key), null);
});

test('no key is listed twice', () => {
  const keys = keyTable.flatMap((part) => part.keys.map(([names]) => names));
  assert.equal(new Set(keys).size, keys.length);
});
