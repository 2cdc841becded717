/**
 * The boxes of MP4 and QuickTime files: what FFmpeg does not hand on, read from the file itself.
 *
 * ISO/IEC 14496-12, 4.2:
 *
 *     +----------------+----------------+ - - - - - - - - - - - - - - +
 *     | size: 32       | type: 4 chars  | largesize: 64, if size is 1 |
 *     +----------------+----------------+ - - - - - - - - - - - - - - +
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { systemPath } from '../../base/path-bytes.js';

/** Most boxes that are read of a file: far more than lie before its index; a hostile one may have millions. */
const MOST_BOXES = 20_000;

interface Box {
  type: string;
  /** Of the contents, in the file. */
  start: number;
  end: number;
}

/** Responsible for the boxes of an open file, up to MOST_BOXES of them in all. */
class BoxReader {
  readonly #file: number;
  readonly #header = Buffer.alloc(16);
  #left = MOST_BOXES;

  constructor(file: number) {
    this.#file = file;
  }

  /** The boxes from `start` to `end`, one after another; ends where there is none. */
  *boxes(start: number, end: number): Generator<Box, void, undefined> {
    for (let at = start; at + 8 <= end && this.#left-- > 0; ) {
      if (readSync(this.#file, this.#header, 0, 16, at) < 8) return;
      const type = this.#header.toString('latin1', 4, 8);
      if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return;
      const size = this.#header.readUInt32BE(0);
      const headerLength = size === 1 ? 16 : 8;
      const length = size === 1 ? Number(this.#header.readBigUInt64BE(8)) : size === 0 ? end - at : size;
      if (length < headerLength) return;
      yield { type, start: at + headerLength, end: Math.min(end, at + length) };
      at += length;
    }
  }

  /** The boxes at the end of `path`, such as `mdia/hdlr`, within `box`. */
  *within(box: Box, path: string): Generator<Box, void, undefined> {
    const [type, ...rest] = path.split('/');
    for (const inner of this.boxes(box.start, box.end)) {
      if (inner.type !== type) continue;
      if (rest.length === 0) yield inner;
      else yield* this.within(inner, rest.join('/'));
    }
  }

  /** The first `length` bytes of the contents of a box; zeros where it is shorter. */
  read(box: Box, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, Math.max(0, Math.min(length, box.end - box.start)), box.start);
    return bytes;
  }
}

function reading<T>(source: string, read: (reader: BoxReader, size: number) => T): T {
  const file = openSync(systemPath(source), 'r');
  try {
    return read(new BoxReader(file), fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

/** The types of a file's outermost boxes; empty where it has none. Throws the system's errors. */
export const topLevelBoxes = (source: string): string[] =>
  reading(source, (reader, size) => Array.from(reader.boxes(0, size), ({ type }) => type));

export interface MovTrack {
  /** ISO/IEC 14496-12, 8.4.3: "vide", "soun", "auxv" for pictures that belong to others, e.g. transparency. */
  handler: string;
  /** Whether its data are in another file. */
  isElsewhere: boolean;
}

/** The tracks of an MP4 or QuickTime file by track_ID; empty for other files. Throws the system's errors. */
export function movTracks(source: string): Map<number, MovTrack> {
  return reading(source, (reader, size) => {
    const tracks = new Map<number, MovTrack>();
    for (const outer of reader.boxes(0, size)) {
      if (outer.type !== 'moov') continue;
      for (const track of reader.within(outer, 'trak')) {
        const [header] = reader.within(track, 'tkhd');
        const [handler] = reader.within(track, 'mdia/hdlr');
        if (!header || !handler) continue;
        tracks.set(trackId(reader.read(header, 24)), {
          // version and flags, pre_defined, handler_type
          handler: reader.read(handler, 12).toString('latin1', 8),
          isElsewhere: isElsewhere(reader, track),
        });
      }
      break;
    }
    return tracks;
  });
}

/** ISO/IEC 14496-12, 8.3.2: version and flags, two times of 32 or 64 bits by the version, track_ID. */
const trackId = (header: Buffer): number => header.readUInt32BE(header[0] === 1 ? 20 : 12);

/**
 * ISO/IEC 14496-12, 8.7.2: a data reference without the flag "self-contained" names another file. One without contents
 * names none.
 */
function isElsewhere(reader: BoxReader, track: Box): boolean {
  for (const list of reader.within(track, 'mdia/minf/dinf/dref')) {
    // version and flags, entry_count
    for (const entry of reader.boxes(list.start + 8, list.end)) {
      const isSelfContained = (reader.read(entry, 4)[3]! & 1) === 1;
      if (!isSelfContained && entry.end - entry.start > 4) return true;
    }
  }
  return false;
}
