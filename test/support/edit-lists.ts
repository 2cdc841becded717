/** MP4 files whose edit lists are replaced: ISO/IEC 14496-12, 8.6.6. The tracks are those of FFmpeg's muxer. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Milliseconds. A part of the media is played for `duration` from `from` on; null for an empty edit: nothing is played. */
export interface Edit {
  duration: number;
  from: number | null;
}

const HEADER = 8;

interface Box {
  type: string;
  start: number;
  end: number;
}

function boxesOf(bytes: Buffer, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at + HEADER <= end; ) {
    const size = bytes.readUInt32BE(at);
    boxes.push({ type: bytes.toString('latin1', at + 4, at + HEADER), start: at, end: at + size });
    at += size;
  }
  return boxes;
}

const child = (bytes: Buffer, { start, end }: Box, type: string): Box => {
  const found = boxesOf(bytes, start + HEADER, end).find((box) => box.type === type);
  if (found === undefined) throw new Error(`no box ${type}`);
  return found;
};

function box(type: string, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(body.length + HEADER);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
}

/** A version 0 edit list: segment_duration in milliseconds, media_time in the track's time scale, media_rate 1. */
function editList(edits: Edit[], timescale: number): Buffer {
  const body = Buffer.alloc(8 + 12 * edits.length);
  body.writeUInt32BE(edits.length, 4);
  edits.forEach(({ duration, from }, i) => {
    body.writeUInt32BE(duration, 8 + 12 * i);
    body.writeInt32BE(from === null ? -1 : Math.round((from * timescale) / 1_000), 12 + 12 * i);
    body.writeUInt32BE(0x1_0000, 16 + 12 * i);
  });
  return box('edts', box('elst', body));
}

/**
 * Writes `source`, an MP4 with its `moov` at the end, to `path` with new edit lists for its tracks, in order. Media times
 * are those of decoding: presentation times of FFmpeg's files begin later by the reordering.
 */
export function withEdits(source: string, path: string, tracks: Edit[][]): string {
  const bytes = readFileSync(source);
  const moov = boxesOf(bytes, 0, bytes.length).find((found) => found.type === 'moov');
  if (moov === undefined || moov.end !== bytes.length) throw new Error('moov is not at the end');
  let track = 0;
  const parts = boxesOf(bytes, moov.start + HEADER, moov.end).map((part) => {
    const whole = bytes.subarray(part.start, part.end);
    if (part.type !== 'trak') return whole;
    const mdhd = child(bytes, child(bytes, part, 'mdia'), 'mdhd');
    const timescale = bytes.readUInt32BE(mdhd.start + HEADER + 12);
    const others = boxesOf(bytes, part.start + HEADER, part.end).filter(({ type }) => type !== 'edts');
    const [tkhd, ...rest] = others.map(({ start, end }) => bytes.subarray(start, end));
    return box('trak', Buffer.concat([tkhd!, editList(tracks[track++] ?? [], timescale), ...rest]));
  });
  writeFileSync(path, Buffer.concat([bytes.subarray(0, moov.start), box('moov', Buffer.concat(parts))]));
  return path;
}
