import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { askSecretly, type SecretInput } from './secret.js';

class Terminal extends EventEmitter {
  raw = false;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  setEncoding(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

function ask() {
  const terminal = new Terminal();
  const abort = new AbortController();
  let shown = '';
  const show = (text: string) => {
    shown += text;
  };
  const answer = askSecretly('Password: ', abort.signal, terminal as unknown as SecretInput, show);
  return { terminal, abort, answer, shown: () => shown };
}

test('a line is read without being echoed', async () => {
  const { terminal, answer, shown } = ask();
  assert.equal(terminal.raw, true);
  for (const text of ['c', 'af', 'x', '\u007f', 'é', '\r']) terminal.emit('data', text);
  assert.equal(await answer, 'café');
  assert.equal(shown(), 'Password: \n');
  assert.equal(terminal.raw, false);
  assert.equal(terminal.listenerCount('data'), 0);
});

test('a line can be deleted, and be empty', async () => {
  const { terminal, answer } = ask();
  terminal.emit('data', 'wrong\u0015\n');
  assert.equal(await answer, '');
});

test('Ctrl-C and the end of the command both restore the terminal', async () => {
  const typed = ask();
  typed.terminal.emit('data', 'abc\u0003');
  await assert.rejects(typed.answer, { name: 'Problem' });
  assert.equal(typed.terminal.raw, false);
  const ended = ask();
  ended.abort.abort();
  await assert.rejects(ended.answer, { name: 'Problem' });
  assert.equal(ended.terminal.raw, false);
});
