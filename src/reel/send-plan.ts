/** The TS packets that each part of a reel needs, and when they may and must leave: the input of the sending curve. */
import { Ticks90k } from '../base/units.js';
import { MEDIA_DELAY_TICKS } from '../contract/timing.js';
import type { SpooledVideo } from '../media/spool.js';
import { PES_HEADER_LENGTH_PTS, PES_HEADER_LENGTH_PTS_DTS, padPackets, tsPacketsFor } from '../wire/pes.js';
import { TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import type { PesSource } from './pes-source.js';
import { type Bounds, GRID } from './smoothing.js';

/**
 * Longest time an access unit takes to leave: 730 ms, the media delay less 250 ms, by which reordered pictures are decoded
 * before they are shown, and 20 ms, which keep the PCR clear of the DTS.
 */
const VIDEO_WINDOW = Ticks90k(MEDIA_DELAY_TICKS - 22_500 - 1_800);
/**
 * Sound and all else beside the pictures leaves late, so that a viewer that begins at a random access point gets the sound of
 * its first picture.
 */
const AUDIO_WAIT = Ticks90k(49_500);
/** All packets leave before the reel's end: those of its last half second may leave from its beginning on. */
const TAIL = Ticks90k(45_000);
/** Tolerance of packets with a fixed time. */
const SLACK = Ticks90k(1_800);
/** Usual interval of PCRs, 35 ms: at most 40 ms are allowed, the rest is for packets that nothing may interrupt. */
const PCR_INTERVAL = Ticks90k(3_150);
const PSI_INTERVAL = Ticks90k(9_000);

/** PAT, PMT and PCR, directly before a random access point. */
export const RANDOM_ACCESS_HEADER = 3;
/** A PCR before that header, where the last one would be too old by the end of it. */
export const EARLY_PCR = 1;
/** Null packets reserved to bring a random access point to the beginning of a group. */
export const ALIGNMENT = TS_PACKETS_PER_GROUP - 1;
/** Continuity counters count modulo 16. */
const CONTINUITY_MODULUS = 16;

export interface SendPlan {
  duration: Ticks90k;
  /** Ticks: the DTS of each access unit without the delays, which are the presentation times in order. */
  decodingTimes: Float64Array;
  /** TS packets of each video access unit, without random access header and alignment. */
  videoPackets: Uint32Array;
  /** The streams beside the pictures, the main sound first. */
  streams: PlannedStream[];
  /** Ticks at which PAT and PMT leave, besides those of random access points, and PCRs. */
  psiTimes: Float64Array;
  pcrTimes: Float64Array;
}

/** The TS packets of each PES packet of a stream, and the ticks at which it leaves. */
export interface PlannedStream {
  packets: Uint32Array;
  times: Float64Array;
}

/** Packets missing from `count` to a multiple of 16. */
const padding = (count: number) => (CONTINUITY_MODULUS - (count % CONTINUITY_MODULUS)) % CONTINUITY_MODULUS;
function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The middles of `count` equal parts of `duration`. */
const evenly = (count: number, duration: Ticks90k) =>
  Float64Array.from({ length: count }, (_, i) => ((i + 0.5) * duration) / count);

/** Plans the packets of a reel; `streams` are those beside the pictures, the main sound first. */
export function planSending({ video, streams }: { video: SpooledVideo; streams: readonly PesSource[] }): SendPlan {
  const { duration } = video;

  const videoPackets = video.sizes.map((size, i) =>
    tsPacketsFor(PES_HEADER_LENGTH_PTS_DTS + size, video.randomAccess[i] === 1),
  );
  padPackets(videoPackets, (i) => PES_HEADER_LENGTH_PTS_DTS + video.sizes[i]!, CONTINUITY_MODULUS);

  const randomAccessCount = sum(video.randomAccess);
  const psiCount = Math.ceil(duration / PSI_INTERVAL);
  return {
    duration,
    decodingTimes: Float64Array.from(video.pts).sort(),
    videoPackets,
    streams: streams.map((stream) => planStream(stream, duration)),
    psiTimes: evenly(psiCount + padding(psiCount + randomAccessCount), duration),
    pcrTimes: evenly(Math.ceil(duration / PCR_INTERVAL), duration),
  };
}

function planStream({ sizes, ptsOf, wait = AUDIO_WAIT }: PesSource, duration: Ticks90k): PlannedStream {
  const packets = sizes.map((size) => tsPacketsFor(PES_HEADER_LENGTH_PTS + size, false));
  const knee = Math.max(0, duration - TAIL - wait);
  const kneeTime = knee === 0 ? 0 : knee + wait;
  const times = Float64Array.from(sizes, (_, pes) => {
    const pts = ptsOf(pes);
    // Behind the knee, the rest is compressed into the rest of the reel.
    const share = (duration - SLACK - kneeTime) / (duration - knee);
    return pts < knee ? pts + wait : kneeTime + (pts - knee) * share;
  });
  padPackets(packets, (pes) => PES_HEADER_LENGTH_PTS + sizes[pes]!, CONTINUITY_MODULUS);
  return { packets, times };
}

/** The cumulative bounds between which the plan's packets may leave. */
export function sendingBounds(plan: SendPlan, randomAccess: Uint8Array): Bounds {
  const { duration } = plan;
  const steps = Math.max(1, Math.ceil(duration / GRID));
  const lower = new Float64Array(steps + 1);
  const upper = new Float64Array(steps + 1);
  // Ticks that may have a fraction.
  const add = (packets: number, release: number, deadline: number) => {
    upper[Math.min(steps, Math.max(1, Math.ceil(release / GRID)))]! += packets;
    lower[deadline >= duration ? steps : Math.max(1, Math.floor(deadline / GRID))]! += packets;
  };
  plan.videoPackets.forEach((packets, i) => {
    const time = plan.decodingTimes[i]!;
    const whole = packets + (randomAccess[i] === 1 ? EARLY_PCR + RANDOM_ACCESS_HEADER + ALIGNMENT : 0);
    add(whole, Math.min(time, duration - TAIL), time + VIDEO_WINDOW);
  });
  for (const stream of plan.streams) {
    stream.packets.forEach((packets, i) => {
      const time = stream.times[i]!;
      add(packets, time - SLACK, time + SLACK);
    });
  }
  for (const time of plan.psiTimes) add(2, time - SLACK, time + SLACK);
  for (const time of plan.pcrTimes) add(1, time - SLACK, time + SLACK);
  // PCRs of random access points come ahead of their time: at the end at most two are borrowed.
  add(TS_PACKETS_PER_GROUP, duration, duration);
  for (let step = 1; step <= steps; step++) {
    lower[step]! += lower[step - 1]!;
    upper[step]! += upper[step - 1]!;
  }
  for (let step = 0; step <= steps; step++) upper[step] = Math.max(upper[step]!, lower[step]!);
  return { lower, upper };
}
