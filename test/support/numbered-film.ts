/** A film whose pictures show their numbers, readable from a screen. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

export const NUMBERED_RATE = 25;
/** Bars at the bottom of each picture, white or black: the bits of its number, the lowest at the left. */
const BITS = 10;
const SIZE = { width: 320, height: 180, bars: 30 };

/** Its pictures without end, for FFmpeg's `lavfi`. */
export function numberedSource(): string {
  const { width, height, bars } = SIZE;
  // One pixel a bar, enlarged: several times as fast as full size.
  const rows = height / bars;
  const luma = `if(lt(Y,${rows - 1}),128,if(mod(floor(N/pow(2,X)),2),235,16))`;
  const drawn = `color=gray:s=${BITS}x${rows}:r=${NUMBERED_RATE},format=gray,geq=lum='${luma}'`;
  return `${drawn},scale=${width}:${height}:flags=neighbor:in_range=tv:out_range=tv,setsar=1,format=yuv420p`;
}

/** With a tone. Needs ffmpeg. `seconds`: at most 40, because the numbers repeat after that. */
export function makeNumberedFilm(path: string, seconds: number): string {
  const inputs = ['-f', 'lavfi', '-i', numberedSource(), '-f', 'lavfi', '-i', 'sine=440:r=48000'];
  const video = ['-c:v', 'libx264', '-g', '75', '-bf', '2', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
  const words = ['-v', 'error', ...inputs, '-t', String(seconds), ...video, '-c:a', 'aac', path];
  const { status, stderr } = spawnSync('ffmpeg', words);
  assert.equal(status, 0, String(stderr));
  return path;
}

/**
 * The number of the picture that fills a screen; null where it is not one of the film's.
 * @param lumaAt brightness, 0 to 255, at a point with coordinates 0 to 1 from the left and from the top
 */
export function readNumber(lumaAt: (x: number, y: number) => number): number | null {
  const isGray = (luma: number) => luma > 80 && luma < 175;
  // Near the edge, because a menu may cover the middle.
  if (!isGray(lumaAt(0.005, 0.78))) return null;
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const luma = lumaAt((bit + 0.5) / BITS, 1 - SIZE.bars / 2 / SIZE.height);
    if (isGray(luma)) return null;
    if (luma >= 175) number += 2 ** bit;
  }
  return number;
}

/** The same as a script for pages: `numberOn(element)` of a video element or a canvas. */
export const numberOnScript = `
  globalThis.numberOn = (element) => {
    const canvas = new OffscreenCanvas(${SIZE.width / 2}, ${SIZE.height / 2});
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(element, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const lumaAt = (x, y) => data[(Math.floor(y * canvas.height) * canvas.width + Math.floor(x * canvas.width)) * 4 + 1];
    const [BITS, SIZE] = ${JSON.stringify([BITS, SIZE])};
    return (${readNumber})(lumaAt);
  };
`;
