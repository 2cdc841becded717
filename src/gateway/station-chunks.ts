/** Chunks of a station in this process, read from its reels by the time at which they leave. */
import { read } from 'node:fs';
import { promisify } from 'node:util';
import { PacketNumber, Ticks90k } from '../base/units.js';
import { CHUNK_TICKS } from '../contract/timing.js';
import { JpegAssembler } from '../receiver/jpeg-assembler.js';
import { copyPayloads, type PacketSlots, type PayloadReader } from '../reel/payload-reader.js';
import type { Station } from '../station/station.js';
import { parseRtp, RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { isTransport } from '../wire/station-format.js';
import type { ChunkMemory } from './chunk-memory.js';
import type { Chunk } from './source.js';

const readFile = promisify(read);

/** A byte range of a reel's file. */
interface Block {
  descriptor: number;
  position: number;
  bytes: Buffer;
}

/** Reads from blocks that are in memory. */
class BlockReader implements PayloadReader {
  readonly waits = false;
  readonly #blocks: readonly Block[];

  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks;
  }

  read(descriptor: number, position: number, slots: PacketSlots, first: number, count: number, header: number): number {
    const block = this.#blocks.find(
      (each) =>
        each.descriptor === descriptor && position >= each.position && position < each.position + each.bytes.length,
    );
    if (!block) throw new Error(`byte ${position} of a reel was not read`);
    copyPayloads(block.bytes, position - block.position, slots, { first, count, header });
    return count;
  }
}

/** The packets of `Station.packets(from, to)`, read without blocking on the disk. Rejects with the system's error. */
export async function readPackets(station: Station, from: PacketNumber, to: PacketNumber): Promise<Buffer[]> {
  const blocks = await Promise.all(
    station.ranges(from, to).map(async ({ reel, from: first, to: end }): Promise<Block> => {
      const { descriptor } = reel.data;
      const position = reel.position(first);
      const bytes = Buffer.allocUnsafe(reel.position(end) - position);
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await readFile(descriptor, bytes, filled, bytes.length - filled, position + filled);
        if (bytesRead === 0) throw new Error('a reel ends before its packets do');
        filled += bytesRead;
      }
      return { descriptor, position, bytes };
    }),
  );
  return station.packets(from, to, new BlockReader(blocks));
}

/**
 * Responsible for:
 * - which packets make the chunks of a window (CHUNK_TIME), and when they have left
 * - reading each window once for all concurrent readers
 */
export class StationChunks {
  static #count = 0;
  /** A station that was removed may be followed by one of the same SSRC with other packets. */
  readonly #id = StationChunks.#count++;
  readonly #station: Station;
  readonly #memory: ChunkMemory;
  readonly #reading = new Map<number, Promise<readonly Chunk[]>>();

  constructor(station: Station, memory: ChunkMemory) {
    this.#station = station;
    this.#memory = memory;
  }

  /** When the last packet of the window leaves. */
  completeAt(window: number): Ticks90k {
    if (isTransport(this.#station.format)) return Ticks90k((window + 1) * CHUNK_TICKS);
    const { to } = this.#packetsOf(window);
    return Ticks90k(Math.max((window + 1) * CHUNK_TICKS, this.#station.due(PacketNumber(to - 1))));
  }

  /** The cached chunks of a complete window; null: not cached. */
  get(window: number): readonly Chunk[] | null {
    return this.#memory.get(this.#key(window));
  }

  /** The chunks of a complete window. Rejects with the system's error where a reel cannot be read. */
  async load(window: number): Promise<readonly Chunk[]> {
    const known = this.get(window) ?? this.#reading.get(window);
    if (known) return known;
    const reading = this.#read(window).finally(() => this.#reading.delete(window));
    this.#reading.set(window, reading);
    const chunks = await reading;
    this.#memory.set(this.#key(window), chunks);
    return chunks;
  }

  #key(window: number): string {
    return `${this.#id}:${window}`;
  }

  /** A picture belongs to the window in which its first packet leaves. */
  #packetsOf(window: number): { from: PacketNumber; to: PacketNumber } {
    const first = (time: Ticks90k): PacketNumber => {
      const n = PacketNumber(this.#station.at(Ticks90k(time - 1)) + 1);
      return isTransport(this.#station.format) ? n : this.#nextPicture(n);
    };
    return { from: first(Ticks90k(window * CHUNK_TICKS)), to: first(Ticks90k((window + 1) * CHUNK_TICKS)) };
  }

  #nextPicture(n: PacketNumber): PacketNumber {
    let next = n;
    while (this.#station.randomAccessBefore(next) !== next) next++;
    return next;
  }

  async #read(window: number): Promise<readonly Chunk[]> {
    const { from, to } = this.#packetsOf(window);
    if (from === to) return [];
    const packets = await readPackets(this.#station, from, to);
    return isTransport(this.#station.format) ? this.#streamChunks(from, packets) : this.#pictures(from, packets);
  }

  #streamChunks(from: PacketNumber, packets: readonly Buffer[]): Chunk[] {
    const station = this.#station;
    const chunks: Chunk[] = [];
    for (let begin = 0; begin < packets.length; ) {
      let end = begin + 1;
      while (end < packets.length && station.randomAccessBefore(PacketNumber(from + end)) !== from + end) end++;
      const first = PacketNumber(from + begin);
      chunks.push({
        time: station.due(first),
        data: Buffer.concat(packets.slice(begin, end).map((packet) => packet.subarray(RTP_HEADER_LENGTH))),
        randomAccess: station.randomAccessBefore(first) === first,
      });
      begin = end;
    }
    return chunks;
  }

  #pictures(from: PacketNumber, packets: readonly Buffer[]): Chunk[] {
    const { width, height } = this.#station.items[0]!.reel.data.manifest.properties;
    const assembler = new JpegAssembler({ width, height });
    return packets.flatMap((datagram, i): Chunk[] => {
      const packet = parseRtp(datagram);
      const frame = packet && assembler.push(PacketNumber(from + i), packet);
      return frame ? [{ time: this.#station.due(frame.n), data: frame.jpeg, randomAccess: true }] : [];
    });
  }
}
