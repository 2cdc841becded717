/** Cuts JPEG files into the payloads of a reel. */
import { createHash } from 'node:crypto';
import type { Ticks90k } from '../base/units.js';
import type { Ratio } from '../media/settings.js';
import { frameTime, type SpooledFrames } from '../media/spool.js';
import { SpoolReader } from '../media/spool-reader.js';
import { type JpegParts, parseJpeg } from '../wire/jpeg-file.js';
import {
  FIRST_TABLE_Q,
  JPEG_HEADER_LENGTH,
  QUANTIZATION_HEADER_LENGTH,
  writeJpegHeader,
  writeQuantizationHeader,
} from '../wire/rtp-jpeg.js';
import { cumulate, type JpegIndex, PAYLOAD_LENGTH, packetsOfPayload } from './jpeg-reel.js';
import { busiestWindow, leastAllowed, WINDOW } from './smoothing.js';

const SCAN_PER_PAYLOAD = PAYLOAD_LENGTH - JPEG_HEADER_LENGTH;

/** Payload bytes of a frame whose scan has `scan` bytes. */
function frameLength(scan: number): number {
  return scan + QUANTIZATION_HEADER_LENGTH + packetsOf(scan) * JPEG_HEADER_LENGTH;
}
const packetsOf = (scan: number) => Math.ceil((scan + QUANTIZATION_HEADER_LENGTH) / SCAN_PER_PAYLOAD);

/** 128 to 254, from a hash of the tables: the tables of one Q must never change. */
const qOf = (tables: Buffer) => FIRST_TABLE_Q + (createHash('sha256').update(tables).digest().readUInt8() % 127);

/**
 * Cuts the frames into RTP/JPEG payloads (RFC 2435) and hands them to `write`.
 * Small frames are padded so that the busiest 100 ms carry at most twice the average: with 0xFF before the EOI marker, where
 * ITU-T T.81, B.1.1.2 allows any number of them. Throws JpegRefused when RTP cannot carry a frame.
 */
export function packFrames(options: {
  frames: SpooledFrames;
  frameRate: Ratio;
  write(payloads: Buffer): void;
  onProgress?(done: number): void;
}): JpegIndex {
  const { frames, frameRate, write, onProgress } = options;
  const count = frames.sizes.length;
  const times = Array.from({ length: count + 1 }, (_, i) => frameTime(i, frameRate));
  const lengths = new Uint32Array(count);
  let packets = 0;
  // The frames of one encoder differ in their scans only: all have headers of the same length.
  const headerLength = headerLengthOf(frames);
  const floor = floorFor(
    frames.sizes.map((size) => size - headerLength),
    times,
  );
  const reader = new SpoolReader(frames.path);
  try {
    for (const [i, size] of frames.sizes.entries()) {
      const file = Buffer.allocUnsafe(size);
      reader.read(file, 0, file.length);
      const payloads = cutFrame(parseJpeg(file), floor);
      lengths[i] = payloads.length;
      packets += packetsOfPayload(payloads.length);
      write(payloads);
      onProgress?.((i + 1) / count);
    }
  } finally {
    reader.close();
  }
  const curve = { times, counts: cumulate(lengths) };
  const duration = times.at(-1)!;
  const peakToAverage = busiestWindow(curve) / ((curve.counts.at(-1)! * WINDOW) / duration);
  return { duration, lengths, packets, peakToAverage };
}

function headerLengthOf(frames: SpooledFrames): number {
  const first = Buffer.allocUnsafe(frames.sizes[0]!);
  const reader = new SpoolReader(frames.path);
  reader.read(first, 0, first.length);
  reader.close();
  return first.length - parseJpeg(first).scan.length;
}

/** The least scan length with which the busiest 100 ms, and one packet more, stay within twice the average. */
function floorFor(sizes: Uint32Array, times: Ticks90k[]): number {
  const allowed = (floor: number) => {
    const counts = cumulate(Array.from(sizes, (size) => frameLength(Math.max(size, floor))));
    return busiestWindow({ times, counts }) + PAYLOAD_LENGTH <= (2 * counts.at(-1)! * WINDOW) / times.at(-1)!;
  };
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  return Math.ceil(leastAllowed({ low: 1, high: largest + PAYLOAD_LENGTH, allowed }));
}

function cutFrame(parts: JpegParts, floor: number): Buffer {
  const scan = Buffer.alloc(Math.max(parts.scan.length, floor), 0xff);
  parts.scan.copy(scan);
  const q = qOf(parts.quantizationTables);
  const payloads = Buffer.allocUnsafe(frameLength(scan.length));
  let at = 0;
  let taken = 0;
  while (taken < scan.length) {
    const start = at;
    const { type, width, height } = parts;
    at = writeJpegHeader(payloads, at, { typeSpecific: 0, fragmentOffset: taken, type, q, width, height });
    if (taken === 0) at = writeQuantizationHeader(payloads, at, parts.quantizationTables);
    const take = Math.min(scan.length - taken, PAYLOAD_LENGTH - (at - start));
    scan.copy(payloads, at, taken, taken + take);
    at += take;
    taken += take;
  }
  return payloads;
}
