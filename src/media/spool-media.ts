/** From a source file to elementary streams on disk. Synchronous: it runs in a process of its own. */
import { SoundAlone } from './input/input.js';
import { isSlide } from './slide-pictures.js';
import type { Spool, SpoolOptions } from './spool.js';
import { spoolFilm } from './spool-film.js';
import { spoolJpeg } from './spool-jpeg.js';
import { spoolSlides } from './spool-slides.js';
import { spoolSound } from './spool-sound.js';

/**
 * Writes the elementary streams of `source` into `folder`: copied where receivers can play them as they are, encoded
 * otherwise. Throws a Problem of code `source` when the file cannot be used, the system's error when `folder` cannot be
 * written.
 */
export function spoolMedia(options: SpoolOptions): Spool {
  let reached = 0;
  const onProgress = (done: number) => {
    // Decoding order differs from presentation order, and encoding starts again where copying gave up.
    reached = Math.max(reached, Math.min(1, done));
    options.onProgress(reached);
  };
  const forward = { ...options, onProgress };
  if (options.pages !== undefined || isSlide(options.source)) return spoolSlides(forward);
  if (options.settings.format === 'jpeg') return spoolJpeg(forward);
  try {
    return spoolFilm(forward);
  } catch (error) {
    if (error instanceof SoundAlone) return spoolSound(forward);
    throw error;
  }
}
