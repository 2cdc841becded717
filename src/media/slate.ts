/** The slate: what is shown while a station has nothing else to show. A board that says so, and silence. */
import { HEIGHT, WIDTH, writeGeneratedFilm } from './generated-film.js';
import { BOARD, drawText, even, ROWS, textWidth } from './lamps.js';

export const SLATE_TEXT = 'Back soon';
/** Of the picture's width. */
const TEXT_WIDTH = 0.6;
/** Colours of the background: a dark blue. */
const CB = 136;
const CR = 124;

/** Writes a film of whole `seconds` to `path`; its kind follows from the extension (.mp4, .mkv, .ts). */
export function makeSlate({ path, seconds }: { path: string; seconds: number }): void {
  writeGeneratedFilm({ path, seconds, title: SLATE_TEXT, planes: slatePicture() });
}

function slatePicture() {
  const data = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, BOARD);
  data.fill(CB, WIDTH * HEIGHT, (WIDTH * HEIGHT * 5) / 4);
  data.fill(CR, (WIDTH * HEIGHT * 5) / 4);
  const planes = { width: WIDTH, height: HEIGHT, data };
  const pitch = even((WIDTH * TEXT_WIDTH) / textWidth(SLATE_TEXT, 1));
  const left = even((WIDTH - textWidth(SLATE_TEXT, pitch)) / 2);
  const top = even((HEIGHT - ROWS * pitch) / 2);
  drawText(planes, { text: SLATE_TEXT, left, top, pitch });
  return planes;
}
