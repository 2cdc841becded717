import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memberships } from './memberships.js';

const at = '10.0.0.9';

/** A socket that keeps the system's rules; `refused` are the sources that it does not join. */
function socket(refused: readonly string[] = [], hasInterface = true) {
  /** Sources joined; null: any; undefined: not a member. */
  let joined: Set<string> | null | undefined;
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const memberships = new Memberships({
    join: () => {
      if (!hasInterface) fail('ENODEV');
      if (joined !== undefined) fail('EADDRINUSE');
      joined = null;
    },
    leave: () => {
      if (joined !== null) fail('EADDRNOTAVAIL');
      joined = undefined;
    },
    joinSource: (_, source) => {
      if (!hasInterface) fail('ENODEV');
      if (joined === null || refused.includes(source)) fail('EINVAL');
      joined ??= new Set();
      joined.add(source);
    },
    leaveSource: (_, source) => {
      if (!joined?.delete(source)) fail('EADDRNOTAVAIL');
      if (joined?.size === 0) joined = undefined;
    },
  });
  const lose = (): void => {
    joined = undefined;
  };
  return { memberships, lose, state: () => (joined ? [...joined].sort() : joined) };
}

test('sources are added and dropped, and any source is joined and left', () => {
  const { memberships, state } = socket();
  for (const sources of [['a'], ['a', 'b'], ['b', 'c'], null, null, ['a'], ['d'], [], ['a', 'b'], null]) {
    memberships.set(at, sources);
    assert.deepEqual(state(), sources === null || sources.length === 0 ? null : sources);
  }
});

test('a group that was left is joined again, for any source or for known ones', () => {
  for (const sources of [null, ['a', 'b']]) {
    const { memberships, state } = socket();
    memberships.set(at, sources);
    memberships.leave();
    memberships.leave();
    assert.equal(state(), undefined);
    memberships.set(at, sources);
    assert.deepEqual(state(), sources);
  }
});

test('a membership that has gone with its interface is left without an error', () => {
  const { memberships, state, lose } = socket();
  memberships.set(at, ['a', 'b']);
  lose();
  memberships.leave();
  memberships.set(at, ['a']);
  assert.deepEqual(state(), ['a']);
});

test('where the system refuses a source, any source is joined, for good', () => {
  const { memberships, state } = socket(['b']);
  memberships.set(at, ['a', 'b']);
  assert.equal(state(), null);
  memberships.set(at, ['a']);
  assert.equal(state(), null);
});

test('more sources than the system allows are any', () => {
  const { memberships, state } = socket();
  memberships.set(
    at,
    Array.from({ length: 11 }, (_, i) => `source ${i}`),
  );
  assert.equal(state(), null);
});

test('an interface that does not exist is an error, whichever sources are wanted', () => {
  for (const sources of [null, ['a']]) {
    assert.throws(() => socket([], false).memberships.set(at, sources), /ENODEV/);
  }
});
