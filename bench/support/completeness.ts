/**
 * What is missing of a transport stream that is known beforehand, whoever carried it: no counter or header of any
 * protocol is trusted, only content. No sockets, no clock.
 */
import { createHash } from 'node:crypto';
import type { Millis } from '../../src/base/units.js';
import {
  AdaptationFlag,
  adaptationFlagsOf,
  payloadStart,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
} from '../../src/wire/ts.js';
import { quantile } from './arrivals.js';

/** ISO/IEC 13818-1: lengths of program_clock_reference; and of PTS and DTS behind the nine first bytes of a PES header. */
const PCR_LENGTH = 6;
const PES_TIMES = { at: 9, length: 10 };

/** What a packet holds, its times left out: a server that repeats a file gives it others. */
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
  /** TS packets that the stream has between the first and the last that came; only those that occur once in it. */
  expected: number;
  missing: number;
  /** Holes, whatever their size. */
  holes: number;
  /** Came after one that follows it: twice, or too late to be of use. */
  misplaced: number;
  /** Of no content that the stream has. */
  unknown: number;
  /** Between the time at which a packet was due to leave and that at which it came; null where that is not known. */
  delay: { p50: Millis; p99: Millis; max: Millis } | null;
}

/** Compares what comes with `reference`, which is repeated for ever. `due`: when each of its TS packets leaves. */
export class Completeness {
  /** Content → its number among those that occur once; the others have −1. */
  readonly #places = new Map<number, number>();
  /** Which TS packet of the reference each of those is. */
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
      this.#places.set(content, isUnique ? this.#packets.length : -1);
      if (isUnique) this.#packets.push(packet);
    });
    this.#due = due;
  }

  /** What comes from now on counts. */
  begin(): void {
    this.#last = null;
    this.#report = emptyReport();
    this.#delays = [];
  }

  /** Any piece of the stream that follows the one before. */
  take(piece: Buffer, now: Millis): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - (bytes.length % TS_PACKET_LENGTH);
    for (let at = 0; at < end; at += TS_PACKET_LENGTH) this.#takePacket(bytes, at, now);
    this.#rest = Buffer.from(bytes.subarray(end));
  }

  report(): CompletenessReport {
    const at = (p: number) => quantile(this.#delays, p);
    const delay = this.#delays.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
    return { ...this.#report, delay };
  }

  #takePacket(bytes: Buffer, at: number, now: Millis): void {
    const place = this.#places.get(contentOf(bytes, at));
    const report = this.#report;
    if (place === undefined) report.unknown++;
    if (place === undefined || place < 0) return;
    const count = this.#packets.length;
    const step = this.#last === null ? 1 : (place - this.#last + count) % count;
    if (step === 0 || step > count / 2) {
      report.misplaced++;
      return;
    }
    report.expected += step;
    report.missing += step - 1;
    if (step > 1) report.holes++;
    this.#last = place;
    if (this.#due) this.#delays.push(now - this.#due(this.#packets[place]!, now));
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
