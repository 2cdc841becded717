import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlowCredit } from './flow-credit.js';

const flowAt = (now: number) => new FlowCredit({ number: 3, from: 1_000, credit: 1_950, rate: 475 }, now);

test('credit is sent when it has grown by half a second, when it falls, and once a second', () => {
  const flow = flowAt(0);
  assert.equal(flow.update(1_000, 1_950 + 237, 10), false);
  assert.equal(flow.update(1_000, 1_950 + 238, 10), true);
  flow.grant(2_188, 10);
  assert.equal(flow.credit, 2_188);
  assert.equal(flow.update(1_010, 2_188, 20), false);
  assert.equal(flow.update(1_010, 2_187, 20), true);
  flow.grant(2_187, 20);
  assert.equal(flow.update(1_900, 2_187, 1_019), false);
  assert.equal(flow.update(1_950, 2_187, 1_020), true);
});

test('a flow that has used its credit is not stalled, and one that stops before is', () => {
  const flow = flowAt(0);
  flow.update(1_500, 1_950, 100);
  flow.update(1_500, 1_950, 300);
  assert.equal(flow.stalledFor(300), 200);
  assert.equal(flow.update(1_500, 1_950, 350), true); // the credit may have been lost
  flow.update(1_949, 1_950, 400);
  flow.update(1_949, 1_950, 9_000);
  assert.equal(flow.stalledFor(9_000), 0);
  flow.grant(2_500, 9_000);
  flow.update(1_949, 2_500, 9_700);
  assert.equal(flow.stalledFor(9_700), 700);
});

test('credit for a flow without any is sent however small it is', () => {
  const flow = flowAt(0);
  assert.equal(flow.update(1_949, 1_951, 10), true);
});
