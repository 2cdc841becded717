/**
 * Checks a transport stream against the rules of ISO/IEC 13818-1 and TR 101 290 that players depend on. Independent of the
 * multiplexer: it shares only the readers of single fields.
 */

import { PTS_MODULUS, wrappedDistance } from '../../src/base/units.js';
import {
  AdaptationFlag,
  adaptationFlagsOf,
  continuityCounterOf,
  hasPayload,
  MOST_FURTHER,
  Pid,
  payloadStart,
  pidOf,
  readPcrBase,
  readPcrExtension,
  readPesTime,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
} from '../../src/wire/ts.js';

export interface TsReport {
  packets: number;
  /** Violations of the rules, each with the packet's index. */
  faults: string[];
  randomAccessPoints: number;
  /** Ticks. */
  longestPcrGap: number;
  longestPsiGap: number;
  /** Steps of PTS from one PES packet to the next in presentation order, by PID: least and most. */
  ptsSteps: Map<number, { least: number; most: number }>;
  /** Least DTS (or PTS) − PCR at the end of a video access unit, ticks: below 0 the picture comes too late. */
  leastLead: number;
  nullPackets: number;
}

/** Analyses `stream`, which begins with a whole packet, from its first PCR on. */
export function analyseTs(stream: Buffer): TsReport {
  const faults: string[] = [];
  const counters = new Map<number, number>();
  const times = new Map<number, number[]>();
  const lastSeen = new Map<number, number>();
  let pcr = Number.NaN;
  let longestPcrGap = 0;
  let longestPsiGap = 0;
  let leastLead = Number.POSITIVE_INFINITY;
  let randomAccessPoints = 0;
  let nullPackets = 0;
  let openDts = Number.NaN;
  let lastDts = Number.NaN;
  const packets = stream.length / TS_PACKET_LENGTH;
  if (!Number.isInteger(packets)) faults.push(`length ${stream.length} is not a multiple of 188`);

  for (let index = 0; index < packets; index++) {
    const at = index * TS_PACKET_LENGTH;
    if (stream[at] !== 0x47) faults.push(`packet ${index}: no sync byte`);
    const pid = pidOf(stream, at);
    if (pid === Pid.null) {
      nullPackets++;
      continue;
    }
    const flags = adaptationFlagsOf(stream, at);
    if (flags & AdaptationFlag.discontinuity) faults.push(`packet ${index}: discontinuity_indicator`);
    const counter = continuityCounterOf(stream, at);
    const before = counters.get(pid);
    if (before !== undefined) {
      const expected = hasPayload(stream, at) ? (before + 1) & 0x0f : before;
      if (counter !== expected) faults.push(`packet ${index}: PID ${pid} continuity ${before} → ${counter}`);
    }
    counters.set(pid, counter);

    if (flags & AdaptationFlag.pcr) {
      const value = readPcrBase(stream, at + 6) + readPcrExtension(stream, at + 6) / 300;
      if (!Number.isNaN(pcr)) {
        const gap = wrappedDistance(pcr, value, PTS_MODULUS);
        if (gap <= 0) faults.push(`packet ${index}: PCR goes from ${pcr} to ${value}`);
        longestPcrGap = Math.max(longestPcrGap, gap);
      }
      pcr = value;
    }
    if (pid === Pid.pat && !Number.isNaN(pcr)) {
      const seen = lastSeen.get(pid);
      if (seen !== undefined) longestPsiGap = Math.max(longestPsiGap, wrappedDistance(seen, pcr, PTS_MODULUS));
      lastSeen.set(pid, pcr);
    }
    if (flags & AdaptationFlag.randomAccess) {
      randomAccessPoints++;
      const [pat, pmt, pcrPacket] = [3, 2, 1].map((back) => at - back * TS_PACKET_LENGTH) as [number, number, number];
      const hasHeader =
        pat >= 0 &&
        pidOf(stream, pat) === Pid.pat &&
        pidOf(stream, pmt) === Pid.pmt &&
        (adaptationFlagsOf(stream, pcrPacket) & AdaptationFlag.pcr) !== 0;
      if (!hasHeader) faults.push(`packet ${index}: no PAT, PMT and PCR directly before a random access point`);
    }
    const isFurther = pid >= Pid.further && pid < Pid.further + MOST_FURTHER;
    if (pid !== Pid.video && pid !== Pid.audio && !isFurther) continue;
    if (!startsPayloadUnit(stream, at)) {
      // The PCR at the last packet of an access unit counts: it is measured where the next unit begins.
      continue;
    }
    const pes = at + payloadStart(stream, at);
    if (stream.readUIntBE(pes, 3) !== 1) faults.push(`packet ${index}: no PES start code`);
    const pts = readPesTime(stream, pes + 9);
    times.set(pid, [...(times.get(pid) ?? []), pts]);
    if (pid !== Pid.video) continue;
    const dts = stream[pes + 7]! & 0x40 ? readPesTime(stream, pes + 14) : pts;
    if (!Number.isNaN(openDts)) leastLead = Math.min(leastLead, wrappedDistance(pcr, openDts, PTS_MODULUS));
    if (!Number.isNaN(lastDts) && wrappedDistance(lastDts, dts, PTS_MODULUS) <= 0) {
      faults.push(`packet ${index}: DTS goes from ${lastDts} to ${dts}`);
    }
    if (wrappedDistance(dts, pts, PTS_MODULUS) < 0) faults.push(`packet ${index}: PTS before DTS`);
    lastDts = dts;
    openDts = dts;
  }

  const ptsSteps = new Map<number, { least: number; most: number }>();
  for (const [pid, values] of times) {
    const origin = values[0]!;
    const ordered = values.map((value) => wrappedDistance(origin, value, PTS_MODULUS)).sort((a, b) => a - b);
    const steps = ordered.slice(1).map((value, i) => value - ordered[i]!);
    ptsSteps.set(pid, { least: Math.min(...steps), most: Math.max(...steps) });
  }
  return { packets, faults, randomAccessPoints, longestPcrGap, longestPsiGap, ptsSteps, leastLead, nullPackets };
}
