import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HandTimers } from '../../test/support/hand-timers.js';
import { eth0, handWatch } from '../../test/support/hand-watch.js';
import { Problem } from '../base/problem.js';
import { WATCH_PERIOD } from './interface-watch.js';
import { followInterface, Reopening } from './reopening.js';

/** Sockets that can be opened at the addresses in `usable` only. */
function sockets(timers = new HandTimers()) {
  const usable = new Set<string>();
  const lines: string[] = [];
  const options = {
    timers,
    reopen: async (address: string) => {
      lines.push(`try ${address}`);
      if (!usable.has(address)) throw new Problem('network', `no ${address}`, 'wait');
    },
    onReopened: (address: string) => lines.push(`open ${address}`),
    onError: ({ message }: Problem) => lines.push(message),
  };
  return { usable, lines, options, timers };
}

test('sockets that cannot be opened yet are tried again, and the failure is reported once', async () => {
  const { usable, lines, options, timers } = sockets();
  const reopening = new Reopening(options);
  reopening.to('10.0.0.1');
  for (let i = 0; i < 3; i++) {
    await turn();
    timers.advance(WATCH_PERIOD);
  }
  await turn();
  usable.add('10.0.0.1');
  timers.advance(WATCH_PERIOD);
  await turn();
  const tried = 'try 10.0.0.1';
  assert.deepEqual(lines, [tried, 'no 10.0.0.1', tried, tried, tried, tried, 'open 10.0.0.1']);
  assert.equal(timers.pending, 0);
});

test('the address named last counts, and after closing nothing is tried', async () => {
  const { usable, lines, options, timers } = sockets();
  const reopening = new Reopening(options);
  reopening.to('10.0.0.1');
  await turn();
  usable.add('10.0.0.2');
  reopening.to('10.0.0.2');
  await turn();
  timers.advance(10 * WATCH_PERIOD);
  await turn();
  assert.deepEqual(lines.slice(2), ['try 10.0.0.2', 'open 10.0.0.2']);
  reopening.to('10.0.0.3');
  await turn();
  reopening.close();
  timers.advance(10 * WATCH_PERIOD);
  await turn();
  assert.deepEqual(lines.slice(4), ['try 10.0.0.3', 'no 10.0.0.3']);
});

test('sockets follow the interface of their address: opened again when it returns, and where it moves', async () => {
  const { watch, timers, become } = handWatch(eth0);
  const { usable, lines, options } = sockets(timers);
  for (const address of ['10.0.0.1', '10.0.0.7']) usable.add(address);
  const stop = followInterface('10.0.0.1', options, watch);
  become({ interfaces: [] });
  become({ interfaces: [eth0] });
  await turn();
  become({ interfaces: [{ ...eth0, address: '10.0.0.7' }] });
  await turn();
  stop();
  become({ interfaces: [] });
  become({ interfaces: [eth0] });
  await turn();
  assert.deepEqual(lines, ['try 10.0.0.1', 'open 10.0.0.1', 'try 10.0.0.7', 'open 10.0.0.7']);
});

test('the address of no interface is not followed', () => {
  const { watch, timers } = handWatch(eth0);
  followInterface('10.9.9.9', sockets(timers).options, watch);
  assert.equal(timers.pending, 0);
});
