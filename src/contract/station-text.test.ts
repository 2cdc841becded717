import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import { fit, stationTable, textWidth } from './station-text.js';

test('a text fills its columns exactly, with any characters', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', 'ö', '漢', '🎬', 'e\u0301'), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 3, max: 40 }), (original, width) => {
      const shown = fit(original, width);
      assert.ok(textWidth(shown) === width || textWidth(shown) === width - 1, `"${shown}" for ${width}`);
      if (textWidth(original) <= width) assert.equal(shown.trimEnd(), original.trimEnd());
    }),
  );
});

test('the width of each character is looked at a few times, however long its text', () => {
  const stations = Array.from({ length: 20 }, (_, i) =>
    makeStation(i + 1, { name: '漢'.repeat(200), nowPlaying: 'ö'.repeat(200) }),
  );
  let looks = 0;
  const original = RegExp.prototype.test;
  RegExp.prototype.test = function (this: RegExp, text) {
    looks++;
    return original.call(this, text);
  };
  try {
    stationTable(stations, 100);
  } finally {
    RegExp.prototype.test = original;
  }
  assert.ok(looks < 20 * 400 * 8, `${looks} looks`);
});
