/** FFmpeg's program, for media that `makeSource` does not make. */
import { execFileSync } from 'node:child_process';

/** Runs it to its end. Throws with its messages when it fails. */
export function ffmpeg(...words: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
}
