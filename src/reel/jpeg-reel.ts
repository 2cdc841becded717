/** Reels of JPEG frames: RTP/JPEG payloads (RFC 2435), cut when the reel is made. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import type { Ratio } from '../media/settings.js';
import { frameTime } from '../media/spool.js';
import type { ReelManifest } from './manifest.js';
import { lastAtMost, type Reel, type ReelData, ReelFile } from './reel.js';

/** 1,400 + 12 (RTP) + 20 (IPv4) + 8 (UDP) = 1,440: leaves room for a tunnel's header within 1,500 (Ethernet MTU). */
export const PAYLOAD_LENGTH = 1_400;

/** RTP packets of a frame whose payloads have `length` bytes together. */
export const packetsOfPayload = (length: number) => Math.ceil(length / PAYLOAD_LENGTH);

/** The index of packed frames. */
export interface JpegIndex {
  duration: Ticks90k;
  /** Payload bytes of each frame. */
  lengths: Uint32Array;
  /** RTP packets. */
  packets: number;
  /** Bytes in the busiest 100 ms, divided by the average. */
  peakToAverage: number;
}

/** The sums of the first 0, 1 … values. */
export function cumulate(values: Iterable<number>): number[] {
  let total = 0;
  const sums = [0];
  for (const value of values) {
    total += value;
    sums.push(total);
  }
  return sums;
}

const sum = (values: Iterable<number>): number => cumulate(values).at(-1) ?? 0;

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

/** A reel of JPEG frames: a frame's packets share its RTP timestamp, and the last one has the marker (RFC 2435). */
export class JpegReel implements Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  readonly largestPayload = PAYLOAD_LENGTH;
  readonly #frameRate: Ratio;
  /** The first byte and the first packet of each frame, and once more of the end. */
  readonly #positions: Float64Array;
  readonly #firstPackets: Float64Array;
  /** The frame used last; most often the next packet is in it too. */
  #frame = 0;

  constructor(data: ReelData) {
    this.data = data;
    this.duration = data.manifest.duration;
    this.#frameRate = data.manifest.properties.frameRate;
    const index = new Float64Array(data.index);
    this.#positions = index.subarray(0, index.length / 2);
    this.#firstPackets = index.subarray(index.length / 2);
    this.packetCount = this.#firstPackets.at(-1)!;
  }

  /** A frame's packets are spread evenly over its time. */
  due(packet: number): Ticks90k {
    const frame = this.#frameOf(packet);
    const start = frameTime(frame, this.#frameRate);
    const first = this.#firstPackets[frame]!;
    const share = (packet - first) / (this.#firstPackets[frame + 1]! - first);
    return Ticks90k(start + Math.floor(share * (frameTime(frame + 1, this.#frameRate) - start)));
  }

  at(time: Ticks90k): number {
    const [numerator, denominator] = this.#frameRate;
    let packet = this.#firstPackets[Math.floor((time * numerator) / (TICKS_PER_SECOND * denominator))]!;
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
    return this.#firstPackets[this.#frameOf(packet)]!;
  }

  position(packet: number): number {
    const frame = this.#frameOf(packet);
    const inFrame = (packet - this.#firstPackets[frame]!) * PAYLOAD_LENGTH;
    return Math.min(this.#positions[frame]! + inFrame, this.#positions[frame + 1]!);
  }

  shift(): void {
    // JPEG pictures hold no times.
  }

  #frameOf(packet: number): number {
    if (packet < this.#firstPackets[this.#frame]! || packet >= this.#firstPackets[this.#frame + 1]!) {
      this.#frame = lastAtMost(this.#firstPackets, packet);
      if (this.#frame === this.#firstPackets.length - 1) this.#frame--;
    }
    return this.#frame;
  }
}
