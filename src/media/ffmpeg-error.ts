import { constants } from 'node:os';

/** An FFmpeg call failed, as opposed to a fault of this program. */
export class FfmpegError extends Error {}

const NO_MEMORY = -constants.errno.ENOMEM;

/** Throws FfmpegError where `result`, the return value of an FFmpeg call, is negative; `what` names the call. */
export function check(result: number, what: string): void {
  if (result < 0)
    throw new FfmpegError(
      `${what} failed (${result === NO_MEMORY ? 'cannot allocate memory' : `FFmpeg error ${result}`})`,
    );
}
