/**
 * The child process that makes thumbnails out of what stations send, so that a hostile stream can take nothing down with
 * it. Messages to it: ThumbnailJob. From it: one ThumbnailAnswer for each.
 */
import { constants, setPriority } from 'node:os';
import { systemCode } from '../../base/problem.js';
import type { ThumbnailAnswer, ThumbnailJob } from '../thumbnail-child.js';

// Stations are on the air meanwhile: they come first.
setPriority(constants.priority.PRIORITY_LOW);

async function answer({ format, picture, width }: ThumbnailJob): Promise<ThumbnailAnswer> {
  try {
    const [{ makeThumbnail }, { silenceLog }] = await Promise.all([
      import('../../media/thumbnail.js'),
      import('../../media/input.js'),
    ]);
    silenceLog();
    const still = makeThumbnail({ format, picture: Buffer.from(picture), width });
    return { still, memory: process.memoryUsage.rss() };
  } catch (error) {
    if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') return { missing: true };
    // A picture that FFmpeg makes nothing of is not a fault of the process.
    return { still: null, memory: process.memoryUsage.rss() };
  }
}

// The parent sends one job after the other's answer.
process.on('message', async (job: ThumbnailJob) => process.send?.(await answer(job)));
process.on('disconnect', () => process.exit());
