/**
 * The state in which a stream stands at a packet: the next counters and time stamps. Where one stream is cut off and another
 * follows, counters go on and time stamps do not overlap only if the states of both are known.
 *
 * Packets leave before their time stamps, those of pictures 0.3 to 1 s, those of sound 0.45 s. So behind a cut pictures go on
 * when the old ones end or later, by up to 1.2 s, and the last one stands until then; half a second of sound would be missing.
 */

import { PacketNumber, PTS_MODULUS, TICKS_PER_SECOND, Ticks90k, unwrap } from '../base/units.js';
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
  /** The next continuity counter of each PID. */
  readonly counters: CounterShift;
}

/** Packets read at once. */
const STEP = 64;
/** Most packets that are searched: some seconds of any station. */
const MOST = 16_384;
/** Pictures that are searched backwards: more than are ever reordered. */
const REORDERED = 20;

const names = new Map<number, keyof CounterShift>([
  [Pid.pat, 'pat'],
  [Pid.pmt, 'pmt'],
  [Pid.video, 'video'],
  [Pid.audio, 'audio'],
]);

/**
 * The state of an MPEG-TS station at packet `n`. Throws when its reel cannot be read, and a RangeError when the packets behind
 * `n` are not those of our multiplexer.
 */
export function spliceStateAt(station: Station, n: PacketNumber): SpliceState {
  const counters = new Map<keyof CounterShift, number>();
  const times = new Map<keyof CounterShift, Ticks90k>();
  const near = station.due(n);
  for (let from: number = n; from < n + MOST && (counters.size < names.size || times.size < 2); from += STEP) {
    for (const datagram of station.packets(PacketNumber(from), PacketNumber(from + STEP))) {
      for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
        const name = names.get(pidOf(datagram, at));
        if (name === undefined) continue;
        // Without a payload it repeats the counter before.
        const counter = continuityCounterOf(datagram, at) + (hasPayload(datagram, at) ? 0 : 1);
        if (!counters.has(name)) counters.set(name, counter & 0x0f);
        if ((name !== 'video' && name !== 'audio') || times.has(name) || !startsPayloadUnit(datagram, at)) continue;
        const time = unwrap(readPesTime(datagram, at + payloadStart(datagram, at) + 9), near, PTS_MODULUS);
        times.set(name, Ticks90k(time));
      }
    }
  }
  const { pat, pmt, video, audio } = Object.fromEntries(counters);
  const pictures = times.get('video');
  const sound = times.get('audio');
  if (pat === undefined || pmt === undefined || video === undefined || audio === undefined) {
    throw new RangeError(`PAT, PMT, video or audio is missing behind packet ${n}`);
  }
  if (pictures === undefined || sound === undefined) throw new RangeError(`time stamps are missing behind packet ${n}`);
  return { pictures, sound, counters: { pat, pmt, video, audio } };
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
