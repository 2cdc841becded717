/** Reels of MPEG-TS: every RTP payload has seven packets, so the file needs no table of where they are. */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ticks90k } from '../base/units.js';
import { shiftTimes, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import type { Multiplexed } from './multiplex.js';
import { lastAtMost, type Reel, type ReelData, ReelFile } from './reel.js';

/**
 * `index.bin`, little-endian unsigned 32-bit numbers:
 *
 *     corners C | random access points R | times C × ticks | counts C × TS packets | groups R
 */
export function writeTsIndex(folder: string, multiplexed: Multiplexed): void {
  const { curve, randomAccess } = multiplexed;
  const numbers = [curve.times.length, randomAccess.length, ...curve.times, ...curve.counts, ...randomAccess];
  const bytes = Buffer.allocUnsafe(numbers.length * 4);
  numbers.forEach((number, i) => {
    bytes.writeUInt32LE(number, i * 4);
  });
  writeFileSync(join(folder, ReelFile.index), bytes, { flush: true });
}

/** The index as `TsReel` wants it. Throws when it is damaged. */
export async function readTsIndex(folder: string): Promise<SharedArrayBuffer> {
  const numbers = await readNumbers(join(folder, ReelFile.index));
  const [corners, points] = numbers;
  if (numbers.length !== 2 + 2 * corners + points) throw new Error(`${join(folder, ReelFile.index)} is damaged`);
  return numbers.buffer as SharedArrayBuffer;
}

/** Unsigned 32-bit numbers of a little-endian file, in shared memory. Throws when it is not a multiple of four bytes. */
export async function readNumbers(path: string): Promise<Uint32Array> {
  const bytes = await readFile(path);
  if (bytes.length % 4 !== 0) throw new Error(`${path} is cut off`);
  const numbers = new Uint32Array(new SharedArrayBuffer(bytes.length));
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readUInt32LE(i * 4);
  return numbers;
}

export class TsReel implements Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  readonly largestPayload = TS_GROUP_LENGTH;
  readonly #times: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #randomAccess: Uint32Array;
  /** The segment of the curve used last: the next packet is most often in it. */
  #segment = 0;

  constructor(data: ReelData) {
    this.data = data;
    this.packetCount = data.manifest.packets;
    this.duration = data.manifest.duration;
    const numbers = new Uint32Array(data.index);
    const corners = numbers[0];
    this.#times = numbers.subarray(2, 2 + corners);
    this.#counts = numbers.subarray(2 + corners, 2 + 2 * corners);
    this.#randomAccess = numbers.subarray(2 + 2 * corners);
  }

  due(packet: number): Ticks90k {
    const count = packet * TS_PACKETS_PER_GROUP;
    const segment = this.#segmentOf(count);
    const packets = this.#counts[segment + 1] - this.#counts[segment];
    const ticks = this.#times[segment + 1] - this.#times[segment];
    return Math.floor(this.#times[segment] + ((count - this.#counts[segment]) * ticks) / packets);
  }

  at(time: Ticks90k): number {
    // The packet after this one may still be due at `time`, for due() rounds down: hence the step at the end.
    const segment = Math.min(lastAtMost(this.#times, time), this.#times.length - 2);
    const packets = this.#counts[segment + 1] - this.#counts[segment];
    const ticks = this.#times[segment + 1] - this.#times[segment];
    const count = this.#counts[segment] + ((time - this.#times[segment]) * packets) / ticks;
    let packet = Math.min(this.packetCount - 1, Math.floor(count / TS_PACKETS_PER_GROUP));
    while (packet + 1 < this.packetCount && this.due(packet + 1) <= time) packet++;
    return packet;
  }

  timestamp(packet: number): Ticks90k {
    return this.due(packet);
  }

  /** RFC 2250: set only where the time stamps jump, which they never do. */
  marker(): boolean {
    return false;
  }

  randomAccessBefore(packet: number): number {
    return this.#randomAccess[lastAtMost(this.#randomAccess, packet)];
  }

  position(packet: number): number {
    return packet * TS_GROUP_LENGTH;
  }

  shift(out: Buffer, offset: number, shift: Ticks90k): void {
    shiftTimes(out, offset, TS_PACKETS_PER_GROUP, shift);
  }

  #segmentOf(count: number): number {
    let segment = this.#segment;
    if (count < this.#counts[segment] || count >= this.#counts[segment + 1]) {
      segment = Math.min(lastAtMost(this.#counts, count), this.#counts.length - 2);
      this.#segment = segment;
    }
    return segment;
  }
}
