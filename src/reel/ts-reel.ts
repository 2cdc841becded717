/** Reels of MPEG-TS: every RTP payload has seven TS packets, so the file needs no table of positions. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ticks90k } from '../base/units.js';
import { shiftTimes, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import type { ReelManifest } from './manifest.js';
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

/** What is wrong with the index of a reel of `manifest`, given as its numbers; null where nothing is. */
export function tsIndexFault(numbers: Uint32Array, { duration, packets, bytes }: ReelManifest): string | null {
  const [corners = 0, points = 0] = numbers;
  if (corners < 2 || points < 1 || numbers.length !== 2 + 2 * corners + points) return 'its length is wrong';
  const { times, counts, randomAccess } = tablesOf(numbers);
  if (times[0] !== 0 || times.at(-1) !== duration || !rises(times)) return 'its times are wrong';
  if (counts[0] !== 0 || counts.at(-1) !== packets * TS_PACKETS_PER_GROUP || !neverFalls(counts)) {
    return 'its packet counts are wrong';
  }
  if (randomAccess[0] !== 0 || (randomAccess.at(-1) ?? 0) >= packets || !rises(randomAccess)) {
    return 'its random access points are wrong';
  }
  return bytes === packets * TS_GROUP_LENGTH ? null : 'its packets do not fill the file';
}

function tablesOf(numbers: Uint32Array) {
  const [corners = 0] = numbers;
  return {
    times: numbers.subarray(2, 2 + corners),
    counts: numbers.subarray(2 + corners, 2 + 2 * corners),
    randomAccess: numbers.subarray(2 + 2 * corners),
  };
}

const rises = (values: Uint32Array) => values.every((value, i) => i === 0 || value > values[i - 1]!);
const neverFalls = (values: Uint32Array) => values.every((value, i) => i === 0 || value >= values[i - 1]!);

/** A reel of MPEG-TS; its RTP timestamps follow RFC 2250. */
export class TsReel implements Reel {
  readonly data: ReelData;
  readonly packetCount: number;
  readonly duration: Ticks90k;
  readonly largestPayload = TS_GROUP_LENGTH;
  readonly #times: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #randomAccess: Uint32Array;
  /** The segment of the curve used last; most often the next packet is in it too. */
  #segment = 0;

  constructor(data: ReelData) {
    this.data = data;
    this.packetCount = data.manifest.packets;
    this.duration = data.manifest.duration;
    const { times, counts, randomAccess } = tablesOf(new Uint32Array(data.index));
    this.#times = times;
    this.#counts = counts;
    this.#randomAccess = randomAccess;
  }

  due(packet: number): Ticks90k {
    const count = packet * TS_PACKETS_PER_GROUP;
    const segment = this.#segmentOf(count);
    const packets = this.#counts[segment + 1]! - this.#counts[segment]!;
    const ticks = this.#times[segment + 1]! - this.#times[segment]!;
    return Ticks90k(Math.floor(this.#times[segment]! + ((count - this.#counts[segment]!) * ticks) / packets));
  }

  at(time: Ticks90k): number {
    // due() rounds down, so the packet after this one may still be due at `time`: hence the loop at the end.
    const segment = Math.min(lastAtMost(this.#times, time), this.#times.length - 2);
    const packets = this.#counts[segment + 1]! - this.#counts[segment]!;
    const ticks = this.#times[segment + 1]! - this.#times[segment]!;
    const count = this.#counts[segment]! + ((time - this.#times[segment]!) * packets) / ticks;
    let packet = Math.min(this.packetCount - 1, Math.floor(count / TS_PACKETS_PER_GROUP));
    while (packet + 1 < this.packetCount && this.due(packet + 1) <= time) packet++;
    return packet;
  }

  timestamp(packet: number): Ticks90k {
    return this.due(packet);
  }

  /** RFC 2250: set only where time stamps jump, which those of a reel never do. */
  marker(): boolean {
    return false;
  }

  randomAccessBefore(packet: number): number {
    return this.#randomAccess[lastAtMost(this.#randomAccess, packet)]!;
  }

  position(packet: number): number {
    return packet * TS_GROUP_LENGTH;
  }

  shift(out: Buffer, offset: number, shift: Ticks90k): void {
    shiftTimes(out, offset, TS_PACKETS_PER_GROUP, shift);
  }

  #segmentOf(count: number): number {
    let segment = this.#segment;
    if (count < this.#counts[segment]! || count >= this.#counts[segment + 1]!) {
      segment = Math.min(lastAtMost(this.#counts, count), this.#counts.length - 2);
      this.#segment = segment;
    }
    return segment;
  }
}
