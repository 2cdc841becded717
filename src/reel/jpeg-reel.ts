/** Reels of JPEG frames: RTP/JPEG payloads, cut once when the reel is made. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import type { Ratio } from '../media/settings.js';
import type { SpooledFrames } from '../media/spool.js';
import { SpoolReader } from '../media/spool-reader.js';
import {
  FIRST_TABLE_Q,
  JPEG_HEADER_LENGTH,
  type JpegParts,
  parseJpeg,
  QUANTIZATION_HEADER_LENGTH,
  writeJpegHeader,
  writeQuantizationHeader,
} from '../wire/rtp-jpeg.js';
import type { ReelManifest } from './manifest.js';
import { lastAtMost, type Reel, type ReelData, ReelFile } from './reel.js';
import { busiestWindow, leastAllowed, WINDOW } from './smoothing.js';

/** 1,400 with the RTP header's 12, IPv4's 20 and UDP's 8 make 1,440: room for a tunnel's header within 1,500. */
const PAYLOAD_LENGTH = 1_400;
const SCAN_PER_PAYLOAD = PAYLOAD_LENGTH - JPEG_HEADER_LENGTH;

/** Payload bytes of a frame whose scan has `scan` bytes. */
function frameLength(scan: number): number {
  return scan + QUANTIZATION_HEADER_LENGTH + packetsOf(scan) * JPEG_HEADER_LENGTH;
}
/** RTP packets of a frame whose payloads have `length` bytes in all. */
const packetsOfPayload = (length: number) => Math.ceil(length / PAYLOAD_LENGTH);
const packetsOf = (scan: number) => Math.ceil((scan + QUANTIZATION_HEADER_LENGTH) / SCAN_PER_PAYLOAD);

/** 128 to 254: tables must never change under the same Q, so the Q comes from the tables. */
const qOf = (tables: Buffer) => FIRST_TABLE_Q + (createHash('sha256').update(tables).digest()[0] % 127);

/** When frame `index` begins. */
const frameTime = (index: number, [numerator, denominator]: Ratio): Ticks90k =>
  Math.round((index * TICKS_PER_SECOND * denominator) / numerator);

/**
 * Cuts the frames into RTP/JPEG payloads (RFC 2435) and hands them to `write`.
 * Small frames are filled up so that the busiest 100 ms carry at most twice the average: with 0xFF before the EOI
 * marker, where ITU-T T.81, B.1.1.2 allows any number of them.
 * Throws JpegRefused when a frame is not what RTP can carry.
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
  // An encoder's frames differ in their scans only: what surrounds the scan is as long in each as in the first.
  const headerLength = headerLengthOf(frames);
  const floor = floorFor(
    frames.sizes.map((size) => size - headerLength),
    times,
  );
  const reader = new SpoolReader(frames.path);
  try {
    for (let i = 0; i < count; i++) {
      const file = Buffer.allocUnsafe(frames.sizes[i]);
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
  const peakToAverage = busiestWindow(curve) / ((curve.counts[count] * WINDOW) / times[count]);
  return { duration: times[count], lengths, packets, peakToAverage };
}

export interface JpegIndex {
  duration: Ticks90k;
  /** Payload bytes of each frame. */
  lengths: Uint32Array;
  /** RTP packets. */
  packets: number;
  peakToAverage: number;
}

function headerLengthOf(frames: SpooledFrames): number {
  const first = Buffer.allocUnsafe(frames.sizes[0]);
  const reader = new SpoolReader(frames.path);
  reader.read(first, 0, first.length);
  reader.close();
  return first.length - parseJpeg(first).scan.length;
}

/** The sums of the first 0, 1 … values. */
function cumulate(values: Iterable<number>): number[] {
  let total = 0;
  const sums = [0];
  for (const value of values) {
    total += value;
    sums.push(total);
  }
  return sums;
}

const sum = (values: Iterable<number>): number => cumulate(values).at(-1) ?? 0;

/** The least scan length that keeps the busiest 100 ms, and one packet by chance, within twice the average. */
function floorFor(sizes: Uint32Array, times: number[]): number {
  const count = sizes.length;
  const allowed = (floor: number) => {
    const counts = cumulate(Array.from(sizes, (size) => frameLength(Math.max(size, floor))));
    return busiestWindow({ times, counts }) + PAYLOAD_LENGTH <= (2 * counts[count] * WINDOW) / times[count];
  };
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  return Math.ceil(leastAllowed(1, largest + PAYLOAD_LENGTH, allowed));
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

/** `index.bin`, little-endian unsigned 32-bit numbers: frames F | payload bytes F ×. */
export function writeJpegIndex(folder: string, index: JpegIndex): void {
  const bytes = Buffer.allocUnsafe(4 + index.lengths.length * 4);
  bytes.writeUInt32LE(index.lengths.length, 0);
  index.lengths.forEach((length, i) => {
    bytes.writeUInt32LE(length, 4 + i * 4);
  });
  writeFileSync(join(folder, ReelFile.index), bytes, { flush: true });
}

/** What is wrong with the index of a reel of `manifest`, given as its numbers; null where nothing is. */
export function jpegIndexFault(numbers: Uint32Array, manifest: ReelManifest): string | null {
  const lengths = numbers.subarray(1);
  if (lengths.length === 0 || numbers[0] !== lengths.length) return 'its length is wrong';
  if (lengths.includes(0)) return 'it has frames without bytes';
  if (frameTime(lengths.length, manifest.properties.frameRate) !== manifest.duration) return 'its frames are too many';
  if (sum(lengths) !== manifest.bytes) return 'its frames do not fill the file';
  return sum(Array.from(lengths, packetsOfPayload)) === manifest.packets ? null : 'its packet counts are wrong';
}

/** The index as `JpegReel` uses it: for each frame, and once more for the end, its first byte and its first packet. */
export function jpegIndexOf(numbers: Uint32Array): SharedArrayBuffer {
  const lengths = numbers.subarray(1);
  const positions = cumulate(lengths);
  const index = new Float64Array(new SharedArrayBuffer(2 * positions.length * Float64Array.BYTES_PER_ELEMENT));
  index.set(positions);
  index.set(cumulate(Array.from(lengths, packetsOfPayload)), positions.length);
  return index.buffer as SharedArrayBuffer;
}

export class JpegReel implements Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  readonly largestPayload = PAYLOAD_LENGTH;
  readonly #frameRate: Ratio;
  /** By frame, and one more at the end: where it begins, in bytes and in packets. */
  readonly #positions: Float64Array;
  readonly #firstPackets: Float64Array;
  #frame = 0;

  constructor(data: ReelData) {
    this.data = data;
    this.duration = data.manifest.duration;
    this.#frameRate = data.manifest.properties.frameRate;
    const index = new Float64Array(data.index);
    this.#positions = index.subarray(0, index.length / 2);
    this.#firstPackets = index.subarray(index.length / 2);
    this.packetCount = this.#firstPackets[this.#firstPackets.length - 1];
  }

  /** A frame's packets are spread evenly over its time. */
  due(packet: number): Ticks90k {
    const frame = this.#frameOf(packet);
    const start = frameTime(frame, this.#frameRate);
    const first = this.#firstPackets[frame];
    const share = (packet - first) / (this.#firstPackets[frame + 1] - first);
    return start + Math.floor(share * (frameTime(frame + 1, this.#frameRate) - start));
  }

  at(time: Ticks90k): number {
    const [numerator, denominator] = this.#frameRate;
    let packet = this.#firstPackets[Math.floor((time * numerator) / (TICKS_PER_SECOND * denominator))];
    while (packet > 0 && this.due(packet) > time) packet--;
    while (packet + 1 < this.packetCount && this.due(packet + 1) <= time) packet++;
    return packet;
  }

  /** All packets of a frame have the frame's time. */
  timestamp(packet: number): Ticks90k {
    return frameTime(this.#frameOf(packet), this.#frameRate);
  }

  /** Set on the last packet of a frame. */
  marker(packet: number): boolean {
    return packet + 1 === this.#firstPackets[this.#frameOf(packet) + 1];
  }

  randomAccessBefore(packet: number): number {
    return this.#firstPackets[this.#frameOf(packet)];
  }

  position(packet: number): number {
    const frame = this.#frameOf(packet);
    const inFrame = (packet - this.#firstPackets[frame]) * PAYLOAD_LENGTH;
    return Math.min(this.#positions[frame] + inFrame, this.#positions[frame + 1]);
  }

  shift(): void {
    // The pictures have no times of their own.
  }

  #frameOf(packet: number): number {
    if (packet < this.#firstPackets[this.#frame] || packet >= this.#firstPackets[this.#frame + 1]) {
      this.#frame = lastAtMost(this.#firstPackets, packet);
      if (this.#frame === this.#firstPackets.length - 1) this.#frame--;
    }
    return this.#frame;
  }
}
