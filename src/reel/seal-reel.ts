/** Sealing a whole reel: from then on, no bit of its properties and index changes unnoticed. */
import { join } from 'node:path';
import { replaceFile } from '../base/atomic-file.js';
import { type ReelManifest, sealedText } from './manifest.js';
import { measureIndex, readManifest } from './read-reel.js';
import { ReelFile } from './reel.js';

/** Seals the reel in `folder` as reel `id`; returns its properties. Rejects as `readReel` does, and with the system's error. */
export async function sealReel(folder: string, id: string): Promise<ReelManifest> {
  const manifest = { ...(await readManifest(folder)).manifest, id };
  const index = await measureIndex(folder, manifest);
  await replaceFile(join(folder, ReelFile.manifest), sealedText({ manifest, index }));
  return manifest;
}
