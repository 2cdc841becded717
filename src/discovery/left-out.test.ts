import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOutLines } from './left-out.js';

const server = (n: number) => ({ address: `10.0.0.${n}`, port: 5601 });

test('servers without our key are counted by reason, few of them named, with what to do', () => {
  const none = { servers: 0, foreign: [], cut: [], wrong: [] };
  assert.deepEqual(leftOutLines(none), []);
  const wanting = [1, 2, 3, 4].map((n) => ({ ...server(n), mismatch: 'we-have-no-key' }) as const);
  const foreign = [...wanting, { ...server(5), mismatch: 'other-key' } as const];
  const [first, second, ...more] = leftOutLines({ ...none, foreign });
  assert.match(first!, /^4 servers are left out of the list \(10\.0\.0\.1:5601, [^4]*, …\): .*--key/);
  assert.match(second!, /^One server is left out of the list \(10\.0\.0\.5:5601\): it has another key/);
  assert.deepEqual(more, []);
});
