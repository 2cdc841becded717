import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, PacketNumber } from '../base/units.js';
import { FlowCredit } from './flow-credit.js';

const flowAt = (now: number) =>
  new FlowCredit({ number: 3, from: PacketNumber(1_000), credit: PacketNumber(1_950), rate: 475 }, Millis(now));
const update = (flow: FlowCredit, position: number, wanted: number, now: number) =>
  flow.update(PacketNumber(position), PacketNumber(wanted), Millis(now));

test('credit is sent when it has grown by half a second, when it falls, and once a second', () => {
  const flow = flowAt(0);
  assert.equal(update(flow, 1_000, 1_950 + 237, 10), false);
  assert.equal(update(flow, 1_000, 1_950 + 238, 10), true);
  flow.grant(PacketNumber(2_188), Millis(10));
  assert.equal(flow.credit, 2_188);
  assert.equal(update(flow, 1_010, 2_188, 20), false);
  assert.equal(update(flow, 1_010, 2_187, 20), true);
  flow.grant(PacketNumber(2_187), Millis(20));
  assert.equal(update(flow, 1_900, 2_187, 1_019), false);
  assert.equal(update(flow, 1_950, 2_187, 1_020), true);
});

test('a flow that has used its credit is not stalled, and one that stops before is', () => {
  const flow = flowAt(0);
  update(flow, 1_500, 1_950, 100);
  update(flow, 1_500, 1_950, 300);
  assert.equal(flow.stalledFor(Millis(300)), 200);
  assert.equal(update(flow, 1_500, 1_950, 350), true); // the credit may have been lost
  update(flow, 1_949, 1_950, 400);
  update(flow, 1_949, 1_950, 9_000);
  assert.equal(flow.stalledFor(Millis(9_000)), 0);
  flow.grant(PacketNumber(2_500), Millis(9_000));
  update(flow, 1_949, 2_500, 9_700);
  assert.equal(flow.stalledFor(Millis(9_700)), 700);
});

test('credit for a flow without any is sent however small it is', () => {
  const flow = flowAt(0);
  assert.equal(update(flow, 1_949, 1_951, 10), true);
});
