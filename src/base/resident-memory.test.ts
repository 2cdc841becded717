import assert from 'node:assert/strict';
import { test } from 'node:test';
import { residentMemory } from './resident-memory.js';

test('the last value stands where the system gives none', () => {
  const last = residentMemory();
  assert.ok(last > 1_000_000);
  const failing = () => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  };
  assert.equal(residentMemory(failing), last);
});
