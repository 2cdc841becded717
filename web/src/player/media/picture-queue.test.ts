import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../../src/base/units.js';
import { PictureQueue } from './picture-queue.js';

function queueOf(...times: number[]): PictureQueue<string> {
  const queue = new PictureQueue<string>();
  for (const time of times) queue.put({ time: Millis(time), picture: `p${time}` });
  return queue;
}

test('the newest due picture is shown, and earlier ones are left out', () => {
  const queue = queueOf(40, 80, 120, 160);
  assert.equal(queue.take(39), null);
  const { shown, leftOut } = queue.take(125)!;
  assert.equal(shown.picture, 'p120');
  assert.deepEqual(
    leftOut.map(({ picture }) => picture),
    ['p40', 'p80'],
  );
  assert.equal(queue.length, 1);
});

test('a picture that will be due soon can be taken ahead, one at a time', () => {
  const queue = queueOf(40, 80, 120);
  assert.equal(queue.takeSoon(0, 100)?.shown.time, 40);
  assert.equal(queue.takeSoon(0, 60), null);
  assert.equal(queue.takeSoon(90, 150)?.shown.time, 80);
});

test('a queue holds the moments from its first picture to its last', () => {
  const queue = queueOf(40, 80, 120);
  assert.equal(queue.span, 80);
  assert.deepEqual(
    [39, 40, 100, 120, 121].map((time) => queue.holds(time)),
    [false, true, true, true, false],
  );
  assert.equal(queueOf().span, 0);
});
