/**
 * Motion JPEG as a live Matroska stream (RFC 9559; EBML, RFC 8794): what players and files get of a JPEG station.
 *
 *     EBML header
 *     Segment, of unknown size
 *       Info, Tracks (one: V_MJPEG)
 *       Cluster (Timestamp, SimpleBlock)      one for each picture, so that none waits for the next
 *       Cluster …
 */
import type { Millis } from '../base/units.js';

/** Identifiers with their length markers, as they stand in the stream. */
const Id = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  ebmlMaxIdLength: 0x42f2,
  ebmlMaxSizeLength: 0x42f3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  defaultDuration: 0x23e383,
  codecId: 0x86,
  name: 0x536e,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const NANOS_PER_MILLI = 1_000_000;
const NANOS_PER_SECOND = 1_000_000_000;
const VIDEO_TRACK_TYPE = 1;
const KEYFRAME = 0x80;
/** An 8-byte size with all value bits set. */
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');

export interface MatroskaTrack {
  /** Pixels. */
  width: number;
  height: number;
  /** Pictures a second. */
  frameRate: number;
  /** Name of the track. */
  name: string;
}

/** Everything before the first picture. */
export function matroskaHeader({ width, height, frameRate, name }: MatroskaTrack): Buffer {
  const ebml = element(
    Id.ebml,
    unsigned(Id.ebmlVersion, 1),
    unsigned(Id.ebmlReadVersion, 1),
    unsigned(Id.ebmlMaxIdLength, 4),
    unsigned(Id.ebmlMaxSizeLength, 8),
    text(Id.docType, 'matroska'),
    unsigned(Id.docTypeVersion, 4),
    unsigned(Id.docTypeReadVersion, 2), // SimpleBlock
  );
  const info = element(
    Id.info,
    unsigned(Id.timestampScale, NANOS_PER_MILLI),
    text(Id.muxingApp, 'MultiStreamCast'),
    text(Id.writingApp, 'MultiStreamCast'),
  );
  const video = element(Id.video, unsigned(Id.pixelWidth, width), unsigned(Id.pixelHeight, height));
  const track = element(
    Id.trackEntry,
    unsigned(Id.trackNumber, 1),
    unsigned(Id.trackUid, 1),
    unsigned(Id.trackType, VIDEO_TRACK_TYPE),
    unsigned(Id.flagLacing, 0),
    unsigned(Id.defaultDuration, Math.round(NANOS_PER_SECOND / frameRate)),
    text(Id.codecId, 'V_MJPEG'),
    text(Id.name, name),
    video,
  );
  return Buffer.concat([ebml, identifier(Id.segment), UNKNOWN_SIZE, info, element(Id.tracks, track)]);
}

/** One picture. `time` counts from the stream's beginning, is not negative, and is rounded to milliseconds. */
export function matroskaPicture(time: Millis, jpeg: Buffer): Buffer {
  // Track number 1 as a size-coded integer, a time of 0 relative to the cluster's, flags
  const block = element(Id.simpleBlock, Buffer.from([0x81, 0, 0, KEYFRAME]), jpeg);
  return element(Id.cluster, unsigned(Id.timestamp, Math.round(time)), block);
}

function identifier(id: number): Buffer {
  const length = id > 0xff_ffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1;
  const out = Buffer.alloc(length);
  out.writeUIntBE(id, 0, length);
  return out;
}

/** Always four bytes: 0001 and 28 bits, which reach to 256 MiB less one. */
function size(length: number): Buffer {
  if (length >= 0x0fff_ffff) throw new RangeError(`a Matroska element of ${length} bytes is over 256 MiB`);
  const out = Buffer.alloc(4);
  out.writeUInt32BE(0x1000_0000 + length);
  return out;
}

function element(id: number, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([identifier(id), size(length), ...parts]);
}

/** In as few bytes as needed, up to six: 32-bit operators are not used. */
function unsigned(id: number, value: number): Buffer {
  let length = 1;
  while (length < 6 && value >= 256 ** length) length++;
  const out = Buffer.alloc(length);
  out.writeUIntBE(value, 0, length);
  return element(id, out);
}

const text = (id: number, value: string): Buffer => element(id, Buffer.from(value, 'utf8'));
