/** Threads of decoders and encoders. */
import { availableParallelism } from 'node:os';

/**
 * Most threads of one codec: each holds pictures of its own, which are 12 MB in 2160p, and with as many threads as a large
 * machine has processors a child would exceed its memory.
 */
export const MOST_THREADS = 16;

/** Threads of one codec: as x264 chooses by itself, three for two processors, up to MOST_THREADS. */
export const codecThreads = (processors = availableParallelism()): number =>
  Math.min(MOST_THREADS, Math.ceil(1.5 * processors));
