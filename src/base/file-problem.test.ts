import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileProblem } from './file-problem.js';
import { Problem } from './problem.js';

const systemError = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

for (const access of ['read', 'write'] as const) {
  test(`a system error in a ${access} is a problem with path, cause and next step`, () => {
    for (const code of [
      'EMFILE',
      'EACCES',
      'EPERM',
      'EIO',
      'ESTALE',
      'ENOENT',
      'ENOTDIR',
      'ENOSPC',
      'EROFS',
      'EBUSY',
    ]) {
      const cause = systemError(code);
      const problem = fileProblem(cause, { code: 'store', path: '/a/store', access, option: '--store' });
      assert.ok(problem instanceof Problem);
      assert.equal(problem.code, 'store');
      assert.equal(problem.cause, cause);
      assert.match(problem.message, new RegExp(`^/a/store: .*${code}`));
      assert.match(problem.next, /^[A-Z].*\.$/);
    }
  });
}

test('an option that chooses the folder is part of the next step', () => {
  const options = { code: 'store', path: '/a', access: 'write', option: '--config' } as const;
  for (const code of ['ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR']) {
    assert.match((fileProblem(systemError(code), options) as Problem).next, /--config\.$/);
  }
});

test('an error that is no system error is returned as it is', () => {
  const options = { code: 'store', path: '/a', access: 'read' } as const;
  for (const error of [new TypeError('x'), systemError('ERR_INVALID_ARG_TYPE'), new Problem('usage', 'a', 'B.'), 1]) {
    assert.equal(fileProblem(error, options), error);
  }
});
