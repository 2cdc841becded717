/**
 * The state in which a stream stands at a packet: the next counters and time stamps. Where one stream is cut off and another
 * follows, counters go on and time stamps do not overlap only if the states of both are known.
 *
 * Packets leave before their time stamps, those of pictures 0.3 to 1 s, those of sound 0.45 s. So behind a cut pictures go on
 * when the old ones end or later, by up to 1.2 s, and the last one stands until then; half a second of sound would be missing.
 */

import { PacketNumber, PTS_MODULUS, TICKS_PER_SECOND, Ticks90k, unwrap } from '../base/units.js';
import { type FurtherStream, furtherPid } from '../reel/further-streams.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';
import {
  type CounterShift,
  continuityCounterOf,
  hasPayload,
  Pid,
  payloadStart,
  pidOf,
  readPesTime,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
} from '../wire/ts.js';
import type { Station } from './station.js';

export interface SpliceState {
  /** PTS of the next picture in decoding order, and of the next sound, as times of the station. */
  readonly pictures: Ticks90k;
  readonly sound: Ticks90k;
  /** PTS of the next unit of each further stream. */
  readonly further: readonly Ticks90k[];
  /** The next continuity counter of each PID. */
  readonly counters: CounterShift;
}

/** Packets read at once. */
const STEP = 64;
/** Most packets that are searched: some seconds of any station. */
const MOST = 16_384;
/** Pictures that are searched backwards: more than are ever reordered. */
const REORDERED = 20;

/** The streams beside pictures and main sound of a station. */
export const furtherStreamsOf = (station: Station): readonly FurtherStream[] =>
  station.items[0]!.reel.data.manifest.layout.further ?? [];

/** The PIDs of those streams. */
export const furtherPidsOf = (station: Station): readonly number[] =>
  furtherStreamsOf(station).map((_, i) => furtherPid(i));

/**
 * The state of an MPEG-TS station at packet `n`. Throws when its reel cannot be read, and a RangeError when the packets behind
 * `n` are not those of our multiplexer.
 */
export function spliceStateAt(station: Station, n: PacketNumber): SpliceState {
  const further = furtherPidsOf(station);
  const timed = new Set<number>([Pid.video, Pid.audio, ...further]);
  const all = new Set<number>([Pid.pat, Pid.pmt, ...timed]);
  /** By PID. */
  const counters = new Map<number, number>();
  const times = new Map<number, Ticks90k>();
  const near = station.due(n);
  for (let from: number = n; from < n + MOST && (counters.size < all.size || times.size < timed.size); from += STEP) {
    for (const datagram of station.packets(PacketNumber(from), PacketNumber(from + STEP))) {
      for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
        const pid = pidOf(datagram, at);
        if (!all.has(pid)) continue;
        // Without a payload it repeats the counter before.
        const counter = continuityCounterOf(datagram, at) + (hasPayload(datagram, at) ? 0 : 1);
        if (!counters.has(pid)) counters.set(pid, counter & 0x0f);
        if (!timed.has(pid) || times.has(pid) || !startsPayloadUnit(datagram, at)) continue;
        const time = unwrap(readPesTime(datagram, at + payloadStart(datagram, at) + 9), near, PTS_MODULUS);
        times.set(pid, Ticks90k(time));
      }
    }
  }
  const found = <T>(of: Map<number, T>, pid: number): T => {
    const value = of.get(pid);
    if (value === undefined) throw new RangeError(`PID ${pid} or its time stamps are missing behind packet ${n}`);
    return value;
  };
  return {
    pictures: found(times, Pid.video),
    sound: found(times, Pid.audio),
    further: further.map((pid) => found(times, pid)),
    counters: {
      pat: found(counters, Pid.pat),
      pmt: found(counters, Pid.pmt),
      video: found(counters, Pid.video),
      audio: found(counters, Pid.audio),
      ...(further.length > 0 && { further: further.map((pid) => found(counters, pid)) }),
    },
  };
}

/** Whether the first TS packet of a PID with a payload begins a picture or a unit of sound; null where there is none. */
export function beginsUnit(datagram: Buffer, pid: number): boolean | null {
  for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
    if (pidOf(datagram, at) === pid && hasPayload(datagram, at)) return startsPayloadUnit(datagram, at);
  }
  return null;
}

/** The end of the picture that is shown last of those that begin before packet `n`, as a PTS of the station's time. */
export function endOfPictures(station: Station, n: PacketNumber): Ticks90k {
  const near = station.due(n);
  const times: Ticks90k[] = [];
  for (let from = n - STEP; times.length < REORDERED && from > n - MOST; from -= STEP) {
    for (const datagram of station.packets(PacketNumber(from), PacketNumber(from + STEP))) {
      for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
        if (pidOf(datagram, at) !== Pid.video || !startsPayloadUnit(datagram, at)) continue;
        times.push(Ticks90k(unwrap(readPesTime(datagram, at + payloadStart(datagram, at) + 9), near, PTS_MODULUS)));
      }
    }
  }
  const [pictures, seconds] = station.itemOnAirAt(near).item.reel.data.manifest.properties.frameRate;
  return Ticks90k(Math.max(...times) + Math.ceil((seconds * TICKS_PER_SECOND) / pictures));
}
