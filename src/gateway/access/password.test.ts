import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, isPassword, isPasswordHash } from './password.js';

test('only the right password matches a hash, and each hash of it differs', async () => {
  const kept = await hashPassword('correct horse');
  assert.ok(isPasswordHash(kept));
  assert.ok(!kept.includes('horse'));
  assert.equal(await isPassword('correct horse', kept), true);
  assert.equal(await isPassword('correct horsf', kept), false);
  assert.notEqual(await hashPassword('correct horse'), kept);
});

test('two encodings of the same letter match', async () => {
  assert.equal(await isPassword('caf\u0065\u0301 noir', await hashPassword('caf\u00e9 noir')), true);
});

test('a hash of another kind, or of too high a cost, is invalid', () => {
  for (const text of ['', 'secret', `scrypt$30$8$1$${'a'.repeat(22)}$${'a'.repeat(43)}`, 'bcrypt$1$2$3$4$5']) {
    assert.equal(isPasswordHash(text), false, text);
  }
});
