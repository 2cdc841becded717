import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiverLimit } from './receiver-limit.js';

test('readers of one address have a quarter of the receivers, and others the rest', () => {
  const limit = new ReceiverLimit(8);
  const first = limit.take('192.0.2.1');
  limit.take('::ffff:192.0.2.1');
  assert.throws(() => limit.take('192.0.2.1'), { name: 'Problem', message: /this address/ });
  for (const client of ['192.0.2.2', '192.0.2.2', '192.0.2.3', '192.0.2.3', undefined, undefined]) limit.take(client);
  assert.throws(() => limit.take('192.0.2.4'), { name: 'Problem', message: /as many streams as it can/ });
  first();
  first();
  limit.take('192.0.2.4');
  assert.throws(() => limit.take(undefined), { name: 'Problem' });
});

test('addresses of one IPv6 network have a quarter each, and half together', () => {
  const limit = new ReceiverLimit(8);
  for (const host of [1, 1, 2, 2]) limit.take(`2001:db8::${host}`);
  assert.throws(() => limit.take('2001:db8::3'), { name: 'Problem', message: /this address/ });
  limit.take('2001:db8:0:1::3');
});
