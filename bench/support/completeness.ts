/**
 * Packets missing from a known transport stream, whichever protocol carried it: only contents are compared, no counters
 * or headers. No sockets, no clock.
 */
import { createHash } from 'node:crypto';
import { Millis } from '../../src/base/units.js';
import {
  AdaptationFlag,
  adaptationFlagsOf,
  payloadStart,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
} from '../../src/wire/ts.js';
import { quantile } from './stats.js';

/** ISO/IEC 13818-1: length of program_clock_reference; PTS and DTS follow the first nine bytes of a PES header. */
const PCR_LENGTH = 6;
const PES_TIMES = { at: 9, length: 10 };

/** A hash of a packet without its times, which change when a server repeats the file. */
function contentOf(packets: Buffer, offset: number): number {
  const packet = Buffer.from(packets.subarray(offset, offset + TS_PACKET_LENGTH));
  if (adaptationFlagsOf(packet, 0) & AdaptationFlag.pcr) packet.fill(0, 6, 6 + PCR_LENGTH);
  const pes = payloadStart(packet, 0) + PES_TIMES.at;
  if (startsPayloadUnit(packet, 0) && pes + PES_TIMES.length <= TS_PACKET_LENGTH) {
    packet.fill(0, pes, pes + PES_TIMES.length);
  }
  return createHash('md5').update(packet).digest().readUIntBE(0, 6);
}

export interface CompletenessReport {
  /** TS packets of the stream between the first and the last that arrived; only those that occur once. */
  expected: number;
  missing: number;
  /** Runs of missing packets. */
  holes: number;
  /** Arrived after a later packet: duplicates, and packets too late to be used. */
  misplaced: number;
  /** Contents that the stream does not have. */
  unknown: number;
  /** From the due time of a packet to its arrival; null when due times are unknown. */
  delay: { p50: Millis; p99: Millis; max: Millis } | null;
}

/** Compares arrivals with `reference`, which is repeated. `due`: when each of its TS packets leaves. */
export class Completeness {
  /** Content → its position among those that occur once, or −1. */
  readonly #positions = new Map<number, number>();
  /** The TS packet of the reference, by position. */
  readonly #packets: number[] = [];
  readonly #due: ((packet: number, now: Millis) => Millis) | null;
  #last: number | null = null;
  #report: CompletenessReport = emptyReport();
  #delays: Millis[] = [];
  #rest = Buffer.alloc(0);

  constructor(reference: Buffer, due: ((packet: number, now: Millis) => Millis) | null) {
    const contents = [];
    for (let at = 0; at < reference.length; at += TS_PACKET_LENGTH) contents.push(contentOf(reference, at));
    const counts = new Map<number, number>();
    for (const content of contents) counts.set(content, (counts.get(content) ?? 0) + 1);
    contents.forEach((content, packet) => {
      const isUnique = counts.get(content) === 1;
      this.#positions.set(content, isUnique ? this.#packets.length : -1);
      if (isUnique) this.#packets.push(packet);
    });
    this.#due = due;
  }

  /** Starts a measurement. */
  begin(): void {
    this.#last = null;
    this.#report = emptyReport();
    this.#delays = [];
  }

  /** Takes the next bytes of the stream. */
  take(piece: Buffer, now: Millis): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - (bytes.length % TS_PACKET_LENGTH);
    for (let at = 0; at < end; at += TS_PACKET_LENGTH) this.#takePacket(bytes, at, now);
    this.#rest = Buffer.from(bytes.subarray(end));
  }

  report(): CompletenessReport {
    const at = (p: number) => Millis(quantile(this.#delays, p));
    const delay = this.#delays.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
    return { ...this.#report, delay };
  }

  #takePacket(bytes: Buffer, at: number, now: Millis): void {
    const position = this.#positions.get(contentOf(bytes, at));
    const report = this.#report;
    if (position === undefined) report.unknown++;
    if (position === undefined || position < 0) return;
    const count = this.#packets.length;
    const step = this.#last === null ? 1 : (position - this.#last + count) % count;
    if (step === 0 || step > count / 2) {
      report.misplaced++;
      return;
    }
    report.expected += step;
    report.missing += step - 1;
    if (step > 1) report.holes++;
    this.#last = position;
    if (this.#due) this.#delays.push(Millis(now - this.#due(this.#packets[position]!, now)));
  }
}

const emptyReport = (): CompletenessReport => ({
  expected: 0,
  missing: 0,
  holes: 0,
  misplaced: 0,
  unknown: 0,
  delay: null,
});
