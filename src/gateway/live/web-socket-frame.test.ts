import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind, LIVE_HEADER_LENGTH, readFrameHeader } from '../../wire/live-frame.js';
import { mediaHead } from './web-socket-frame.js';

/** The binary messages of 256 bytes and 64 KiB of RFC 6455, section 5.7, and the lengths around them. */
const heads: [media: number, head: string][] = [
  [0, '8210'],
  [109, '827d'],
  [110, '827e007e'],
  [240, '827e0100'],
  [65_519, '827effff'],
  [65_520, '827f0000000000010000'],
];

for (const [length, expected] of heads) {
  test(`${length} bytes of media are announced by ${expected}`, () => {
    const header = { kind: FrameKind.ts, flags: 3, channel: 0xfffe, time: 1_800_000_000_000.25 };
    const head = mediaHead(header, length);
    const own = head.length - LIVE_HEADER_LENGTH;
    assert.equal(head.toString('hex', 0, own), expected);
    assert.deepEqual(readFrameHeader(new DataView(head.buffer, head.byteOffset + own, LIVE_HEADER_LENGTH)), header);
  });
}
