/** What moves on the test card: a clock, a name and a bar, drawn as a board of lamps. */
import {
  ADVANCE,
  BOARD,
  type Box,
  drawGlyph,
  drawText,
  even,
  fill,
  LAMP_OFF,
  LAMP_ON,
  type Planes,
  ROWS,
  textWidth,
} from './lamps.js';

export const TEST_CARD_NAME = 'MultiStreamCast test card';

/** "00:00:12.28": hours, minutes, seconds and the number of the picture in its second. */
export function clockText(picture: number, framesPerSecond: number): string {
  const second = Math.floor(picture / framesPerSecond);
  const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return `${parts.map(two).join(':')}.${two(picture % framesPerSecond)}`;
}

/** The board within a picture. Redraws only what changes from one picture to the next. */
export class TestCardBoard {
  readonly #planes: Planes;
  readonly #framesPerSecond: number;
  readonly #pitch: number;
  readonly #bar: Box;
  readonly #clock: { left: number; top: number };
  #shown = '';

  /** Draws the empty board over what `planes` shows, in its middle. */
  constructor(planes: Planes, framesPerSecond: number) {
    this.#planes = planes;
    this.#framesPerSecond = framesPerSecond;
    const { width, height } = planes;
    const { length } = clockText(0, framesPerSecond);
    const pitch = even(width / (length * ADVANCE + 10));
    this.#pitch = pitch;
    const board = { width: even((length * ADVANCE + 3) * pitch), height: even(ROWS * pitch * 2.6) };
    const left = even((width - board.width) / 2);
    const top = even((height - board.height) / 2);
    fill(planes, { left, top, ...board }, BOARD);
    this.#clock = { left: left + pitch * 2, top: top + pitch * 5.2 };
    this.#bar = { left: left + pitch * 2, top: top + pitch * 14, width: board.width - pitch * 4, height: pitch * 2 };
    const small = Math.max(2, pitch * 0.4);
    const titleLeft = width / 2 - textWidth(TEST_CARD_NAME, small) / 2;
    drawText(planes, { text: TEST_CARD_NAME, left: titleLeft, top: top + pitch, pitch: small });
  }

  show(picture: number): void {
    const text = clockText(picture, this.#framesPerSecond);
    const pitch = this.#pitch;
    const { left, top } = this.#clock;
    for (let place = 0; place < text.length; place++) {
      if (text[place] === this.#shown[place]) continue;
      drawGlyph(this.#planes, { character: text[place], left: left + place * ADVANCE * pitch, top, pitch });
    }
    this.#shown = text;
    // Once a second from left to right; the last picture of a second fills it.
    const share = ((picture % this.#framesPerSecond) + 1) / this.#framesPerSecond;
    fill(this.#planes, this.#bar, LAMP_OFF);
    fill(this.#planes, { ...this.#bar, width: Math.round(this.#bar.width * share) }, LAMP_ON);
  }
}
