import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyName, keyTable } from './keys.js';

const press = (key: string, held: Partial<Parameters<typeof keyName>[0]> = {}) =>
  keyName({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held });

test('keys have the names that the window of msc watch gives them', () => {
  assert.deepEqual(
    ['ArrowLeft', 'PageUp', ' ', 'Escape', 'P', '?', '5'].map((key) => press(key)),
    ['left', 'pgup', 'space', 'esc', 'p', '?', '5'],
  );
  assert.equal(press('ArrowLeft', { shiftKey: true }), 'shift-left');
});

test("a remote control's keys are among them", () => {
  assert.deepEqual(
    ['ChannelUp', 'ChannelDown', 'MediaPlayPause', 'Guide'].map((key) => press(key)),
    ['pgup', 'pgdn', 'p', 'g'],
  );
});

test("the browser's own keys stay its own", () => {
  for (const held of ['ctrlKey', 'altKey', 'metaKey']) assert.equal(press('l', { [held]: true }), null);
  for (const key of ['F5', 'Tab', 'Shift', 'Dead', 'constructor']) assert.equal(press(key), null);
});

test('no key is told twice', () => {
  const keys = keyTable.flatMap((part) => part.keys.map(([names]) => names));
  assert.equal(new Set(keys).size, keys.length);
});
