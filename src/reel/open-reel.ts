/** Open reels, in any thread. */
import { closeSync } from 'node:fs';
import { JpegReel } from './jpeg-reel.js';
import type { Reel, ReelData } from './reel.js';
import { TsReel } from './ts-reel.js';

/** A reel of either format that another thread has opened. */
export const reelOf = (data: ReelData): Reel =>
  data.manifest.format === 'h264' ? new TsReel(data) : new JpegReel(data);

/** Closes the reel's file for all threads: none may read it any more. */
export function closeReel(reel: Reel): void {
  closeSync(reel.data.descriptor);
}
