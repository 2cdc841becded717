/** The poster: one picture of a film, for lists and pages. */
import { rmSync, writeFileSync } from 'node:fs';
import { Frame } from 'node-av/lib';
import { isSystemError } from '../../base/file-problem.js';
import { Problem } from '../../base/problem.js';
import { Decoder } from '../decoder.js';
import { FfmpegError } from '../ffmpeg-error.js';
import { MediaInput } from '../input/input.js';
import { ratioOf } from '../ratio.js';
import { jpegOf, openScaling } from './jpeg-of.js';
import { orientationOf } from './orientation.js';

const WIDEST = 640;
/** Parts of the film to look at, the most promising first. */
const positions = [0.1, 0.2, 0.35, 0.5, 0];
/** Pictures decoded at each position; the one with most contrast counts. */
const TRIES = 3;
/** Standard deviation of the luma, 0 to 127, that is enough: black, fog and plain titles have less. */
const ENOUGH_CONTRAST = 24;
/** FFmpeg's scale of 1 (best) to 31. */
const QUALITY = 4;

/**
 * Writes a JPEG, at most 640 pixels wide, of a picture with enough contrast to recognise the film. Leaves no file at
 * `path` where the source gives no picture, FFmpeg fails or the disk refuses: a film goes on air without its poster.
 */
export function makePoster(options: { source: string; path: string }): void {
  const { source, path } = options;
  try {
    const jpeg = bestPicture(source);
    if (jpeg) writeFileSync(path, jpeg);
  } catch (error) {
    // No poster is better than half a one.
    rmSync(path, { force: true });
    const isExpected = error instanceof Problem || error instanceof FfmpegError || isSystemError(error);
    if (!isExpected) throw error;
  }
}

/** A poster of `frame`, which has square pixels or the shape that it says; null where FFmpeg fails. */
export function posterOf(frame: Frame): Buffer | null {
  const out = new Frame();
  out.alloc();
  const chain = openScaling(frame, { widest: WIDEST, sampleAspectRatio: ratioOf(frame.sampleAspectRatio) ?? [1, 1] });
  try {
    chain.put(frame);
    chain.put(null);
    return chain.take(out) ? jpegOf(out, QUALITY) : null;
  } finally {
    chain.free();
    out.free();
  }
}

function bestPicture(source: string): Buffer | null {
  let best: { jpeg: Buffer; contrast: number } | null = null;
  for (const position of positions) {
    const candidate = pictureAt(source, position);
    if (candidate === null) continue;
    if (best === null || candidate.contrast > best.contrast) best = candidate;
    if (best.contrast >= ENOUGH_CONTRAST) break;
  }
  return best?.jpeg ?? null;
}

/** Of the first pictures from `position` (0 to 1) on, the one with most contrast. */
function pictureAt(source: string, position: number): { jpeg: Buffer; contrast: number } | null {
  const input = new MediaInput(source);
  const out = new Frame();
  let decoder: Decoder | null = null;
  let best: { jpeg: Buffer; contrast: number } | null = null;
  const orientation = orientationOf(input.video.codecpar);
  try {
    input.skipAudio();
    if (position > 0 && !input.seek(input.duration * position)) return null;
    out.alloc();
    let tries = 0;
    const look = (frame: Frame) => {
      if (tries++ >= TRIES) return;
      const sampleAspectRatio = ratioOf(input.video.sampleAspectRatio) ?? ratioOf(frame.sampleAspectRatio) ?? [1, 1];
      const chain = openScaling(frame, {
        widest: WIDEST,
        sampleAspectRatio,
        container: input.video.codecpar,
        orientation,
      });
      try {
        chain.put(frame);
        chain.put(null);
        if (!chain.take(out)) return;
        const contrast = contrastOf(out);
        if (best === null || contrast > best.contrast) best = { jpeg: jpegOf(out, QUALITY), contrast };
      } finally {
        chain.free();
        out.unref();
      }
    };
    const used = new Decoder(input.video, source);
    decoder = used;
    input.forEachPacket(({ packet, isVideo }) => {
      if (isVideo) used.decode(packet, look);
      return tries < TRIES;
    });
    if (tries < TRIES) used.decode(null, look);
    return best;
  } finally {
    decoder?.free();
    out.free();
    input.close();
  }
}

/** Standard deviation of the luma. */
function contrastOf(frame: Frame): number {
  const luma = frame.data?.[0];
  if (!luma) return 0;
  const stride = frame.linesize[0]!;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let y = 0; y < frame.height; y += 4) {
    for (let x = 0; x < frame.width; x += 4) {
      const value = luma[y * stride + x]!;
      sum += value;
      squares += value * value;
      count++;
    }
  }
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}
