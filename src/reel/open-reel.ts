/** Open reels, in any thread. */
import { closeSync, fstatSync } from 'node:fs';
import { isTransport } from '../wire/station-format.js';
import { JpegReel } from './jpeg-reel.js';
import type { Reel, ReelData } from './reel.js';
import { TsReel } from './ts-reel.js';
import type { FileIdentity } from './verifications.js';

/** A reel of either format that another thread has opened. */
export const reelOf = (data: ReelData): Reel =>
  isTransport(data.manifest.format) ? new TsReel(data) : new JpegReel(data);

/** Closes the reel's file for all threads: none may read it any more. */
export function closeReel(reel: Reel): void {
  closeSync(reel.data.descriptor);
}

/** The file that an open reel is read from, wherever it was moved meanwhile. */
export function openFileOf({ data }: Reel): FileIdentity {
  const { size, ino, mtimeMs } = fstatSync(data.descriptor);
  return { bytes: size, inode: ino, mtimeMs };
}

/** The number of that file: a reel that is made again has another. */
export const inodeOf = (reel: Reel): number => openFileOf(reel).inode;
