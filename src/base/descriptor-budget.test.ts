import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsBeside, fewConnectionsLine, neededByServer, shareOfNetworkGateway } from './descriptor-budget.js';

test('stations have what they need first, and a connection counts as a socket and a file', () => {
  for (const limit of [512, 1_024, 4_096, 65_536]) {
    for (const files of [2, 100, 300]) {
      const needed = neededByServer({ players: 4, files });
      const connections = connectionsBeside(limit, needed);
      assert.ok(connections === 8 || needed + 2 * connections <= limit, `${limit}, ${files}`);
    }
  }
  const few = neededByServer({ players: 2, files: 10 });
  assert.deepEqual([connectionsBeside(1_024, few), connectionsBeside(100, few)], [419, 8]);
  assert.equal(connectionsBeside(null, few), Number.POSITIVE_INFINITY);
});

test('a gateway shares its descriptors between stations that it receives and connections', () => {
  for (const limit of [256, 1_024, 4_096, 65_536]) {
    const { receivers, connections } = shareOfNetworkGateway(limit);
    assert.ok(receivers * 8 + connections * 2 + 128 <= limit, `${limit}`);
  }
  assert.deepEqual(shareOfNetworkGateway(null), { receivers: 512, connections: Number.POSITIVE_INFINITY });
});

test('a low limit is worth a line that says how to raise it', () => {
  assert.match(fewConnectionsLine(1_024, 419)!, /^At most 419 connections .* 1024 files.*ulimit -n .*LimitNOFILE/);
  assert.equal(fewConnectionsLine(65_536, 8_192), null);
  assert.equal(fewConnectionsLine(null, Number.POSITIVE_INFINITY), null);
});
