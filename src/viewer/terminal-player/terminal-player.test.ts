import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { TerminalScreen } from '../../../test/support/terminal-screen.js';
import { PTS_MODULUS } from '../../base/units.js';
import type { Media } from '../players/player.js';
import type { Borrower } from '../terminal.js';
import type { DecoderOptions, TimedPicture } from './decoder.js';
import { TerminalPlayer } from './terminal-player.js';

const media: Media = { url: 'http://127.0.0.1/1.ts', title: 'One', format: 'h264', from: null, paused: false };

const picture = (time: number, grey: number): TimedPicture => ({
  time,
  width: 2,
  height: 2,
  data: new Uint8Array(12).fill(grey),
});

/** One that a test has in its hand. */
class HandDecoder {
  isHeld = false;
  isClosed = false;
  fail: (error: Error) => void = () => undefined;
  readonly ended: Promise<void>;

  constructor(readonly options: DecoderOptions) {
    this.ended = new Promise((_, reject) => {
      this.fail = reject;
    });
  }
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }
  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** A player in a terminal of 20 × 6 cells that answers nothing. */
async function started() {
  const timers = new HandTimers();
  const screen = new TerminalScreen(20, 6);
  const output = Object.assign(new PassThrough(), { columns: 20, rows: 6 });
  output.on('data', (text: Buffer) => screen.write(text.toString()));
  const decoders: HandDecoder[] = [];
  const told: string[] = [];
  let borrower: Borrower | null = null;
  const starting = TerminalPlayer.start({
    program: 'ffmpeg',
    terminal: {
      lend(next) {
        borrower = next;
        told.push(next ? 'lent' : 'given back');
      },
      type: (text) => void told.push(`typed ${text}`),
    },
    output,
    events: {
      onKey: () => undefined,
      onPicture: () => told.push('picture'),
      onClosed: () => told.push('closed'),
    },
    env: { COLORTERM: 'truecolor' },
    timers,
    decode(options) {
      const decoder = new HandDecoder(options);
      decoders.push(decoder);
      return decoder;
    },
  });
  timers.advance(300);
  const player = await starting;
  /** What was written has come. */
  const settled = (): Promise<void> => new Promise((resolve) => output.write('', () => setImmediate(resolve)));
  const shows = async (): Promise<number | null> => {
    await settled();
    return screen.cell(1, 10).back;
  };
  return { timers, screen, output, decoders, told, player, shows, settled, lent: () => borrower };
}

const grey = (value: number): number => value * 0x010101;

test('pictures are shown when it is their time; its place is told modulo 2^33, and what it holds', async (context) => {
  const { timers, decoders, told, player, shows } = await started();
  context.after(() => player.close());
  void player.play(media);
  const [decoder] = decoders;
  assert.deepEqual([await player.position(), await player.buffered()], [null, null]);
  decoder.options.onPicture(picture(-7_200, 10));
  decoder.options.onPicture(picture(0, 100));
  assert.deepEqual(told, ['lent', 'picture']);
  assert.equal(await shows(), grey(10));
  assert.deepEqual([await player.position(), await player.buffered()], [PTS_MODULUS - 7_200, 80]);
  timers.advance(80);
  assert.equal(await shows(), grey(100));
  assert.deepEqual([await player.position(), await player.buffered()], [0, 0]);
});

test('a few pictures are decoded ahead, no more', async (context) => {
  const { timers, decoders, player } = await started();
  context.after(() => player.close());
  void player.play({ ...media, paused: true });
  const [decoder] = decoders;
  for (let i = 0; i < 6; i++) decoder.options.onPicture(picture(i * 7_200, i));
  assert.equal(decoder.isHeld, false);
  decoder.options.onPicture(picture(6 * 7_200, 6));
  assert.equal(decoder.isHeld, true);
  player.resume();
  timers.advance(80);
  assert.equal(decoder.isHeld, false);
});

test('what begins paused shows its first picture; it goes on with the next one', async (context) => {
  const { timers, decoders, player, shows } = await started();
  context.after(() => player.close());
  void player.play({ ...media, paused: true });
  decoders[0].options.onPicture(picture(0, 10));
  decoders[0].options.onPicture(picture(3_600, 100));
  timers.advance(5_000);
  assert.equal(await shows(), grey(10));
  player.resume();
  timers.advance(40);
  assert.equal(await shows(), grey(100));
});

test('another station ends the decoder of the one before, whose picture stays until there is another', async (context) => {
  const { decoders, told, player, shows } = await started();
  context.after(() => player.close());
  const first = player.play(media);
  decoders[0].options.onPicture(picture(0, 10));
  void player.play(media);
  assert.equal(decoders[0].isClosed, true);
  decoders[0].options.onPicture(picture(3_600, 50));
  decoders[0].fail(new Error('killed'));
  await first;
  assert.equal(await shows(), grey(10));
  assert.equal(await player.position(), null);
  decoders[1].options.onPicture(picture(900_000, 100));
  assert.equal(await shows(), grey(100));
  assert.deepEqual(told, ['lent', 'picture', 'picture']);
});

test('a decoder that fails is told', async (context) => {
  const { decoders, player } = await started();
  context.after(() => player.close());
  const played = player.play(media);
  decoders[0].fail(new Error('no such option'));
  await assert.rejects(played, /no such option/);
});

test('keys are typed, answers are not; overlay and status are drawn', async (context) => {
  const { told, player, screen, settled, lent } = await started();
  context.after(() => player.close());
  lent()?.onInput('p\x1b[?62;4c\x1b_Gi=31;OK\x1b\\q');
  assert.deepEqual(told, ['lent', 'typed pq']);
  lent()?.onStatus('1 One');
  player.show({ kind: 'message', title: 'Tuning to One…', rows: [], hint: '', badge: '' });
  await settled();
  assert.deepEqual([screen.line(5), screen.line(6)], ['Tuning to One…', '1 One']);
});

test('in the end the terminal is as it was, and given back', async () => {
  const { player, screen, decoders, told, output } = await started();
  void player.play(media);
  decoders[0].options.onPicture(picture(0, 10));
  assert.equal(screen.modes.get(1049), true);
  const listeners = process.listenerCount('exit');
  await player.close();
  assert.equal(decoders[0].isClosed, true);
  assert.deepEqual(told, ['lent', 'picture', 'given back']);
  for (const [mode, isOn] of [
    [1049, false],
    [25, true],
    [7, true],
    [2026, false],
  ] as const) {
    assert.equal(screen.modes.get(mode), isOn, String(mode));
  }
  assert.equal(process.listenerCount('exit'), listeners - 1);
  assert.equal(output.listenerCount('resize'), 0);
});

test('a terminal that is gone ends the viewer', async (context) => {
  const { player, output, told } = await started();
  context.after(() => player.close());
  output.emit('error', new Error('EIO'));
  assert.deepEqual(told, ['lent', 'closed']);
});
