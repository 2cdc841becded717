import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TerminalScreen } from '../../../test/support/terminal-screen.js';
import { blocksRenderer, type Colours } from './blocks.js';
import { paletteColour } from './palette.js';
import type { Picture } from './picture.js';
import type { Place } from './place.js';

const place: Place = { row: 2, column: 3, columns: 4, rows: 2, visible: 2, cell: { width: 10, height: 20 } };

/** As many pixels as the place has, 0xRRGGBB each. */
const picture = (...colours: number[]): Picture => ({
  width: 4,
  height: 4,
  data: Uint8Array.from(colours.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])),
});

const film = [
  ...[0xff0000, 0xff0000, 0x00ff00, 0x000000],
  ...[0x0000ff, 0x0000ff, 0x00ff00, 0x00ff00],
  ...[0x123456, 0x00ff00, 0x00ff00, 0xffffff],
  ...[0x00ff00, 0x123456, 0x123456, 0xffffff],
];

/** The two colours of a cell, as they are seen. */
function seen(screen: TerminalScreen, row: number, column: number): (number | null)[] {
  const { text, front, back } = screen.cell(row, column);
  const halves: Record<string, (number | null)[]> = {
    '▀': [front, back],
    '▄': [back, front],
    '█': [front, front],
    ' ': [back, back],
  };
  return halves[text];
}

function assertShows(screen: TerminalScreen, wanted: (at: number) => number | null, { row, column }: Place): void {
  for (let y = 0; y < 2; y++) {
    for (let x = 0; x < 4; x++) {
      const at = 2 * y * 4 + x;
      assert.deepEqual(seen(screen, row + y, column + x), [wanted(at), wanted(at + 4)], `${x}, ${y}`);
    }
  }
}

for (const colours of ['all', '256'] satisfies Colours[]) {
  test(`each cell shows its two pixels, colours: ${colours}`, () => {
    const screen = new TerminalScreen(8, 4);
    const renderer = blocksRenderer(colours);
    screen.write(renderer.draw(picture(...film), place));
    const colour = (rgb: number): number =>
      colours === 'all' ? rgb : paletteColour(rgb >> 16, (rgb >> 8) & 255, rgb & 255);
    assertShows(screen, (at) => colour(film[at]), place);
    assert.equal(screen.overflows, 0);
    assert.deepEqual(screen.cell(1, 3), { text: ' ', front: null, back: null });

    const turned = [...film].reverse();
    screen.write(renderer.draw(picture(...turned), place));
    assertShows(screen, (at) => colour(turned[at]), place);
  });
}

test('only cells that have changed are written, and what nobody sees is no change', () => {
  const renderer = blocksRenderer('all');
  renderer.draw(picture(...film), place);
  assert.equal(renderer.draw(picture(...film), place), '');
  assert.equal(renderer.draw(picture(...film.map((colour) => colour ^ 0x040404)), place), '');
  const changed = [...film];
  changed[13] = 0xabcdef;
  assert.equal(renderer.draw(picture(...changed), place), '\x1b[3;4H\x1b[38;2;0;255;0;48;2;171;205;239m▀\x1b[0m');
});

test('many small changes are one that is seen', () => {
  const renderer = blocksRenderer('all');
  const grey = (value: number): Picture => picture(...new Array(16).fill(value * 0x010101));
  renderer.draw(grey(100), place);
  assert.equal(renderer.draw(grey(104), place), '');
  assert.notEqual(renderer.draw(grey(108), place), '');
});

test('rows that text has covered are drawn again, and all of them after they were erased', () => {
  const screen = new TerminalScreen(8, 4);
  const renderer = blocksRenderer('all');
  screen.write(renderer.draw(picture(...film), place));
  assert.equal(renderer.draw(picture(...film), { ...place, visible: 1 }), '');
  screen.write('\x1b[3;1H\x1b[2K');
  screen.write(renderer.draw(picture(...film), place));
  assertShows(screen, (at) => film[at], place);
  renderer.forget();
  const again = new TerminalScreen(8, 4);
  again.write(renderer.draw(picture(...film), place));
  assertShows(again, (at) => film[at], place);
});

test('of 256 colours the nearest is taken', () => {
  const cases: [number, number, number, number][] = [
    [0, 0, 0, 16],
    [255, 255, 255, 231],
    [255, 0, 0, 196],
    [95, 135, 175, 67],
    [8, 8, 8, 232],
    [128, 128, 128, 244],
    [238, 238, 238, 255],
    [100, 140, 170, 67],
  ];
  for (const [red, green, blue, colour] of cases) assert.equal(paletteColour(red, green, blue), colour);
});
