/** Lateness, evenness and completeness of a station's packets by their arrival times. No sockets, no clock. */
import { RTP_TIME_MODULUS, SEQUENCE_MODULUS, TICKS_PER_MILLI, wrappedDistance } from '../../src/base/units.js';
import { quantile, sum } from './stats.js';

const TS_PACKET = 188;
const RTP_HEADER = 12;

/** Ticks of 27 MHz in a millisecond. */
const PCR_PER_MILLI = 27_000;
/** A PCR is a base of 33 bits × 300 and an extension below 300. */
const PCR_MODULUS = 2 ** 33 * 300;

/** The received packets of one station. */
export class Arrivals {
  /** Unix epoch by the kernel's clock, ms. */
  readonly times: number[] = [];
  /** RTP sequence numbers and timestamps; empty without RTP. */
  readonly sequence: number[] = [];
  readonly timestamps: number[] = [];
  /** Arrival and value of each PCR, 27 MHz ticks. */
  readonly pcrs: { time: number; value: number }[] = [];
  /** Of UDP payloads with RTP headers, and of the transport stream in them. */
  bytes = 0;
  tsBytes = 0;
  #pcrPid: number | null = null;

  add(packet: Buffer, time: number): void {
    const isRaw = packet[0] === 0x47 && packet.length % TS_PACKET === 0;
    const start = isRaw ? 0 : RTP_HEADER;
    this.times.push(time);
    this.bytes += packet.length;
    this.tsBytes += packet.length - start;
    if (!isRaw) {
      this.sequence.push(packet.readUInt16BE(2));
      this.timestamps.push(packet.readUInt32BE(4));
    }
    for (let at = start; at + TS_PACKET <= packet.length; at += TS_PACKET) {
      const value = pcrOf(packet, at);
      if (value === null) continue;
      const pid = packet.readUInt16BE(at + 1) & 0x1fff;
      this.#pcrPid ??= pid;
      if (pid === this.#pcrPid) this.pcrs.push({ time, value });
    }
  }
}

/** adaptation_field_control, adaptation_field_length, PCR_flag, program_clock_reference: ISO/IEC 13818-1, 2.4.3.4. */
function pcrOf(packet: Buffer, at: number): number | null {
  if ((packet[at + 3]! & 0x20) === 0 || packet[at + 4]! < 7 || (packet[at + 5]! & 0x10) === 0) return null;
  const base = packet.readUInt32BE(at + 6) * 2 + (packet[at + 10]! >> 7);
  return base * 300 + (((packet[at + 10]! & 1) << 8) | packet[at + 11]!);
}

/** Milliseconds; `early` is the smallest lateness. */
export interface Lateness {
  p50: number;
  p99: number;
  max: number;
  early: number;
  /** Share of packets within 5 ms of their due time, 0 to 1. */
  within5: number;
}

export interface Spacing {
  /** Deviation of PCR arrivals from a straight line through all of a station, ms; null without PCRs. */
  pcr: { p50: number; p99: number; max: number } | null;
  /** Most packets of one station within a millisecond. */
  burst: number;
  /** Longest time between two packets of one station, milliseconds. */
  gap: number;
}

/** For RTP timestamps that are the 90 kHz wall-clock time at which a packet is due. */
export function lateness(stations: readonly Arrivals[]): Lateness {
  const late = stations.flatMap(({ times, timestamps }) =>
    timestamps.map((due, i) => wrappedDistance(due, times[i]! * TICKS_PER_MILLI, RTP_TIME_MODULUS) / TICKS_PER_MILLI),
  );
  return {
    p50: quantile(late, 0.5),
    p99: quantile(late, 0.99),
    max: quantile(late, 1),
    early: quantile(late, 0),
    within5: late.filter((value) => Math.abs(value) <= 5).length / late.length,
  };
}

/** Missing packets by sequence numbers; null without RTP. */
export function lost(stations: readonly Arrivals[]): number | null {
  const withRtp = stations.filter(({ sequence }) => sequence.length > 0);
  if (withRtp.length === 0) return null;
  return withRtp.reduce((sum, { sequence }) => {
    let advance = 0;
    for (let i = 1; i < sequence.length; i++) {
      advance += wrappedDistance(sequence[i - 1]!, sequence[i]!, SEQUENCE_MODULUS);
    }
    return sum + advance + 1 - sequence.length;
  }, 0);
}

export function spacing(stations: readonly Arrivals[]): Spacing {
  const deviations = stations.flatMap(({ pcrs }) => fromLine(pcrs));
  const pcr = { p50: quantile(deviations, 0.5), p99: quantile(deviations, 0.99), max: quantile(deviations, 1) };
  return {
    pcr: deviations.length === 0 ? null : pcr,
    burst: stations.reduce((most, { times }) => Math.max(most, burst(times)), 0),
    gap: stations.reduce((most, { times }) => Math.max(most, gap(times)), 0),
  };
}

/** Absolute deviations in time from the least-squares line through the points. */
function fromLine(pcrs: readonly { time: number; value: number }[]): number[] {
  if (pcrs.length < 2) return [];
  const points: { x: number; y: number }[] = [{ x: 0, y: 0 }];
  for (let i = 1; i < pcrs.length; i++) {
    const step = wrappedDistance(pcrs[i - 1]!.value, pcrs[i]!.value, PCR_MODULUS) / PCR_PER_MILLI;
    points.push({ x: points[i - 1]!.x + step, y: pcrs[i]!.time - pcrs[0]!.time });
  }
  const mean = (of: 'x' | 'y') => sum(points.map((point) => point[of])) / points.length;
  const [meanX, meanY] = [mean('x'), mean('y')];
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / sum(points.map(({ x }) => (x - meanX) ** 2));
  return points.map(({ x, y }) => Math.abs(y - meanY - slope * (x - meanX)));
}

function burst(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (let last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= 1) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function gap(times: readonly number[]): number {
  let longest = 0;
  for (let i = 1; i < times.length; i++) longest = Math.max(longest, times[i]! - times[i - 1]!);
  return longest;
}
