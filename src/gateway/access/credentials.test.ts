import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../../test/support/spool.js';
import { CredentialsFile, makeToken, tokenName } from './credentials.js';
import { hashPassword } from './password.js';

test('without a file there is no password and no token', async (context) => {
  const file = new CredentialsFile(scratchFolder(context));
  assert.deepEqual(await file.read(), { version: 1, password: null, tokens: [] });
});

test('a running server reads a changed file, and only its owner may', async (context) => {
  const folder = join(scratchFolder(context), 'config');
  const server = new CredentialsFile(folder);
  await server.read();
  const { token, hash } = makeToken();
  const password = await hashPassword('correct horse');
  await new CredentialsFile(folder).change((data) => ({ ...data, password }));
  await new CredentialsFile(folder).change((data) => ({ ...data, tokens: [{ name: 'night', hash }] }));
  const data = await server.read();
  assert.equal(data.password, password);
  assert.equal(tokenName(data, token), 'night');
  assert.equal(tokenName(data, `${token.slice(0, -1)}~`), null);
  assert.equal(statSync(server.path).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(folder), ['operator.json']);
});

test('an invalid file grants no access until it is repaired', async (context) => {
  const file = new CredentialsFile(scratchFolder(context));
  for (const text of ['', '{"version":1}', '{"version":1,"password":"secret","tokens":[]}']) {
    writeFileSync(file.path, text);
    await assert.rejects(file.read(), { name: 'Problem', code: 'store' }, text);
    await assert.rejects(
      file.change((data) => data),
      { name: 'Problem' },
    );
  }
  rmSync(file.path);
  assert.equal((await file.read()).password, null);
});
