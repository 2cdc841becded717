/** Checks of a source without decoding it: whether it can be read, and why FFmpeg refuses it. */
import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs';
import { fileProblem } from '../../base/file-problem.js';
import { systemPath } from '../../base/path-bytes.js';
import { Problem } from '../../base/problem.js';
import { topLevelBoxes } from './mov-boxes.js';

/** Throws a Problem of code `source` unless it is a readable file that is not empty; returns its bytes. */
export function checkSource(source: string): number {
  let stats: Stats;
  try {
    stats = statSync(systemPath(source));
    if (!stats.isDirectory()) accessSync(systemPath(source), constants.R_OK);
  } catch (error) {
    throw fileProblem(error, { code: 'source', path: source, access: 'read' });
  }
  if (stats.isDirectory()) throw new Problem('source', `${source}: is a folder`, 'Name a video file in it.');
  if (!stats.isFile()) throw new Problem('source', `${source}: is not a file`, 'Name a video file.');
  if (stats.size === 0) {
    throw new Problem('source', `${source}: the file is empty`, 'Copy or download it once more.');
  }
  return stats.size;
}

/** How lists of files begin: M3U and HLS, DASH, PLS, ASX, SMIL, XSPF, FFmpeg's own. */
const PLAYLIST = /^\ufeff?\s*(#EXTM3U|(<\?xml[^>]*>\s*)?<(MPD|asx|smil|playlist)\b|\[playlist\]|ffconcat )/i;

function isPlaylist(source: string): boolean {
  const file = openSync(systemPath(source), 'r');
  try {
    const beginning = Buffer.alloc(4_096);
    const length = readSync(file, beginning, 0, beginning.length, 0);
    return PLAYLIST.test(beginning.toString('utf8', 0, length));
  } finally {
    closeSync(file);
  }
}

/** The Problem for a file that FFmpeg refuses: an MP4 cut off or damaged, or no video. */
export function refused(source: string): Problem {
  const boxes = topLevelBoxes(source);
  if (boxes.includes('ftyp') || boxes.includes('mdat')) {
    if (!boxes.includes('moov')) {
      return new Problem(
        'source',
        `${source}: the file is cut off or not finished (an MP4 without its index, "moov")`,
        'Wait until it is written, or copy or download it once more.',
      );
    }
    return new Problem('source', `${source}: the MP4 file is damaged`, 'Copy or download it once more.');
  }
  if (isPlaylist(source)) {
    return new Problem('source', `${source}: is a list of other files (a playlist)`, 'Name the files that it lists.');
  }
  return new Problem(
    'source',
    `${source}: is not a file of video or sound of a known kind`,
    'Use MP4, MKV, WebM, TS, MOV, AVI, MP3, FLAC or another usual format.',
  );
}
