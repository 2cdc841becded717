/** A file's address for FFmpeg, which takes text in UTF-8 only. */
import { closeSync, openSync } from 'node:fs';
import { systemPath } from '../../base/path-bytes.js';

/** An address that FFmpeg can open until `release` is called. */
export interface FileUrl {
  url: string;
  release(): void;
}

/** Throws the system's error where a file whose name is not UTF-8 cannot be opened. */
export function fileUrl(path: string): FileUrl {
  const bytes = systemPath(path);
  // With "file:", a name that contains a colon or begins with a protocol is a file's name.
  if (typeof bytes === 'string') return { url: `file:${path}`, release: () => undefined };
  // Linux, the only one of our systems with such names, opens a file again by its descriptor: FFmpeg reads at a place of its own.
  const descriptor = openSync(bytes, 'r');
  return { url: `file:/proc/self/fd/${descriptor}`, release: () => closeSync(descriptor) };
}
