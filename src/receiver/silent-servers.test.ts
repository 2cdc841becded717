import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../base/units.js';
import { SilentServers } from './silent-servers.js';

const at = (address: string, localAddress = '10.0.0.9') => ({ address, port: 5601, localAddress });
const names = (servers: readonly { address: string }[]) => servers.map(({ address }) => address).join();

test('servers are asked in random order, several ways to one of them in their own', () => {
  const silent = new SilentServers();
  const servers = [at('a'), at('b'), at('c'), at('b', '10.0.0.8')];
  const numbers = [0.5, 0.1, 0.3];
  const order = silent.inOrder(servers, () => numbers.shift()!, Millis(0));
  assert.deepEqual(order, [at('b'), at('b', '10.0.0.8'), at('c'), at('a')]);
});

test('a silent server is asked last for five minutes', () => {
  const silent = new SilentServers();
  const servers = [at('a'), at('b')];
  silent.note(at('a'), Millis(1_000));
  assert.equal(names(silent.inOrder(servers, () => 0, Millis(300_999))), 'b,a');
  assert.equal(names(silent.inOrder(servers, () => 0, Millis(301_000))), 'a,b');
});

test('no more than 256 silent servers are remembered, the latest', () => {
  const silent = new SilentServers();
  for (let i = 0; i < 10_000; i++) silent.note(at(`host-${i}`), Millis(i));
  const now = Millis(10_000);
  const remembered = Array.from({ length: 10_000 }, (_, i) => silent.isSilent(at(`host-${i}`), now));
  assert.equal(remembered.filter(Boolean).length, 256);
  assert.ok(remembered.at(-1));
});
