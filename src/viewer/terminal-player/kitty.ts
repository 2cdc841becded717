/**
 * Pictures in kitty's graphics protocol, which Ghostty, WezTerm and Konsole speak too:
 * https://sw.kovidgoyal.net/kitty/graphics-protocol/
 */
import { cropped, type Picture, scaled } from './picture.js';
import type { Place } from './place.js';
import { pngOf } from './png.js';
import { moveTo, type Renderer } from './renderer.js';

/** Of our one picture: each replaces the one before. */
const IMAGE_ID = 7_405;
/** Most characters of base64 in one escape code. */
const CHUNK = 4096;

/** ESC _ G keys ; payload ESC \ */
const code = (keys: string, payload = ''): string => `\x1b_G${keys}${payload === '' ? '' : `;${payload}`}\x1b\\`;

/** Takes every picture with that number away and frees its memory. */
const deleted = code(`a=d,d=I,i=${IMAGE_ID},q=2`);

/** The terminal scales, so a picture is sent as it is decoded, or smaller where the line is slow. */
export const kittyRenderer = (): Renderer => ({
  name: 'kitty',
  most: { width: 640, height: 360 },
  enlarges: true,
  draw(picture, place, share = 1) {
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * share)));
    return kittyOf(scaled(picture, { width, height }), place);
  },
  forget: () => undefined,
  end: deleted,
});

/** The rows of the picture that are seen, scaled to their cells by the terminal. */
export function kittyOf(picture: Picture, place: Place): string {
  if (place.visible === 0) return deleted;
  const rows = Math.max(1, Math.round((picture.height * place.visible) / place.rows));
  const payload = pngOf(cropped(picture, rows)).toString('base64');
  // a=T transmit and show, f=100 PNG, C=1 the cursor stays, q=2 the terminal answers nothing
  const keys = `a=T,f=100,i=${IMAGE_ID},p=1,c=${place.columns},r=${place.visible},C=1,q=2`;
  let text = moveTo(place.row, place.column);
  for (let at = 0; at < payload.length; at += CHUNK) {
    const more = at + CHUNK < payload.length ? 1 : 0;
    text += code(at === 0 ? `${keys},m=${more}` : `m=${more},q=2`, payload.slice(at, at + CHUNK));
  }
  return text;
}
