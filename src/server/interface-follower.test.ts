import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eth0, handWatch } from '../../test/support/hand-watch.js';
import type { ServerEvent } from './events.js';
import { InterfaceFollower } from './interface-follower.js';

function follower() {
  const { watch, timers, become } = handWatch(eth0);
  const lines: string[] = [];
  const opened: string[] = [];
  const onEvent = (event: ServerEvent) => {
    if (event.kind === 'interface' || event.kind === 'note') lines.push(event.message);
  };
  const onHere = ({ address }: { address: string }) => opened.push(address);
  const following = new InterfaceFollower({ at: eth0, by: 'name', onHere, onEvent, watch, timers });
  return { following, timers, become, lines, opened };
}

test('an interface that goes and returns elsewhere is two lines, and errors of sending meanwhile are none', () => {
  const { following, timers, become, lines, opened } = follower();
  following.sendError('Packets cannot be sent from 10.0.0.1: sendmmsg ENODEV');
  become({ interfaces: [] });
  assert.equal(following.isHere, false);
  following.sendError('Repairs cannot be sent from 10.0.0.1: sendmmsg EINVAL');
  timers.advance(60_000);
  become({ interfaces: [{ ...eth0, address: '10.0.0.7' }] });
  timers.advance(60_000);
  assert.deepEqual([following.isHere, following.at.address, opened], [true, '10.0.0.7', ['10.0.0.7']]);
  assert.deepEqual(lines, [
    'The network interface eth0 (10.0.0.1) is gone: nothing passes until it is back.',
    'The network interface eth0 (10.0.0.7, before 10.0.0.1) is back.',
  ]);
});

test('an error of sending on an interface that is there is logged, the same at most once a minute', () => {
  const { following, timers, lines } = follower();
  for (let second = 0; second < 90; second++) {
    following.sendError('Packets cannot be sent from 10.0.0.1: sendmmsg EPERM');
    timers.advance(1_000);
  }
  assert.equal(lines.length, 2);
  following.sendError('Packets cannot be sent from 10.0.0.1: sendmmsg ENOBUFS');
  following.close();
  assert.equal(timers.pending, 0);
});
