import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../base/units.js';
import { SESSION_LIFETIME, Sessions } from './sessions.js';

test('a session lasts twelve hours', () => {
  const sessions = new Sessions();
  const token = sessions.open('kept', Millis(1_000));
  assert.match(token, /^[\w-]{43}$/);
  assert.equal(sessions.isOpen(token, 'kept', Millis(1_000 + SESSION_LIFETIME - 1)), true);
  assert.equal(sessions.isOpen(token, 'kept', Millis(1_000 + SESSION_LIFETIME)), false);
  assert.equal(sessions.isOpen('a'.repeat(43), 'kept', Millis(1_000)), false);
});

test('a new password ends all sessions, a logout one', () => {
  const sessions = new Sessions();
  const one = sessions.open('kept', Millis(0));
  const two = sessions.open('kept', Millis(0));
  sessions.close(one);
  assert.equal(sessions.isOpen(one, 'kept', Millis(0)), false);
  assert.equal(sessions.isOpen(two, 'kept', Millis(0)), true);
  assert.equal(sessions.isOpen(two, 'another', Millis(0)), false);
});

test('the oldest of more than a hundred sessions is dropped', () => {
  const sessions = new Sessions();
  const tokens = Array.from({ length: 101 }, (_, at) => sessions.open('kept', Millis(at)));
  assert.deepEqual(
    [tokens[0]!, tokens[1]!, tokens[100]!].map((token) => sessions.isOpen(token, 'kept', Millis(200))),
    [false, true, true],
  );
});
