/** The test card: colour bars with a running clock, and a tone with a pip at each second. */
import { Frame } from 'node-av/lib';
import { FilterChain } from './filters.js';
import { FRAMES_PER_SECOND, HEIGHT, WIDTH, writeGeneratedFilm } from './generated-film.js';
import { silenceLog } from './input.js';
import { TEST_CARD_NAME, TestCardBoard } from './test-card-picture.js';

/** Hz; both have whole periods in a second, so that a loop does not click. */
const TONE = 440;
const PIP = 1_760;
const TONE_LEVEL = 0.06;
const PIP_LEVEL = 0.2;
/** Seconds. */
const PIP_LENGTH = 0.08;

/** Writes a film of whole `seconds` to `path`; its kind follows from the extension (.mp4, .mkv, .ts). */
export function makeTestCard({ path, seconds }: { path: string; seconds: number }): void {
  silenceLog();
  const planes = { width: WIDTH, height: HEIGHT, data: colourBars() };
  const board = new TestCardBoard(planes, FRAMES_PER_SECOND);
  const show = (picture: number) => board.show(picture);
  writeGeneratedFilm({ path, seconds, title: TEST_CARD_NAME, planes, show, sound: tone });
}

function colourBars(): Buffer {
  const chain = new FilterChain({
    kind: 'video',
    source: `smptehdbars=size=${WIDTH}x${HEIGHT}:rate=${FRAMES_PER_SECOND}`,
    filters: ['format=pix_fmts=yuv420p'],
  });
  const frame = new Frame();
  frame.alloc();
  try {
    if (!chain.take(frame)) throw new Error('no colour bars');
    return frame.toBuffer();
  } finally {
    frame.free();
    chain.free();
  }
}

function tone(time: number): number {
  const inSecond = time % 1;
  const value = TONE_LEVEL * Math.sin(2 * Math.PI * TONE * time);
  if (inSecond >= PIP_LENGTH) return value;
  return value + PIP_LEVEL * Math.sin((Math.PI * inSecond) / PIP_LENGTH) * Math.sin(2 * Math.PI * PIP * time);
}
