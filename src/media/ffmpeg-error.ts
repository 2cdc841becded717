/** An FFmpeg call failed, as opposed to a fault of this program. */
export class FfmpegError extends Error {}

/** Throws FfmpegError where `result`, the return value of an FFmpeg call, is negative; `what` names the call. */
export function check(result: number, what: string): void {
  if (result < 0) throw new FfmpegError(`${what} failed (FFmpeg error ${result})`);
}
