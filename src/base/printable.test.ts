import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable, printableJson, printableLines } from './printable.js';

const cases: Readonly<Record<string, [given: string, shown: string]>> = {
  'a colour': ['\x1b[31mred\x1b[0m', '�[31mred�[0m'],
  'a window title (OSC)': ['\x1b]0;owned\x07', '�]0;owned�'],
  'a control sequence in one byte (C1)': ['\x9b2J', '�2J'],
  'a line break': ['a\r\nb', 'a��b'],
  'a line separator': ['a\u2028b\u2029c', 'a�b�c'],
  'a rubout': ['a\x7f\b', 'a��'],
  'a bidirectional override': ['a\u202egpj.exe\u2066\u200f', 'a�gpj.exe��'],
  'half a surrogate pair': ['\ud83c alone', '� alone'],
  'tags that nobody sees': ['a\u{e0041}b', 'a�b'],
  'joined emoji and Persian': ['👩‍🚀 می‌خواهم', '👩‍🚀 می‌خواهم'],
};

for (const [name, [given, shown]] of Object.entries(cases)) {
  test(`${name} is shown as text`, () => {
    assert.equal(printable(given), shown);
  });
}

const acting = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

test('nothing that acts is left of any text', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(...'\x1b\x07\x9b[];m\r\n\t\u2028\u202e\u2066a', '\ud83c', '\udfa5'),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
      assert.doesNotMatch(printable(text), acting);
      for (const line of printableLines(text).split('\n')) assert.doesNotMatch(line, acting);
    }),
  );
});

test('only the first line of a message begins where ours begin', () => {
  assert.equal(printableLines('film\nmsc: all is well\r\n'), 'film\n     msc: all is well');
});

test('JSON has the same value, and no byte that acts', () => {
  const nasty = fc.string({ unit: fc.constantFrom(...'\x1b\x9b\x7f\n"\\\u2028\u202e\u200d', '\u{e0041}', '\ud83c') });
  fc.assert(
    fc.property(fc.dictionary(nasty, nasty), (value) => {
      const text = printableJson(value);
      assert.doesNotMatch(text, acting);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.deepEqual(JSON.parse(printableJson(value, 2)), JSON.parse(text));
    }),
  );
});
