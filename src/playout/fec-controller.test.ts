import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../base/units.js';
import { FecController } from './fec-controller.js';

/** Reports every second; returns what was sent after each. */
function reported(controller: FecController, losses: readonly [seconds: number, loss: number][]) {
  let now = 1_790_000_000_000;
  return losses.map(([seconds, loss]) => {
    for (let i = 0; i < seconds; i++) {
      controller.report(loss, Millis(now));
      now += 1_000;
    }
    return controller.mode;
  });
}

test('parity grows with losses that last, and shrinks when they have been low for a minute', () => {
  const modes = reported(new FecController(), [
    [100, 0],
    [100, 0.004],
    [10, 0.006],
    [1, 0.006],
    [100, 0.029],
    [11, 0.031],
    [100, 0.016],
    [60, 0.014],
    [1, 0.014],
    [100, 0.003],
    [60, 0.001],
    [1, 0.001],
  ]);
  assert.deepEqual(modes, [
    ...['none', 'none', 'none', 'columns', 'columns', 'both', 'both', 'both'],
    ...['columns', 'columns', 'columns', 'none'],
  ]);
});

test('great losses add one kind of parity after the other', () => {
  const modes = reported(new FecController(), [
    [10, 0.2],
    [1, 0.2],
    [9, 0.2],
    [1, 0.2],
    [100, 1],
  ]);
  assert.deepEqual(modes, ['none', 'columns', 'columns', 'both', 'both']);
});

test('bursts of losses now and then change nothing', () => {
  const controller = new FecController();
  const modes = new Set<string>();
  for (let i = 0; i < 60; i++) {
    for (const mode of reported(controller, [
      [8, 0.1],
      [50, 0],
    ]))
      modes.add(mode);
  }
  assert.deepEqual([...modes], ['none']);
});

test('losses between two thresholds change nothing, however long they last', () => {
  const controller = new FecController();
  assert.deepEqual(
    reported(controller, [
      [11, 0.01],
      [1_000, 0.0021],
      [1_000, 0.0299],
    ]),
    ['columns', 'columns', 'columns'],
  );
});

test('a loss that is no number changes nothing', () => {
  assert.deepEqual(
    reported(new FecController(), [
      [11, 0.01],
      [1_000, Number.NaN],
    ]),
    ['columns', 'columns'],
  );
});
