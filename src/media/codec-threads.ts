/** Threads of decoders and encoders. */
import { availableParallelism } from 'node:os';

/**
 * Most threads of one codec: each holds pictures of its own, of 12 to 25 MB in 2160p. With as many threads as a large machine has
 * processors, a child would exceed its memory (4 GiB); with these it takes 3.3.
 */
export const MOST_THREADS = 16;

/** Threads of one codec: as x264 chooses by itself, three for two processors, up to MOST_THREADS. */
export const codecThreads = (processors = availableParallelism()): number =>
  Math.min(MOST_THREADS, Math.ceil(1.5 * processors));

/** Pixels of the pictures for which MOST_THREADS is meant. */
const PIXELS = 3_840 * 2_160;

/** Threads that decode pictures of that size: the larger they are, the fewer. */
export const decoderThreads = ({ width, height }: { width: number; height: number }): number =>
  Math.max(1, Math.min(codecThreads(), Math.floor((MOST_THREADS * PIXELS) / Math.max(1, width * height))));
