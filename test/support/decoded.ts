/** What FFmpeg's player shows of a stream: the hash of each picture, in order. */
import { spawnSync } from 'node:child_process';
import type { SpooledVideo } from '../../src/media/spool.js';

/**
 * Hashes of the pictures of a file, or of a stream in Annex B, of H.264 by default. Throws with the messages that decoding them causes, unless those
 * are expected.
 */
export function shownPictures(
  input: string | Buffer,
  options: { isDamaged?: boolean; format?: 'h264' | 'hevc' } = {},
): string[] {
  const source = typeof input === 'string' ? ['-i', input] : ['-f', options.format ?? 'h264', '-i', '-'];
  const { stdout, stderr } = spawnSync(
    'ffmpeg',
    [
      '-v',
      'warning',
      ...source,
      '-map',
      '0:v:0',
      '-fps_mode',
      'passthrough',
      '-f',
      'framehash',
      '-hash',
      'murmur3',
      '-',
    ],
    { input: typeof input === 'string' ? undefined : input, maxBuffer: 1 << 28, encoding: 'utf8' },
  );
  if (stderr !== '' && !options.isDamaged) throw new Error(`ffmpeg: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // after stream, DTS, PTS, duration and size
  return lines.map((line) => line.split(',')[5]!.trim());
}

/** The access units of a spool, one after another. */
export function accessUnits({ open, sizes }: SpooledVideo): Buffer {
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  const reader = open();
  let at = 0;
  for (const size of sizes) {
    reader.read(bytes, at, size);
    at += size;
  }
  reader.close();
  return bytes;
}
