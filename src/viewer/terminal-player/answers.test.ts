import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { type Abilities, abilitiesOf, noAbilities, QUESTIONS, split } from './answers.js';
import { rendererFor } from './graphics.js';
import { Talk } from './talk.js';

const kitty = '\x1b_Gi=31;OK\x1b\\';
const trueColour = '\x1bP1$r0;48:2::1:2:3m\x1b\\';
const cell = '\x1b[6;21;9t';
const window = '\x1b[4;800;960t\x1b[8;40;120t';
const plain = '\x1b[?62;22c';
const sixel = '\x1b[?62;4;22c';

test('a terminal is what it says it is', () => {
  const cases: [string, Partial<Abilities>][] = [
    ['', {}],
    [plain, { answers: true }],
    [sixel, { answers: true, sixel: true }],
    ['\x1b[?4;1c', { answers: true }], // It is a terminal of class 4.
    [kitty + plain, { answers: true, kitty: true }],
    ['\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\', {}],
    [trueColour, { trueColour: true }],
    ['\x1bP1$r0;48;2;1;2;3m\x1b\\', { trueColour: true }],
    ['\x1bP1$r0;48;5;16m\x1b\\', {}],
    ['\x1bP0$r\x1b\\', {}],
    [cell, { cell: { width: 9, height: 21 } }],
    [window, { cell: { width: 8, height: 20 } }],
    [window + cell, { cell: { width: 9, height: 21 } }],
    ['\x1b[6;0;0t', {}],
    ['\x1b[4;0;0t\x1b[8;24;80t', {}],
  ];
  for (const [text, expected] of cases) {
    const { answers, typed, begun } = split(text);
    assert.equal(typed + begun, '');
    assert.deepEqual(abilitiesOf(answers), { ...noAbilities, ...expected }, JSON.stringify(text));
  }
});

test('answers are taken out of what is typed, keys are left in it', () => {
  const keys = 'p\x1b[A\x1b[5~\x1b[1;2C\x1b[c\x1bOH\x1bq 1';
  assert.deepEqual(split(`p${kitty}${keys}${sixel}q\x1b[0n`), {
    answers: [kitty, sixel, '\x1b[0n'],
    typed: `p${keys}q`,
    begun: '',
  });
});

test('it does not matter where what comes is torn apart', () => {
  const part = fc.constantFrom(
    kitty,
    trueColour,
    cell,
    plain,
    sixel,
    '\x1b[0n',
    'p',
    'q',
    '\x1b[A',
    '\x1b[1;2D',
    ' ',
    'ä',
  );
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(200)), (parts, cuts) => {
      const text = parts.join('');
      const whole = split(text);
      const ends = [...new Set([...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b);
      const torn = { answers: [] as string[], typed: '', begun: '' };
      let from = 0;
      for (const end of ends) {
        const { answers, typed, begun } = split(torn.begun + text.slice(from, end));
        torn.answers.push(...answers);
        torn.typed += typed;
        torn.begun = begun;
        from = end;
      }
      assert.deepEqual(torn, whole);
    }),
  );
});

test('no text stops it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\x1b', '[', '_', 'P', 'G', '$', 'r', '\\', '?', ';', '1', 'c', 'n', 'x') }),
      (text) => {
        const { answers, typed, begun } = split(text);
        assert.equal(answers.join('').length + typed.length + begun.length, text.length);
        abilitiesOf(answers);
      },
    ),
  );
});

function talking() {
  const timers = new HandTimers();
  let [written, typed] = ['', ''];
  const talk = new Talk({
    timers,
    write: (text) => {
      written += text;
    },
    onTyped: (text) => {
      typed += text;
    },
  });
  return { timers, talk, written: () => written, typed: () => typed };
}

test('asking ends with the last answer', async () => {
  const { talk, timers, written, typed } = talking();
  const asked = talk.ask(300);
  assert.equal(written(), QUESTIONS);
  talk.take(`q${kitty}`);
  talk.take(`${plain}p`);
  assert.deepEqual(await asked, { ...noAbilities, kitty: true, answers: true });
  assert.equal(typed(), 'qp');
  assert.equal(timers.pending, 0);
});

test('a terminal that does not answer is asked for 300 ms, and what it says later is no key', async () => {
  const { talk, timers, typed } = talking();
  const asked = talk.ask(300);
  timers.advance(300);
  assert.deepEqual(await asked, noAbilities);
  talk.take(`${kitty}${sixel}`);
  assert.equal(typed(), '');
});

test('the Escape key is heard when nothing follows', () => {
  const { talk, timers, typed } = talking();
  talk.take('\x1b');
  assert.equal(typed(), '');
  timers.advance(50);
  assert.equal(typed(), '\x1b');
  talk.take('\x1b');
  talk.take('[0');
  talk.take('nq');
  assert.equal(typed(), '\x1bq');
  assert.equal(timers.pending, 0);
});

test('how far the terminal has come is counted, and an answer that is lost is not waited for', async () => {
  const { talk, timers } = talking();
  let told = 0;
  talk.setListener(() => told++);
  talk.question();
  talk.question();
  assert.equal(talk.unanswered, 2);
  talk.take('\x1b[0n');
  assert.deepEqual([talk.unanswered, told], [1, 1]);
  const quiet = talk.quiet();
  timers.advance(2_000);
  await quiet;
  assert.equal(talk.unanswered, 0);
  await talk.quiet();
});

test('the best way is taken, the one that is wanted before, half blocks inside another terminal', () => {
  const both: Abilities = { ...noAbilities, kitty: true, sixel: true };
  assert.equal(rendererFor(both, undefined, {}).name, 'kitty');
  assert.equal(rendererFor({ ...both, kitty: false }, undefined, {}).name, 'sixel');
  assert.equal(rendererFor(noAbilities, undefined, {}).name, 'blocks');
  for (const env of [{ TMUX: '/tmp/tmux-0/default,1,0' }, { STY: '1.pts-0.host' }, { TERM: 'screen-256color' }]) {
    assert.equal(rendererFor(both, undefined, env).name, 'blocks');
    assert.equal(rendererFor(noAbilities, 'sixel', env).name, 'sixel');
  }
});

test('24 bits of colour are used where the terminal or its environment says so', () => {
  const red = { width: 1, height: 2, data: Uint8Array.from([255, 0, 0, 255, 0, 0]) };
  const place = { row: 1, column: 1, columns: 1, rows: 1, visible: 1, cell: { width: 10, height: 20 } };
  const drawn = (said: Abilities, env: NodeJS.ProcessEnv): string => rendererFor(said, 'blocks', env).draw(red, place);
  const all = '\x1b[1;1H\x1b[48;2;255;0;0m \x1b[0m';
  assert.equal(drawn({ ...noAbilities, trueColour: true }, {}), all);
  assert.equal(drawn(noAbilities, { COLORTERM: 'truecolor' }), all);
  assert.equal(drawn(noAbilities, { COLORTERM: '24bit' }), all);
  assert.equal(drawn(noAbilities, { COLORTERM: 'yes' }), '\x1b[1;1H\x1b[48;5;196m \x1b[0m');
});
