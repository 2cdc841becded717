/**
 * Photos of many tiles, as telephones take them: HEIF files whose primary item is a grid (ISO/IEC 23008-12, 6.6.2.3). FFmpeg hands
 * each tile on as a stream of its own.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { systemPath } from '../../base/path-bytes.js';
import type { Orientation } from '../pictures/orientation.js';

export interface HeifGrid {
  columns: number;
  rows: number;
  /** Item IDs, row by row; FFmpeg's streams have them as their id. */
  tiles: number[];
  /** Pixels, before it is turned. */
  width: number;
  height: number;
  orientation: Orientation;
}

/** Most bytes of the box `meta`: a photo of a hundred tiles has some 10 kB. */
const MOST_META = 4 << 20;
/** Most tiles: 2²⁸ pixels in tiles of 512 × 512. */
const MOST_TILES = 1_024;

interface Box {
  type: string;
  /** Its contents. */
  body: Buffer;
}

/** The grid of a file; null where its primary item is none, or the file is no HEIF file. Throws the system's errors. */
export function heifGrid(source: string): HeifGrid | null {
  const file = openSync(systemPath(source), 'r');
  try {
    const meta = metaOf(file);
    return meta && gridIn(file, meta);
  } catch (error) {
    // A file that says less than its boxes promise.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    closeSync(file);
  }
}

/** The contents of the file's box `meta`, behind version and flags. */
function metaOf(file: number): Buffer | null {
  const header = Buffer.alloc(8);
  for (let at = 0, boxes = 0; boxes < 100 && readSync(file, header, 0, 8, at) === 8; boxes++) {
    const size = header.readUInt32BE(0);
    if (header.toString('latin1', 4) === 'meta') {
      if (size < 12 || size > MOST_META) return null;
      const body = Buffer.alloc(size - 12);
      return readSync(file, body, 0, body.length, at + 12) === body.length ? body : null;
    }
    if (size < 8) return null;
    at += size;
  }
  return null;
}

/** The boxes of a buffer (ISO/IEC 14496-12, 4.2). */
function boxesOf(body: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= body.length; ) {
    const size = body.readUInt32BE(at);
    if (size < 8 || at + size > body.length) break;
    boxes.push({ type: body.toString('latin1', at + 4, at + 8), body: body.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

const first = (boxes: readonly Box[], type: string): Buffer => {
  const box = boxes.find((each) => each.type === type);
  if (!box) throw new RangeError(`no box ${type}`);
  return box.body;
};

function gridIn(file: number, meta: Buffer): HeifGrid | null {
  const boxes = boxesOf(meta);
  const pitm = first(boxes, 'pitm');
  const primary = pitm[0] === 0 ? pitm.readUInt16BE(4) : pitm.readUInt32BE(4);
  if (itemTypes(first(boxes, 'iinf')).get(primary) !== 'grid') return null;
  const tiles = referencesOf(first(boxes, 'iref'), primary, 'dimg');
  const idat = boxes.find(({ type }) => type === 'idat')?.body ?? null;
  const data = itemData(file, first(boxes, 'iloc'), idat, primary);
  // version: 8, flags: 8, rows − 1: 8, columns − 1: 8, width and height of 32 or 16 bits by the first flag
  const isLong = (data.readUInt8(1) & 1) === 1;
  const [rows, columns] = [data.readUInt8(2) + 1, data.readUInt8(3) + 1];
  const width = isLong ? data.readUInt32BE(4) : data.readUInt16BE(4);
  const height = isLong ? data.readUInt32BE(8) : data.readUInt16BE(6);
  if (tiles.length !== rows * columns || tiles.length > MOST_TILES || width === 0 || height === 0) return null;
  return { rows, columns, tiles, width, height, orientation: orientationIn(first(boxes, 'iprp'), primary) };
}

/** The types of items by their ID (ISO/IEC 14496-12, 8.11.6). */
function itemTypes(iinf: Buffer): Map<number, string> {
  const start = iinf[0] === 0 ? 6 : 8;
  const types = new Map<number, string>();
  for (const { type, body } of boxesOf(iinf.subarray(start))) {
    if (type !== 'infe' || body.readUInt8(0) < 2) continue;
    const isShort = body[0] === 2;
    // version and flags, item_ID, item_protection_index, item_type
    const id = isShort ? body.readUInt16BE(4) : body.readUInt32BE(4);
    types.set(id, body.toString('latin1', isShort ? 8 : 10, isShort ? 12 : 14));
  }
  return types;
}

/** The items that `from` refers to (ISO/IEC 14496-12, 8.11.12). */
function referencesOf(iref: Buffer, from: number, kind: string): number[] {
  const bytes = iref[0] === 0 ? 2 : 4;
  for (const { type, body } of boxesOf(iref.subarray(4))) {
    if (type !== kind || body.readUIntBE(0, bytes) !== from) continue;
    const count = body.readUInt16BE(bytes);
    return Array.from({ length: count }, (_, i) => body.readUIntBE(bytes + 2 + i * bytes, bytes));
  }
  return [];
}

/** The first bytes of an item (ISO/IEC 14496-12, 8.11.3), at most as many as a grid has. */
function itemData(file: number, iloc: Buffer, idat: Buffer | null, item: number): Buffer {
  const version = iloc.readUInt8(0);
  const [offsetBytes, lengthBytes] = [iloc.readUInt8(4) >> 4, iloc.readUInt8(4) & 15];
  const [baseBytes, indexBytes] = [iloc.readUInt8(5) >> 4, version === 0 ? 0 : iloc.readUInt8(5) & 15];
  let at = 6;
  const next = (bytes: number): number => {
    if (bytes === 0) return 0;
    // Larger than any file.
    const value = bytes === 8 ? Number(iloc.readBigUInt64BE(at)) : iloc.readUIntBE(at, bytes);
    at += bytes;
    return value;
  };
  const count = next(version < 2 ? 2 : 4);
  for (let i = 0; i < count; i++) {
    const id = next(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : next(2) & 15;
    next(2);
    const base = next(baseBytes);
    const extents = next(2);
    for (let extent = 0; extent < extents; extent++) {
      next(indexBytes);
      const offset = base + next(offsetBytes);
      const length = Math.min(12, next(lengthBytes) || 12);
      if (id !== item) continue;
      if (method === 1) return (idat ?? Buffer.alloc(0)).subarray(offset, offset + length);
      const data = Buffer.alloc(length);
      return data.subarray(0, readSync(file, data, 0, length, offset));
    }
  }
  throw new RangeError('an item without data');
}

/** How an item is turned: its properties `irot` and `imir`, in their order (ISO/IEC 23008-12:2022, 6.5.10 and 6.5.12). */
function orientationIn(iprp: Buffer, item: number): Orientation {
  const boxes = boxesOf(iprp);
  const properties = boxesOf(first(boxes, 'ipco'));
  let [turn, isMirrored] = [0, false];
  for (const index of associationsOf(first(boxes, 'ipma'), item)) {
    const property = properties[index - 1];
    if (property?.type === 'irot') {
      // Anticlockwise; what is mirrored already turns the other way.
      const quarters = property.body.readUInt8(0) & 3;
      turn += isMirrored ? quarters : -quarters;
    } else if (property?.type === 'imir') {
      // Axis 1: left and right are swapped; 0: top and bottom, which is the same turned by 180°.
      if ((property.body.readUInt8(0) & 1) === 0) turn += 2;
      isMirrored = !isMirrored;
    }
  }
  return { turn: ([0, 90, 180, 270] as const)[((turn % 4) + 4) % 4]!, isMirrored };
}

/** The numbers of an item's properties, from 1 (ISO/IEC 14496-12, 8.11.14). */
function associationsOf(ipma: Buffer, item: number): number[] {
  const [version, isLong] = [ipma.readUInt8(0), (ipma.readUInt8(3) & 1) === 1];
  const count = ipma.readUInt32BE(4);
  let at = 8;
  for (let i = 0; i < count; i++) {
    const id = version < 1 ? ipma.readUInt16BE(at) : ipma.readUInt32BE(at);
    at += version < 1 ? 2 : 4;
    const associations = ipma.readUInt8(at++);
    const bytes = isLong ? 2 : 1;
    if (id === item) {
      return Array.from(
        { length: associations },
        (_, k) => ipma.readUIntBE(at + k * bytes, bytes) & (isLong ? 0x7fff : 0x7f),
      );
    }
    at += associations * bytes;
  }
  return [];
}
