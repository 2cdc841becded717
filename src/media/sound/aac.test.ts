import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adtsFrame, channelsOfAdts, channelsOfConfig, isAdts } from './aac.js';

/** AudioSpecificConfig → channels, null where its frames cannot be copied. */
const configs: [what: string, hex: string, channels: number | null][] = [
  ['LC, 48 kHz, stereo', '1190', 2],
  ['LC, 48 kHz, 5.1', '11b0', 6],
  ['LC, 48 kHz, mono', '1188', 1],
  ['LC, 48 kHz, stereo, expressly without SBR', '119056e500', 2],
  ['LC, 48 kHz, stereo, with SBR', '119056e580', null],
  ['LC, 44.1 kHz, stereo', '1210', null],
  ['HE-AAC', '2b118800', null],
  ['LC, 48 kHz, frames of 960 samples', '1194', null],
  ['LC, 48 kHz, 7.1', '11b8', null],
  ['one byte', '11', null],
];

for (const [what, hex, channels] of configs) {
  test(`an AudioSpecificConfig of ${what} ${channels ? `has ${channels} channels` : 'cannot be copied'}`, () => {
    assert.equal(channelsOfConfig(Buffer.from(hex, 'hex')), channels);
  });
}

test('an ADTS frame that was written is read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 8_000 }), fc.integer({ min: 1, max: 6 }), (raw, channels) => {
      const frame = adtsFrame(Buffer.from(raw), channels);
      assert.equal(channelsOfAdts(frame), channels);
      assert.deepEqual(frame.subarray(7), Buffer.from(raw));
      assert.equal(channelsOfAdts(frame.subarray(0, frame.length - 1)), null, 'cut off');
    }),
  );
});

test('a frame too long for ADTS is refused', () => {
  assert.throws(() => adtsFrame(Buffer.alloc(8_185), 2), RangeError);
});

test('raw AAC is not taken for ADTS', () => {
  // The first element of a frame is a single channel, a pair, or a fill element.
  for (const first of [0x00, 0x21, 0xde]) assert.equal(isAdts(Buffer.from([first, 0xf1, 0, 0, 0, 0, 0, 0])), false);
});
