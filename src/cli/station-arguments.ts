/** Sources on the command line as stations of a configuration. */
import { existsSync } from 'node:fs';
import { systemPath } from '../base/path-bytes.js';
import { Problem } from '../base/problem.js';
import type { SlateConfig, StationConfig } from '../server/config.js';

/** "NAME=PATH" names what lies at the path, unless a file of that whole name exists. */
function splitName(word: string): { name?: string; path: string } {
  const at = word.indexOf('=');
  if (at <= 0 || existsSync(systemPath(word))) return { path: word };
  return { name: word.slice(0, at).trim(), path: word.slice(at + 1) };
}

/** A station for each word; their groups count up from `group` where it is given. Throws a Problem where there are not enough. */
export const stationsOf = (words: readonly string[], group?: string): StationConfig[] =>
  words.map((word, index) => {
    const { name, path } = splitName(word);
    return { name, source: path, ...(group !== undefined && { group: groupAfter(group, index) }) };
  });

export const slatesOf = (words: readonly string[]): SlateConfig[] =>
  words.map((word) => {
    const { name, path } = splitName(word);
    return { name, file: path };
  });

function groupAfter(first: string, steps: number): string {
  const number = Buffer.from(first.split('.').map(Number)).readUInt32BE(0) + steps;
  if (number > 0xefff_ffff) {
    throw new Problem('network', `there are no ${steps + 1} groups from ${first} on`, 'Begin lower with --group.');
  }
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}
