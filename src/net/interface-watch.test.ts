import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eth0, handWatch } from '../../test/support/hand-watch.js';
import { Problem } from '../base/problem.js';
import { changeText, type FoundBy } from './interface-state.js';

function followed(by: FoundBy = 'name') {
  const hand = handWatch(eth0);
  const lines: string[] = [];
  const stop = hand.watch.follow(eth0, by, (change) =>
    lines.push(`${change.is} ${change.at.name} ${change.at.address}`),
  );
  return { ...hand, lines, stop };
}

test('an interface that vanishes and returns is reported once each, however long it is away', () => {
  const { become, lines } = followed();
  become({});
  become({ interfaces: [] });
  become({});
  become({ interfaces: [eth0] });
  become({});
  assert.deepEqual(lines, ['gone eth0 10.0.0.1', 'back eth0 10.0.0.1']);
});

test('an interface followed by name is found under its new address, at once or after it was gone', () => {
  const { become, lines } = followed();
  become({ interfaces: [{ ...eth0, address: '10.0.0.7' }] });
  become({ interfaces: [] });
  become({ interfaces: [{ ...eth0, address: '10.0.0.8' }] });
  assert.deepEqual(lines, ['moved eth0 10.0.0.7', 'gone eth0 10.0.0.7', 'back eth0 10.0.0.8']);
});

test('an interface followed by address is gone until that address is back, under any name', () => {
  const { become, lines } = followed('address');
  become({ interfaces: [{ ...eth0, address: '10.0.0.7' }] });
  become({ interfaces: [{ ...eth0, name: 'br0' }] });
  assert.deepEqual(lines, ['gone eth0 10.0.0.1', 'back br0 10.0.0.1']);
});

test('another interface with the same name and address is noticed by its index, or by its hardware', () => {
  const { become, lines } = followed();
  become({ index: 3 });
  become({ index: 0 }); // unknown: the same
  become({ index: 3 });
  become({ interfaces: [{ ...eth0, mac: '02:00:00:00:00:02' }] });
  assert.deepEqual(lines, ['moved eth0 10.0.0.1', 'moved eth0 10.0.0.1']);
});

test('an address that is added to an interface changes nothing', () => {
  const { become, lines } = followed();
  become({ interfaces: [{ ...eth0, address: '10.9.9.9' }, eth0] });
  assert.deepEqual(lines, []);
});

test('a reading that fails changes nothing, and the next one counts', () => {
  const { become, lines } = followed();
  become({ failure: new Problem('network', 'no descriptors', 'wait'), interfaces: [] });
  assert.deepEqual(lines, []);
  become({ failure: null });
  assert.deepEqual(lines, ['gone eth0 10.0.0.1']);
});

test('one timer serves all, and none is left when nothing is followed', () => {
  const { watch, timers, lines, stop } = followed();
  const other = watch.follow(eth0, 'name', ({ is }) => lines.push(is));
  assert.equal(timers.pending, 1);
  stop();
  assert.equal(timers.pending, 1);
  other();
  assert.equal(timers.pending, 0);
});

test('a change is one line for the process, with interface and address', () => {
  const { watch, become } = handWatch(eth0);
  const lines: string[] = [];
  watch.onChange((change) => lines.push(changeText(change)));
  for (const _ of [1, 2]) watch.follow(eth0, 'name', () => undefined);
  become({ interfaces: [] });
  become({ interfaces: [eth0] });
  become({ interfaces: [{ ...eth0, address: '10.0.0.7' }] });
  assert.deepEqual(lines, [
    'The network interface eth0 (10.0.0.1) is gone: nothing passes until it is back.',
    'The network interface eth0 (10.0.0.1) is back.',
    'The network interface eth0 has another address: 10.0.0.7, before 10.0.0.1.',
  ]);
});
