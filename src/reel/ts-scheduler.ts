/** Which TS packet of a reel leaves next, and its bytes. */
import { Ticks90k } from '../base/units.js';
import { MEDIA_DELAY_TICKS } from '../contract/timing.js';
import type { AccessUnitReader, SpooledVideo } from '../media/spool.js';
import { PES_HEADER_LENGTH_PTS_DTS, PesCutter, StreamId, writePesHeader } from '../wire/pes.js';
import { patPacket } from '../wire/psi.js';
import {
  AdaptationFlag,
  PCR_EXTENSION_MODULUS,
  Pid,
  TS_PACKET_LENGTH,
  TS_PACKETS_PER_GROUP,
  TS_SYNC_BYTE,
  writePcr,
} from '../wire/ts.js';
import type { PesSource } from './pes-source.js';
import { ScheduledStream } from './scheduled-stream.js';
import { ALIGNMENT, EARLY_PCR, RANDOM_ACCESS_HEADER, type SendPlan } from './send-plan.js';
import { INTERVAL_ROUNDING, LONGEST_INTERVAL } from './smoothing.js';

/** Longest interval between two PCRs: 40 ms, less the rounding of intervals. */
const PCR_MOST = Ticks90k(3_600 - INTERVAL_ROUNDING);
/** Age of the last PCR at which the next packet would be too late for another. */
const PCR_LIMIT = Ticks90k(PCR_MOST - LONGEST_INTERVAL);
/** The same before PAT and PMT, which nothing interrupts. */
const PCR_LIMIT_BEFORE_PSI = Ticks90k(PCR_MOST - 2 * LONGEST_INTERVAL);
/** The same before a random access point: alignment, PAT and PMT are up to 8 packets that nothing interrupts. */
const PCR_LIMIT_BEFORE_HEADER = Ticks90k(PCR_MOST - 8 * LONGEST_INTERVAL);
/** The same before the end: the next reel begins with PAT, PMT and then its PCR. */
const PCR_LIMIT_BEFORE_END = Ticks90k(PCR_MOST - 3 * LONGEST_INTERVAL);

/**
 * Responsible for:
 * - the order of packets: PCR, PAT and PMT at their times, sound and further streams at theirs, video otherwise
 * - PAT, PMT and PCR directly before a random access point, which begins a group
 *
 * Times of packets are ticks with a fraction.
 */
export class TsScheduler {
  readonly randomAccess: number[] = [];
  readonly #video: SpooledVideo;
  readonly #plan: SendPlan;
  readonly #videoReader: AccessUnitReader;
  readonly #videoCutter = new PesCutter(Pid.video);
  readonly #streams: readonly ScheduledStream[];
  readonly #pat = patPacket();
  readonly #pmt: Buffer;
  #videoPes = Buffer.allocUnsafe(1 << 20);
  #nextVideo = 0;
  #nextPsi = 0;
  #isPmtPending = false;
  #psiCounter = 0;
  #pcrsDue = 0;
  #pcrsWritten = 0;
  #lastPcr = 0;
  /** PCRs written before the header of the next random access point. */
  #earlyPcrs = 0;
  /** Packets left: null packets before the header, the header, null packets behind the access unit. */
  #alignBefore = 0;
  #headerLeft = 0;
  #alignBehind = 0;

  /** `streams`: those beside the pictures, as they are in the plan. */
  constructor(options: { video: SpooledVideo; streams: readonly PesSource[]; plan: SendPlan; pmt: Buffer }) {
    const { video, streams, plan, pmt } = options;
    this.#video = video;
    this.#plan = plan;
    this.#pmt = pmt;
    this.#videoReader = video.open();
    this.#streams = streams.map((source, i) => new ScheduledStream(source, plan.streams[i]!));
  }

  /** Whether no null packet may come first at `time`: the next packets belong together, or a PCR is due. */
  cannotWait(time: number): boolean {
    return (
      this.#nextVideo === 0 ||
      this.#earlyPcrs > 0 ||
      this.#alignBefore > 0 ||
      this.#headerLeft > 0 ||
      this.#isPmtPending ||
      this.#isPcrDue(time)
    );
  }

  /** Writes the packet that leaves in `slot` at `time` to offset `at` of `out`: a null packet when none is left. */
  write(out: Buffer, at: number, slot: number, time: number): void {
    if (this.#nextVideo === 0) this.#beginVideo(out, at, slot, time);
    else if (this.#alignBefore > 0) {
      this.#alignBefore--;
      writeNull(out, at);
    } else if (this.#headerLeft > 0) this.#writeHeader(out, at, time);
    else if (this.#isPmtPending) this.#writePmt(out, at);
    else if (this.#isPcrDue(time)) this.#writeScheduledPcr(out, at, time);
    else if (this.#isPsiDue(time)) this.#beginPsi(out, at, time);
    else if (this.#writeDueStream(out, at, time)) return;
    else if (this.#videoCutter.packetsLeft > 0) this.#videoCutter.write(out, at);
    else if (this.#alignBehind > 0) {
      this.#alignBehind--;
      writeNull(out, at);
    } else if (this.#nextVideo < this.#video.sizes.length) this.#beginVideo(out, at, slot, time);
    else if (this.#writeDueStream(out, at, Number.POSITIVE_INFINITY)) return;
    else if (this.#nextPsi < this.#plan.psiTimes.length) this.#beginPsi(out, at, time);
    else writeNull(out, at);
  }

  /** Throws if packets are left: the plan and its bounds would disagree. */
  checkDone(): void {
    const left = [
      this.#video.sizes.length - this.#nextVideo + this.#videoCutter.packetsLeft,
      this.#plan.psiTimes.length - this.#nextPsi + (this.#isPmtPending ? 1 : 0),
      ...this.#streams.map(({ left }) => left),
    ];
    if (left.some((count) => count > 0)) throw new Error(`packets of video, PSI and other streams left over: ${left}`);
  }

  close(): void {
    this.#videoReader.close();
    for (const stream of this.#streams) stream.close();
  }

  #isPcrDue(time: number): boolean {
    while (this.#pcrsDue < this.#plan.pcrTimes.length && this.#plan.pcrTimes[this.#pcrsDue]! <= time) this.#pcrsDue++;
    const lastCall = this.#plan.duration - PCR_LIMIT_BEFORE_END;
    return (
      this.#pcrsDue > this.#pcrsWritten ||
      time - this.#lastPcr > PCR_LIMIT ||
      (time >= lastCall && this.#lastPcr < lastCall)
    );
  }

  #isPsiDue(time: number): boolean {
    return this.#nextPsi < this.#plan.psiTimes.length && this.#plan.psiTimes[this.#nextPsi]! <= time;
  }

  #writeScheduledPcr(out: Buffer, at: number, time: number): void {
    this.#pcrsWritten++;
    this.#writePcr(out, at, time);
  }

  /** An adaptation field without payload, so that the counter repeats the last one of its PID. */
  #writePcr(out: Buffer, at: number, time: number): void {
    const base = Math.floor(time);
    out.fill(0xff, at, at + TS_PACKET_LENGTH);
    out[at] = TS_SYNC_BYTE;
    out[at + 1] = Pid.video >> 8;
    out[at + 2] = Pid.video & 0xff;
    out[at + 3] = 0x20 | this.#videoCutter.lastContinuityCounter;
    out[at + 4] = TS_PACKET_LENGTH - 5; // adaptation_field_length
    out[at + 5] = AdaptationFlag.pcr;
    writePcr(out, at + 6, base, Math.floor((time - base) * PCR_EXTENSION_MODULUS));
    this.#lastPcr = time;
  }

  #beginPsi(out: Buffer, at: number, time: number): void {
    if (time - this.#lastPcr > PCR_LIMIT_BEFORE_PSI) this.#writeScheduledPcr(out, at, time);
    else this.#writePat(out, at);
  }

  #writePat(out: Buffer, at: number): void {
    this.#pat.copy(out, at);
    out[at + 3]! |= this.#psiCounter;
    this.#isPmtPending = true;
    this.#nextPsi++;
  }

  #writePmt(out: Buffer, at: number): void {
    this.#pmt.copy(out, at);
    out[at + 3]! |= this.#psiCounter;
    this.#psiCounter = (this.#psiCounter + 1) & 0x0f;
    this.#isPmtPending = false;
  }

  #writeHeader(out: Buffer, at: number, time: number): void {
    switch (this.#headerLeft) {
      case 4:
        this.#pat.copy(out, at);
        out[at + 3]! |= this.#psiCounter;
        break;
      case 3:
        this.#writePmt(out, at);
        break;
      case 2:
        this.#writePcr(out, at, time);
        break;
      default:
        this.#videoCutter.write(out, at);
    }
    this.#headerLeft--;
  }

  #beginVideo(out: Buffer, at: number, slot: number, time: number): void {
    const index = this.#nextVideo;
    const randomAccess = this.#video.randomAccess[index] === 1;
    if (randomAccess && time - this.#lastPcr > PCR_LIMIT_BEFORE_HEADER) {
      // Audio may have come behind the early one: then one is borrowed from those that follow.
      if (this.#earlyPcrs === EARLY_PCR) this.#writeScheduledPcr(out, at, time);
      else {
        this.#earlyPcrs++;
        this.#writePcr(out, at, time);
      }
      return;
    }
    this.#loadVideo(index, randomAccess);
    if (!randomAccess) {
      this.#videoCutter.write(out, at);
      return;
    }
    this.#alignBefore = (TS_PACKETS_PER_GROUP - (slot % TS_PACKETS_PER_GROUP)) % TS_PACKETS_PER_GROUP;
    this.#alignBehind = ALIGNMENT - this.#alignBefore + EARLY_PCR - this.#earlyPcrs;
    this.#earlyPcrs = 0;
    this.#headerLeft = RANDOM_ACCESS_HEADER + 1; // The first packet of the access unit too.
    this.randomAccess.push((slot + this.#alignBefore) / TS_PACKETS_PER_GROUP);
    this.write(out, at, slot, time);
  }

  #loadVideo(index: number, randomAccess: boolean): void {
    const size = this.#video.sizes[index]!;
    const length = PES_HEADER_LENGTH_PTS_DTS + size;
    if (length > this.#videoPes.length) this.#videoPes = Buffer.allocUnsafe(length * 2);
    const pts = this.#video.pts[index]! + MEDIA_DELAY_TICKS;
    const dts = this.#plan.decodingTimes[index]! + MEDIA_DELAY_TICKS - this.#video.reorderDelay;
    writePesHeader(this.#videoPes, StreamId.video, size, pts, dts);
    this.#videoReader.read(this.#videoPes, PES_HEADER_LENGTH_PTS_DTS, size);
    this.#videoCutter.begin(this.#videoPes.subarray(0, length), this.#plan.videoPackets[index]!, randomAccess);
    this.#nextVideo++;
  }

  /** A PES packet that has begun is finished first; false where nothing is due. */
  #writeDueStream(out: Buffer, at: number, time: number): boolean {
    const stream = this.#streams.find(({ hasBegun }) => hasBegun) ?? this.#streams.find((each) => each.isDue(time));
    stream?.write(out, at);
    return stream !== undefined;
  }
}

/** A null packet (ISO/IEC 13818-1, 2.4.3.3). */
export function writeNull(out: Buffer, at: number): void {
  out.fill(0xff, at, at + TS_PACKET_LENGTH);
  out[at] = TS_SYNC_BYTE;
  out[at + 1] = Pid.null >> 8;
  out[at + 2] = Pid.null & 0xff;
  out[at + 3] = 0x10;
}
