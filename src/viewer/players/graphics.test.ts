import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestGraphics } from './graphics.js';

const all = ['gpu', 'tct', 'sixel', 'kitty'];

test('the terminal is recognised by its environment, and drawn in with blocks when unknown', () => {
  for (const [env, graphics] of [
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-ghostty' }, 'kitty'],
    [{ TERM: 'foot' }, 'sixel'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }, 'sixel'],
    [{ TERM: 'xterm-256color' }, 'blocks'],
    [{}, 'blocks'],
  ] as const) {
    assert.equal(bestGraphics(env, all), graphics, JSON.stringify(env));
  }
});

test('inside tmux and screen only blocks are drawn', () => {
  for (const env of [
    { TERM: 'tmux-256color', KITTY_WINDOW_ID: '1' },
    { TERM: 'xterm-kitty', TMUX: '/tmp/tmux' },
  ]) {
    assert.equal(bestGraphics(env, all), 'blocks');
  }
});

test('an mpv without the output of the terminal draws blocks', () => {
  assert.equal(bestGraphics({ TERM: 'xterm-kitty' }, ['tct', 'sixel']), 'blocks');
  assert.equal(bestGraphics({ TERM: 'foot' }, ['tct', 'kitty']), 'blocks');
});
