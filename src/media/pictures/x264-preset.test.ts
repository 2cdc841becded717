import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ratio } from '../settings.js';
import { presetFor } from './x264-preset.js';

const kind = (width: number, height: number, frameRate: Ratio) => ({ width, height, frameRate });

test('the preset is the best with which the machine is twice as fast as the film plays', () => {
  const fullHd = kind(1_920, 1_080, [24, 1]);
  assert.deepEqual(
    [1, 2, 4, 8, 64].map((processors) => presetFor(fullHd, processors)),
    ['veryfast', 'veryfast', 'faster', 'medium', 'medium'],
  );
  const ultraHd = kind(3_840, 2_160, [60, 1]);
  assert.deepEqual(
    [2, 64].map((processors) => presetFor(ultraHd, processors)),
    ['veryfast', 'veryfast'],
    'no more processors than the encoder has threads for',
  );
  assert.equal(presetFor(kind(720, 576, [25, 1]), 2), 'medium');
});
