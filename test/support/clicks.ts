/** Films whose sound is a click at known times, and the times at which the clicks of an AAC file are heard. */
import { spawnSync } from 'node:child_process';

const RATE = 48_000;
/** Louder than what an encoder adds around a click. */
const LOUD = 0.25;
/** Samples after a click in which its echo is no other. */
const ECHO = RATE / 20;

/** A source of FFmpeg's: for `seconds`, a click of 1 ms every quarter of a second from `first` (below 0.25) on. */
export const clicksSource = (seconds: number, first: number): string =>
  `aevalsrc='if(lt(mod(t+${0.25 - first},0.25),0.001),0.9,0)':s=${RATE}:d=${seconds}`;

/** Seconds from the beginning of the sound in `path` to each click. */
export function clicksOf(path: string): number[] {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-ac', '1', '-ar', `${RATE}`, '-f', 'f32le', '-'];
  const { stdout } = spawnSync('ffmpeg', args, { maxBuffer: 1 << 28 });
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
  const clicks: number[] = [];
  let quiet = 0;
  for (const [i, sample] of samples.entries()) {
    if (Math.abs(sample) < LOUD || i < quiet) continue;
    clicks.push(i / RATE);
    quiet = i + ECHO;
  }
  return clicks;
}
