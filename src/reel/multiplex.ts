/**
 * The multiplexer: elementary streams into the transport stream of a reel, with the time at which each packet leaves.
 *
 * Time 0 of a reel is when its first packet leaves; times stamped in it count from there, and going on the air adds
 * the wall clock time of that moment (`shiftTimes`). Every reel of a station has the same delays, so that reels follow each other
 * without a jump in any of PCR, PTS and DTS:
 *
 *     PTS = presentation time + MEDIA_DELAY
 *     DTS = (n-th smallest presentation time, for the n-th access unit) + MEDIA_DELAY − reorder delay
 *
 * Continuity counters begin at 0 and the payload packets of each PID are a multiple of 16, so they are right behind
 * any other reel. Packets are grouped by seven; a random access point begins a group.
 */
import type { Ticks90k } from '../base/units.js';
import { MEDIA_DELAY_TICKS } from '../contract/timing.js';
import type { AccessUnitReader, SpooledAudio, SpooledVideo } from '../media/spool.js';
import { PES_HEADER_LENGTH_PTS, PES_HEADER_LENGTH_PTS_DTS, PesCutter, StreamId, writePesHeader } from '../wire/pes.js';
import { patPacket, pmtPacket } from '../wire/psi.js';
import {
  AdaptationFlag,
  PCR_EXTENSION_MODULUS,
  Pid,
  TS_GROUP_LENGTH,
  TS_PACKET_LENGTH,
  TS_PACKETS_PER_GROUP,
  TS_SYNC_BYTE,
  writePcr,
} from '../wire/ts.js';
import { type AudioPlan, planAudio } from './audio-plan.js';
import {
  ALIGNMENT,
  AUDIO_FRAMES_PER_PES,
  EARLY_PCR,
  planSending,
  RANDOM_ACCESS_HEADER,
  type SendPlan,
  sendingBounds,
} from './send-plan.js';
import {
  busiestWindow,
  INTERVAL_ROUNDING,
  LONGEST_INTERVAL,
  raiseFloor,
  type SendingCurve,
  tautString,
} from './smoothing.js';

/** The most that may lie between two PCRs: 40 ms, less the rounding of intervals. */
const PCR_MOST: Ticks90k = 3_600 - INTERVAL_ROUNDING;
/** A PCR is due when the packet after this one would be too late for it. */
const PCR_LIMIT: Ticks90k = PCR_MOST - LONGEST_INTERVAL;
/** Alignment, PAT, PMT: up to 8 packets before the PCR of a random access point, that nothing interrupts. */
const PCR_LIMIT_BEFORE_HEADER: Ticks90k = PCR_MOST - 8 * LONGEST_INTERVAL;
/** The next reel begins with PAT, PMT and then its PCR. */
const PCR_LIMIT_BEFORE_END: Ticks90k = PCR_MOST - 3 * LONGEST_INTERVAL;
const OUTPUT_GROUPS = 1_024;

/** The index to what the multiplexer has written. */
export interface Multiplexed {
  duration: Ticks90k;
  /** RTP payloads of seven TS packets. */
  groups: number;
  /** When TS packets leave. */
  curve: SendingCurve;
  /** Groups that begin a random access point. */
  randomAccess: number[];
  /** TS packets in the busiest 100 ms, in proportion to the average. */
  peakToAverage: number;
}

/**
 * Multiplexes `video` and `audio` and hands whole groups to `write`, in a buffer that is used again afterwards.
 * `onProgress` gets the share done, 0 to 1.
 */
export function multiplex(options: {
  video: SpooledVideo;
  audio: SpooledAudio;
  write(packets: Buffer): void;
  onProgress?(done: number): void;
}): Multiplexed {
  const { video, audio, write, onProgress } = options;
  const audioPlan = planAudio(audio, video.duration);
  const plan = planSending({ video, audioSizes: audioPlan.sizes, audioPts: audioPlan.ptsOf });
  const needed = tautString(sendingBounds(plan, video.randomAccess), plan.duration);
  const curve = raiseFloor(needed);

  const source = new PacketSource({ video, audioPlan, plan });
  const out = Buffer.allocUnsafe(OUTPUT_GROUPS * TS_GROUP_LENGTH);
  const total = curve.counts[curve.counts.length - 1];
  let filled = 0;
  let nulls = 0;
  let slot = 0;
  try {
    for (let segment = 0; segment + 1 < curve.times.length; segment++) {
      const start = curve.counts[segment];
      const slots = curve.counts[segment + 1] - start;
      const interval = (curve.times[segment + 1] - curve.times[segment]) / slots;
      const neededShare = (needed.counts[segment + 1] - needed.counts[segment]) / slots;
      for (let i = 0; i < slots; i++, slot++) {
        const time = curve.times[segment] + i * interval;
        const neededByNow = needed.counts[segment] + (i + 1) * neededShare;
        const nullWanted = !source.cannotWait(time) && nulls < slot + 1 - Math.ceil(neededByNow - 1e-6);
        if (nullWanted) {
          writeNull(out, filled);
          nulls++;
        } else {
          source.write(out, filled, slot, time);
        }
        filled += TS_PACKET_LENGTH;
        if (filled === out.length) {
          write(out);
          filled = 0;
          onProgress?.(slot / total);
        }
      }
    }
    if (filled > 0) write(out.subarray(0, filled));
    source.checkDone();
  } finally {
    source.close();
  }
  return {
    duration: plan.duration,
    groups: total / TS_PACKETS_PER_GROUP,
    curve,
    randomAccess: source.randomAccess,
    peakToAverage: busiestWindow(curve) / ((total * 9_000) / plan.duration),
  };
}

function writeNull(out: Buffer, at: number): void {
  out.fill(0xff, at, at + TS_PACKET_LENGTH);
  out[at] = TS_SYNC_BYTE;
  out[at + 1] = Pid.null >> 8;
  out[at + 2] = Pid.null & 0xff;
  out[at + 3] = 0x10;
}

/**
 * It is in charge of:
 * - what leaves next: PCR, PAT and PMT at their times, audio at its own, video otherwise
 * - PAT, PMT and PCR directly before a random access point, and that at the beginning of a group
 */
class PacketSource {
  readonly randomAccess: number[] = [];
  readonly #video: SpooledVideo;
  readonly #audioPlan: AudioPlan;
  readonly #plan: SendPlan;
  readonly #videoReader: AccessUnitReader;
  readonly #audioReader: ReturnType<AudioPlan['open']>;
  readonly #videoCutter = new PesCutter(Pid.video);
  readonly #audioCutter = new PesCutter(Pid.audio);
  readonly #pat = patPacket();
  readonly #pmt = pmtPacket();
  #videoPes = Buffer.allocUnsafe(1 << 20);
  #audioPes = Buffer.allocUnsafe(1 << 16);
  #nextVideo = 0;
  #nextAudio = 0;
  #nextPsi = 0;
  #pmtPending = false;
  #psiCounter = 0;
  #pcrsDue = 0;
  #pcrsWritten = 0;
  #lastPcr: Ticks90k = 0;
  /** PCRs written before the header of the random access point that comes next. */
  #earlyPcrs = 0;
  /** Null packets before the header, packets of the header, null packets behind the access unit still to come. */
  #alignBefore = 0;
  #headerLeft = 0;
  #alignBehind = 0;

  constructor(options: { video: SpooledVideo; audioPlan: AudioPlan; plan: SendPlan }) {
    this.#video = options.video;
    this.#audioPlan = options.audioPlan;
    this.#plan = options.plan;
    this.#videoReader = options.video.open();
    this.#audioReader = options.audioPlan.open();
  }

  /** Whether a null packet may not come first: what follows belongs together, or a PCR is due. */
  cannotWait(time: number): boolean {
    return (
      this.#nextVideo === 0 || this.#alignBefore > 0 || this.#headerLeft > 0 || this.#pmtPending || this.#pcrIsDue(time)
    );
  }

  /** Writes the packet that leaves in `slot` at `time`; a null packet when there is none left. */
  write(out: Buffer, at: number, slot: number, time: number): void {
    if (this.#nextVideo === 0) this.#beginVideo(out, at, slot, time);
    else if (this.#alignBefore > 0) {
      this.#alignBefore--;
      writeNull(out, at);
    } else if (this.#headerLeft > 0) this.#writeHeader(out, at, time);
    else if (this.#pmtPending) this.#writePmt(out, at);
    else if (this.#pcrIsDue(time)) this.#writeScheduledPcr(out, at, time);
    else if (this.#psiIsDue(time)) this.#writePat(out, at);
    else if (this.#audioCutter.packetsLeft > 0 || this.#audioIsDue(time)) this.#writeAudio(out, at);
    else if (this.#videoCutter.packetsLeft > 0) this.#videoCutter.write(out, at);
    else if (this.#alignBehind > 0) {
      this.#alignBehind--;
      writeNull(out, at);
    } else if (this.#nextVideo < this.#video.sizes.length) this.#beginVideo(out, at, slot, time);
    else if (this.#nextAudio < this.#plan.audioPackets.length) this.#writeAudio(out, at);
    else if (this.#nextPsi < this.#plan.psiTimes.length) this.#writePat(out, at);
    else writeNull(out, at);
  }

  /** Throws if something was not written: the bounds and the source would disagree. */
  checkDone(): void {
    const left = [
      this.#video.sizes.length - this.#nextVideo + this.#videoCutter.packetsLeft,
      this.#plan.audioPackets.length - this.#nextAudio + this.#audioCutter.packetsLeft,
      this.#plan.psiTimes.length - this.#nextPsi + (this.#pmtPending ? 1 : 0),
    ];
    if (left.some((count) => count > 0)) throw new Error(`multiplexer: video, audio, PSI left over: ${left}`);
  }

  close(): void {
    this.#videoReader.close();
    this.#audioReader.close();
  }

  #pcrIsDue(time: number): boolean {
    while (this.#pcrsDue < this.#plan.pcrTimes.length && this.#plan.pcrTimes[this.#pcrsDue] <= time) this.#pcrsDue++;
    const lastCall = this.#plan.duration - PCR_LIMIT_BEFORE_END;
    return (
      this.#pcrsDue > this.#pcrsWritten ||
      time - this.#lastPcr > PCR_LIMIT ||
      (time >= lastCall && this.#lastPcr < lastCall)
    );
  }

  #psiIsDue(time: number): boolean {
    return this.#nextPsi < this.#plan.psiTimes.length && this.#plan.psiTimes[this.#nextPsi] <= time;
  }

  #audioIsDue(time: number): boolean {
    return this.#nextAudio < this.#plan.audioTimes.length && this.#plan.audioTimes[this.#nextAudio] <= time;
  }

  #writeScheduledPcr(out: Buffer, at: number, time: number): void {
    this.#pcrsWritten++;
    this.#writePcr(out, at, time);
  }

  /** An adaptation field and no payload, so the counter does not rise: it repeats the last one of its PID. */
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

  #writePat(out: Buffer, at: number): void {
    this.#pat.copy(out, at);
    out[at + 3] |= this.#psiCounter;
    this.#pmtPending = true;
    this.#nextPsi++;
  }

  #writePmt(out: Buffer, at: number): void {
    this.#pmt.copy(out, at);
    out[at + 3] |= this.#psiCounter;
    this.#psiCounter = (this.#psiCounter + 1) & 0x0f;
    this.#pmtPending = false;
  }

  #writeHeader(out: Buffer, at: number, time: number): void {
    switch (this.#headerLeft) {
      case 4:
        this.#pat.copy(out, at);
        out[at + 3] |= this.#psiCounter;
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
    if (randomAccess && this.#earlyPcrs < EARLY_PCR && time - this.#lastPcr > PCR_LIMIT_BEFORE_HEADER) {
      this.#earlyPcrs++;
      this.#writePcr(out, at, time);
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
    this.#headerLeft = RANDOM_ACCESS_HEADER + 1; // and the first packet of the access unit
    this.randomAccess.push((slot + this.#alignBefore) / TS_PACKETS_PER_GROUP);
    this.write(out, at, slot, time);
  }

  #loadVideo(index: number, randomAccess: boolean): void {
    const size = this.#video.sizes[index];
    const length = PES_HEADER_LENGTH_PTS_DTS + size;
    if (length > this.#videoPes.length) this.#videoPes = Buffer.allocUnsafe(length * 2);
    const pts = this.#video.pts[index] + MEDIA_DELAY_TICKS;
    const dts = this.#plan.decodingTimes[index] + MEDIA_DELAY_TICKS - this.#video.reorderDelay;
    writePesHeader(this.#videoPes, StreamId.video, size, pts, dts);
    this.#videoReader.read(this.#videoPes, PES_HEADER_LENGTH_PTS_DTS, size);
    this.#videoCutter.begin(this.#videoPes.subarray(0, length), this.#plan.videoPackets[index], randomAccess);
    this.#nextVideo++;
  }

  #writeAudio(out: Buffer, at: number): void {
    if (this.#audioCutter.packetsLeft === 0) this.#loadAudio();
    this.#audioCutter.write(out, at);
  }

  #loadAudio(): void {
    const { sizes, ptsOf } = this.#audioPlan;
    const first = this.#nextAudio * AUDIO_FRAMES_PER_PES;
    const last = Math.min(first + AUDIO_FRAMES_PER_PES, sizes.length);
    let end = PES_HEADER_LENGTH_PTS;
    for (let frame = first; frame < last; frame++) end += this.#audioReader.read(this.#audioPes, end, frame);
    writePesHeader(this.#audioPes, StreamId.audio, end - PES_HEADER_LENGTH_PTS, ptsOf(first) + MEDIA_DELAY_TICKS, null);
    this.#audioCutter.begin(this.#audioPes.subarray(0, end), this.#plan.audioPackets[this.#nextAudio], false);
    this.#nextAudio++;
  }
}
