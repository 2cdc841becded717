import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Box, type Direction, nextBox } from './spatial.js';

const box = (left: number, top: number, width = 90, height = 90): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** 0 1 2 above 3 4. */
const boxes = [box(0, 0), box(100, 0), box(200, 0), box(0, 100), box(100, 100)];
const next = (from: number, direction: Direction) =>
  nextBox(
    boxes[from]!,
    boxes.map((each, index) => (index === from ? box(-9999, -9999, 0, 0) : each)),
    direction,
  );

test('an arrow moves to the neighbour', () => {
  assert.equal(next(0, 'right'), 1);
  assert.equal(next(1, 'down'), 4);
  assert.equal(next(4, 'left'), 3);
  assert.equal(next(3, 'up'), 0);
});

test('the nearest box is taken where none is straight ahead', () => {
  assert.equal(next(2, 'down'), 4);
});

test('no box lies beyond the edge', () => {
  assert.equal(nextBox(boxes[2]!, boxes.slice(0, 2), 'right'), -1);
  assert.equal(nextBox(boxes[0]!, [], 'down'), -1);
});

test('boxes that touch, or overlap by a pixel, are neighbours', () => {
  assert.equal(nextBox(box(0, 0, 100), [box(99, 0)], 'right'), 0);
});
