import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { TerminalScreen } from '../../../test/support/terminal-screen.js';
import type { Overlay } from '../overlay.js';
import type { ScreenOutput } from './alternate-screen.js';
import { Composition } from './composition.js';
import type { Picture } from './picture.js';
import type { Renderer } from './renderer.js';

const picture: Picture = { width: 160, height: 90, data: new Uint8Array(160 * 90 * 3) };

const menu = (...texts: string[]): Overlay => ({
  kind: 'menu',
  title: 'Paused',
  rows: texts.map((text) => ({ key: '', text, detail: '', marked: false, current: false })),
  hint: '',
  badge: '',
});

/** A terminal of 40 × 13 cells that takes what is written when the test says so. */
function composed({ answers = false } = {}) {
  const screen = new TerminalScreen(40, 13);
  const waiting: (() => void)[] = [];
  const output = Object.assign(new EventEmitter(), {
    columns: 40,
    rows: 13,
    written: [] as string[],
    write(text: string, onTaken: () => void) {
      output.written.push(text);
      screen.write(text);
      waiting.push(onTaken);
      return true;
    },
  });
  const drawn: string[] = [];
  const renderer: Renderer = {
    name: 'kitty',
    most: picture,
    enlarges: true,
    draw(_, { column, columns, rows, visible }) {
      drawn.push(`${columns}×${rows} at ${column}, ${visible} rows`);
      return '\x1b[1;1HP';
    },
    forget: () => drawn.push('forget'),
    end: '',
  };
  let onAnswer: () => void = () => undefined;
  const talk = {
    unanswered: 0,
    question() {
      talk.unanswered++;
      return '?';
    },
    setListener(listener: () => void) {
      onAnswer = listener;
    },
  };
  const cell = { width: 10, height: 20 };
  const composition = new Composition({
    output: output as unknown as ScreenOutput,
    renderer,
    cell,
    talk: answers ? talk : null,
  });
  const answer = (): void => {
    talk.unanswered--;
    onAnswer();
  };
  /** The terminal takes all that is written, and what is then written. */
  const settle = (): void => {
    while (waiting.length > 0) waiting.shift()?.();
  };
  return { screen, output, composition, settle, answer, drawn: () => drawn.splice(0), waiting };
}

test('text stands at the bottom, the picture above it is cut off there, and nothing scrolls', () => {
  const { screen, composition, settle, drawn } = composed();
  composition.setStatus('1 One');
  composition.setPicture(picture);
  settle();
  assert.deepEqual(drawn(), ['forget', 'forget', '40×11 at 1, 11 rows']);
  composition.setOverlay(menu('Exit', 'Change the station', 'Resume'));
  settle();
  assert.deepEqual(drawn(), ['40×11 at 1, 8 rows']);
  assert.deepEqual(
    [9, 10, 11, 12, 13].map((row) => screen.line(row)),
    ['Paused', '  Exit', '  Change the station', '  Resume', '1 One'],
  );
  composition.setOverlay(null);
  settle();
  assert.deepEqual(drawn(), ['40×11 at 1, 11 rows']);
  assert.deepEqual([screen.line(9), screen.line(12), screen.line(13)], ['', '', '1 One']);
  assert.equal(screen.overflows, 0);
});

test('only lines that have changed are written, and the picture only where its rows are other ones', () => {
  const { output, composition, settle, drawn } = composed();
  composition.setPicture(picture);
  composition.setOverlay(menu('One', 'Two'));
  settle();
  drawn();
  output.written.length = 0;
  composition.setOverlay(menu('One', 'Three'));
  settle();
  assert.deepEqual(output.written, ['\x1b[?2026h\x1b[12;1H\x1b[2K  Three\x1b[?2026l']);
  composition.setOverlay(menu('One', 'Three'));
  settle();
  assert.equal(output.written.length, 1);
  assert.deepEqual(drawn(), []);
});

test('while the terminal is busy nothing is written; then the last picture and the last text', () => {
  const { screen, output, composition, settle, drawn } = composed();
  composition.setPicture(picture);
  for (let i = 0; i < 100; i++) {
    composition.setPicture({ ...picture, height: 90 - i / 10 });
    composition.setStatus(`status ${i}`);
  }
  assert.equal(output.written.length, 1);
  settle();
  assert.equal(output.written.length, 2);
  assert.equal(screen.line(13), 'status 99');
  assert.equal(drawn().filter((text) => text !== 'forget').length, 2);
});

test('a terminal that says how far it has come has two drawings on the way to it, no more', () => {
  const { output, composition, settle, answer } = composed({ answers: true });
  for (let i = 0; i < 10; i++) {
    composition.setPicture({ ...picture });
    settle();
  }
  assert.equal(output.written.length, 2);
  answer();
  assert.equal(output.written.length, 3);
  settle();
  answer();
  answer();
  answer();
  assert.equal(output.written.length, 3); // It has the last of them.
});

test('in another size everything is drawn anew', () => {
  const { screen, output, composition, settle, drawn } = composed();
  composition.setStatus('1 One');
  composition.setPicture(picture);
  settle();
  drawn();
  Object.assign(output, { columns: 20, rows: 6 });
  screen.resize(20, 6);
  composition.resize();
  settle();
  assert.deepEqual(drawn(), ['forget', '18×5 at 2, 5 rows']);
  assert.equal(screen.line(6), '1 One');
  assert.equal(screen.overflows, 0);
});

test('a overlay that is higher than the terminal is cut off, and covers the picture', () => {
  const { screen, composition, settle, drawn } = composed();
  composition.setPicture(picture);
  composition.setOverlay(menu(...Array.from({ length: 30 }, (_, at) => `Row ${at}`)));
  settle();
  assert.equal(drawn().at(-1), '40×11 at 1, 1 rows');
  assert.equal(screen.line(2), 'Paused');
  assert.equal(screen.line(12), '  Row 9');
  assert.equal(screen.overflows, 0);
});

test('what is closed draws no more', () => {
  const { output, composition, settle } = composed();
  composition.setPicture(picture);
  composition.close();
  composition.setPicture({ ...picture });
  settle();
  assert.equal(output.written.length, 1);
});
