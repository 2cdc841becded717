/** The words of the command line as the system has them. */
import { readFileSync } from 'node:fs';
import { pathFrom } from '../base/path-bytes.js';

/** What Node.js puts in the place of bytes that are not UTF-8. */
const REPLACED = '\ufffd';

/** `words`, with names of files that are not UTF-8 as `pathFrom` writes them, where the system tells them: on Linux. */
export function exactWords(words: readonly string[], platform = process.platform): string[] {
  if (platform !== 'linux' || !words.some((word) => word.includes(REPLACED))) return [...words];
  return lastWords(readFileSync('/proc/self/cmdline'), words.length);
}

/** The last `count` words of a command line, each of which ends with a 0. */
export function lastWords(commandLine: Buffer, count: number): string[] {
  const words: string[] = [];
  for (let from = 0; from < commandLine.length; ) {
    const end = commandLine.indexOf(0, from);
    words.push(pathFrom(commandLine.subarray(from, end < 0 ? commandLine.length : end)));
    from = end < 0 ? commandLine.length : end + 1;
  }
  return words.slice(-count);
}
