import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithinLevel } from './h264-level.js';

test('level 5.2 holds 2160p at 60 pictures a second, 1080p at 240, not 4320p', () => {
  const uhd = { width: 3_840, height: 2_160 };
  assert.ok(isWithinLevel(uhd, 60));
  assert.ok(!isWithinLevel(uhd, 120));
  assert.ok(isWithinLevel({ width: 1_920, height: 1_080 }, 240));
  assert.ok(!isWithinLevel({ width: 7_680, height: 4_320 }));
  assert.ok(!isWithinLevel({ width: 16_384, height: 64 }));
});
