import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { keysIn } from './keys.js';
import type { Overlay } from './overlay.js';
import { Terminal } from './terminal.js';

test('keys have names, and unknown sequences are left out', () => {
  assert.deepEqual(keysIn('p2\x1b[A\x1b[5~\x1b[6~\r\x7f \x1b\x03Q'), [
    ...['p', '2', 'up', 'pgup', 'pgdn', 'enter', 'backspace', 'space', 'esc', 'ctrl-c', 'q'],
  ]);
  assert.deepEqual(keysIn('\x1b[1;5Cä\x1b[15~i'), ['ä', 'i']);
  assert.deepEqual(keysIn('\x1b[D\x1bOC\x1b[1;2D\x1b[1;2C\x1b[d\x1b[c\x1b[H\x1bOH\x1b[1~\x1b[7~'), [
    ...['left', 'right', 'shift-left', 'shift-right', 'shift-left', 'shift-right', 'home', 'home', 'home', 'home'],
  ]);
});

function open(tty: boolean): {
  keys: string[];
  input: PassThrough;
  terminal: Terminal;
  raw: boolean[];
  text: () => string;
} {
  const keys: string[] = [];
  const raw: boolean[] = [];
  const setRawMode = (mode: boolean): typeof input => {
    raw.push(mode);
    return input;
  };
  const input = Object.assign(new PassThrough(), { isTTY: tty, setRawMode: setRawMode as never });
  const output = Object.assign(new PassThrough(), { isTTY: tty, columns: 80 });
  const terminal = new Terminal({ input, output, onKey: (key) => keys.push(key), onEnd: () => keys.push('end') });
  terminal.open();
  return { keys, input, terminal, raw, text: () => String(output.read() ?? '') };
}

/** Resolves when the input written before has been read. */
const settled = (input: PassThrough): Promise<void> => new Promise((resolve) => input.once('pause', () => resolve()));

test('a line break in piped input completes a number and is not the Enter key', async () => {
  const { keys, input, terminal } = open(false);
  input.write('p\n2\n\n');
  input.end();
  await new Promise((resolve) => input.once('end', resolve));
  assert.deepEqual(keys, ['p', 'line-end', '2', 'line-end', 'enter', 'end']);
  terminal.close();
});

test('a terminal is raw while it is open, and has its mode before after that', async () => {
  const { input, terminal, raw, text } = open(true);
  const paused = settled(input);
  terminal.close();
  await paused;
  assert.deepEqual(raw, [true, false]);
  assert.ok(text().endsWith('\x1b[?25h'));
});

const overlay = (title: string): Overlay => ({ kind: 'menu', title, rows: [], hint: '', badge: '' });

test('in a terminal an overlay is drawn over the one before', () => {
  const { terminal, text } = open(true);
  terminal.show(overlay('First'), 'status');
  text();
  terminal.show(overlay('Second'), 'status');
  assert.ok(text().startsWith('\x1b[2A\r\x1b[J'));
  terminal.show(overlay('Second'), 'status');
  assert.equal(text(), '');
});

test('without a terminal each overlay is written once', () => {
  const { terminal, text } = open(false);
  terminal.show(overlay('First'), 'changes');
  terminal.show(overlay('First'), 'changed');
  terminal.show(null, '');
  terminal.show(overlay('Second'), '');
  assert.equal(text(), 'First\nSecond\n');
});

test('a terminal that is lent prints nothing itself, and still reports keys', async () => {
  const { keys, input, terminal, text } = open(true);
  terminal.show(overlay('Before'), '');
  text();
  const shown: string[] = [];
  terminal.lend((lent, status) => shown.push(`${lent?.title} ${status}`));
  terminal.show(overlay('During'), 'playing');
  input.write('p');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(shown, ['During playing']);
  assert.deepEqual(keys, ['p']);
  assert.equal(text(), '');
  terminal.lend(null);
  terminal.show(overlay('After'), '');
  assert.ok(text().startsWith('\x1b[1A\r\x1b[J'));
  terminal.close();
});
