/**
 * The child process that makes thumbnails of the pictures on air, so that a hostile stream can crash nothing else.
 * Receives ThumbnailJob messages and answers each with one ThumbnailAnswer.
 */
import { constants, setPriority } from 'node:os';
import { messageOf, systemCode } from '../../base/problem.js';
import { residentMemory } from '../../base/resident-memory.js';
import type { ThumbnailAnswer, ThumbnailJob } from '../thumbnail-child.js';
import { endWithParent } from './end-with-parent.js';

// Stations on air come first.
setPriority(constants.priority.PRIORITY_LOW);
endWithParent();

async function answer({ format, picture, width }: ThumbnailJob): Promise<ThumbnailAnswer> {
  try {
    const [{ makeThumbnail }, { silenceLog }] = await Promise.all([
      import('../../media/pictures/thumbnail.js'),
      import('../../media/input/input.js'),
    ]);
    silenceLog();
    const thumbnail = makeThumbnail({ format, picture: Buffer.from(picture), width });
    return { thumbnail, memory: residentMemory() };
  } catch (error) {
    return systemCode(error) === 'ERR_MODULE_NOT_FOUND' ? { missing: true } : { failed: messageOf(error) };
  }
}

// The parent sends a job only after the answer to the one before.
process.on('message', async (job: ThumbnailJob) => process.send?.(await answer(job)));
process.on('disconnect', () => process.exit());
