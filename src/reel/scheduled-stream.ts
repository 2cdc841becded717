/** A stream beside the pictures while a reel is multiplexed. */
import { MEDIA_DELAY_TICKS } from '../contract/timing.js';
import { PES_HEADER_LENGTH_PTS, PesCutter, writePesHeader } from '../wire/pes.js';
import type { PesSource } from './pes-source.js';
import type { PlannedStream } from './send-plan.js';

/** Longest PES packet with a length in its header: 6 bytes before PES_packet_length's 65,535. */
const LONGEST_PES = 6 + 0xffff;

/** Responsible for: when the next PES packet of the stream is due, and its TS packets. */
export class ScheduledStream {
  readonly #source: PesSource;
  readonly #plan: PlannedStream;
  readonly #reader: ReturnType<PesSource['open']>;
  readonly #cutter: PesCutter;
  readonly #pes = Buffer.allocUnsafe(LONGEST_PES);
  #next = 0;

  constructor(source: PesSource, plan: PlannedStream) {
    this.#source = source;
    this.#plan = plan;
    this.#cutter = new PesCutter(source.pid);
    this.#reader = source.open();
  }

  /** Whether TS packets are left of a PES packet that has begun. */
  get hasBegun(): boolean {
    return this.#cutter.packetsLeft > 0;
  }

  /** PES packets and TS packets that are left; 0 at the end. */
  get left(): number {
    return this.#plan.packets.length - this.#next + this.#cutter.packetsLeft;
  }

  /** Whether the next PES packet leaves at `time` or before. */
  isDue(time: number): boolean {
    return this.#next < this.#plan.times.length && this.#plan.times[this.#next]! <= time;
  }

  /** Writes the next TS packet to offset `at` of `out`. */
  write(out: Buffer, at: number): void {
    if (!this.hasBegun) this.#load();
    this.#cutter.write(out, at);
  }

  close(): void {
    this.#reader.close();
  }

  #load(): void {
    const { streamId, sizes, ptsOf } = this.#source;
    const size = sizes[this.#next]!;
    writePesHeader(this.#pes, streamId, size, ptsOf(this.#next) + MEDIA_DELAY_TICKS, null);
    this.#reader.read(this.#pes, PES_HEADER_LENGTH_PTS, this.#next);
    const pes = this.#pes.subarray(0, PES_HEADER_LENGTH_PTS + size);
    this.#cutter.begin(pes, this.#plan.packets[this.#next]!, false);
    this.#next++;
  }
}
