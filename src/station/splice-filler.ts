/**
 * A filler: RTP payloads between an item that is cut off and the one that follows.
 *
 * Sound leaves half a second later than the pictures that it belongs to. So behind a cut there is half a second still to be
 * heard, which would be missing, and players that find a gap in the sound play what follows too early. A filler has it, in
 * few packets one soon after the other, up to where the new sound begins. Where the pictures behind the cut have to wait,
 * it goes on so long, so that the clock reference does.
 */

import { type PacketNumber, PTS_MODULUS, TICKS_PER_MILLI, type Ticks90k, unwrap } from '../base/units.js';
import { patPacket, pmtPacket } from '../wire/psi.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';
import {
  AdaptationFlag,
  type CounterShift,
  Pid,
  payloadStart,
  pidOf,
  readPesTime,
  startsPayloadUnit,
  TS_GROUP_LENGTH,
  TS_PACKET_LENGTH,
  TS_PACKETS_PER_GROUP,
  TS_SYNC_BYTE,
  writePcr,
} from '../wire/ts.js';
import type { SpliceState } from './splice-state.js';
import type { Station } from './station.js';

/** As threads hand it to each other. */
export interface SpliceFillerData {
  /** Whole RTP payloads, as they leave. */
  readonly payloads: SharedArrayBuffer;
  /** From its first packet to the first behind it. */
  readonly duration: Ticks90k;
}

/** Every payload has a clock reference, which may be 40 ms apart; every fourth PAT and PMT. */
const LONGEST_STEP: Ticks90k = 36 * TICKS_PER_MILLI;
const PSI_EVERY = 4;
/** As fast again as the station's average: not more than its own busiest moments. */
const SPEED = 2;
/** A filler may become so much longer than what it has to wait for, by what it carries; sound is looked for so far. */
const MOST_LONGER: Ticks90k = 500 * TICKS_PER_MILLI;
const MOST_SOUND: Ticks90k = 3_000 * TICKS_PER_MILLI;
const STEP = 64;

/** Sound that belongs together, and its TS packets. */
interface SoundUnit {
  readonly pts: Ticks90k;
  readonly packets: Buffer[];
}

/** Sound of a station from packet `n` on, until `end` of its PTS and one more. */
function soundOf(station: Station, n: PacketNumber, end: Ticks90k): SoundUnit[] {
  const units: SoundUnit[] = [];
  const last = station.due(n) + MOST_SOUND;
  for (let from = n; station.due(from) < last; from += STEP) {
    for (const datagram of station.packets(from, from + STEP)) {
      for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
        if (pidOf(datagram, at) !== Pid.audio) continue;
        if (startsPayloadUnit(datagram, at)) {
          const pts = unwrap(readPesTime(datagram, at + payloadStart(datagram, at) + 9), last, PTS_MODULUS);
          units.push({ pts, packets: [] });
          if (pts >= end) return units;
        }
        units.at(-1)?.packets.push(datagram.subarray(at, at + TS_PACKET_LENGTH));
      }
    }
  }
  return units;
}

/** Payloads that `sound` takes, with clock references, PAT and PMT. */
function payloadsFor(sound: number): number {
  let payloads = 0;
  for (let room = 0; room < sound; payloads++) room += TS_PACKETS_PER_GROUP - ownPackets(payloads);
  return payloads;
}

const ownPackets = (payload: number): number => (payload % PSI_EVERY === 0 ? 3 : 1);

/**
 * From packet `cut` of a station on, which goes on there with `old`, to what begins with `own`, relative to its first packet;
 * `wait` long at least. Null where none is needed. With it, the counters that come behind it.
 */
export function filler(
  station: Station,
  cut: PacketNumber,
  { old, own, wait }: { old: SpliceState; own: SpliceState; wait: Ticks90k },
): { data: SpliceFillerData; counters: CounterShift } | null {
  const from = station.due(cut);
  const step = Math.min(LONGEST_STEP, station.cycleDuration / station.cyclePackets / SPEED);
  const units = soundOf(station, cut, from + wait + MOST_LONGER + own.sound);
  let duration = wait;
  for (;;) {
    // Each up to where the next begins; the last one's end is not known.
    const wanted = units.filter((_, i) => i + 1 < units.length && units[i + 1].pts <= from + duration + own.sound);
    const sound = wanted.flatMap(({ packets }) => packets);
    const count = Math.max(payloadsFor(sound.length), Math.ceil(duration / LONGEST_STEP));
    if (count === 0) return null;
    const needed = Math.ceil(count * step);
    if (needed > duration) {
      duration = needed;
      continue;
    }
    return build({ sound, count, from, duration, counters: old.counters });
  }
}

function build(options: {
  sound: Buffer[];
  count: number;
  from: Ticks90k;
  duration: Ticks90k;
  counters: CounterShift;
}): { data: SpliceFillerData; counters: CounterShift } {
  const { sound, count, from, duration, counters } = options;
  const payloads = new SharedArrayBuffer(count * TS_GROUP_LENGTH);
  const out = Buffer.from(payloads);
  let next = 0;
  let sections = 0;
  for (let payload = 0; payload < count; payload++) {
    let at = payload * TS_GROUP_LENGTH;
    const put = (packet: Buffer) => {
      packet.copy(out, at);
      at += TS_PACKET_LENGTH;
    };
    if (ownPackets(payload) > 1) {
      put(counted(patPacket(), counters.pat + sections));
      put(counted(pmtPacket(), counters.pmt + sections));
      sections++;
    }
    put(pcrPacket(from + timeOf(payload, count, duration), counters.video));
    for (let room = TS_PACKETS_PER_GROUP - ownPackets(payload); room > 0; room--) put(sound[next++] ?? nullPacket);
  }
  return {
    data: { payloads, duration },
    counters: {
      pat: (counters.pat + sections) & 0x0f,
      pmt: (counters.pmt + sections) & 0x0f,
      video: counters.video,
      audio: (counters.audio + sound.length) & 0x0f,
    },
  };
}

function counted(packet: Buffer, counter: number): Buffer {
  packet[3] = (packet[3] & 0xf0) | (counter & 0x0f);
  return packet;
}

/** A clock reference and no payload: it repeats the counter before `next`. */
function pcrPacket(time: Ticks90k, next: number): Buffer {
  const packet = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
  packet[0] = TS_SYNC_BYTE;
  packet[1] = Pid.video >> 8;
  packet[2] = Pid.video & 0xff;
  packet[3] = 0x20 | ((next - 1) & 0x0f);
  packet[4] = TS_PACKET_LENGTH - 5; // adaptation_field_length
  packet[5] = AdaptationFlag.pcr;
  writePcr(packet, 6, time, 0);
  return packet;
}

const nullPacket = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
nullPacket[0] = TS_SYNC_BYTE;
nullPacket[1] = Pid.null >> 8;
nullPacket[2] = Pid.null & 0xff;
nullPacket[3] = 0x10;

const timeOf = (payload: number, count: number, duration: Ticks90k): Ticks90k =>
  Math.floor((payload * duration) / count);

/** A filler's packets and when they leave, counted from the first. */
export class SpliceFiller {
  readonly data: SpliceFillerData;
  readonly count: number;
  readonly #bytes: Buffer;

  constructor(data: SpliceFillerData) {
    this.data = data;
    this.count = data.payloads.byteLength / TS_GROUP_LENGTH;
    this.#bytes = Buffer.from(data.payloads);
    if (!Number.isInteger(this.count) || this.count === 0) throw new RangeError('a filler has whole payloads');
    if (!(data.duration >= 0)) throw new RangeError(`a filler lasts ${data.duration}`);
  }

  due(packet: number): Ticks90k {
    return timeOf(packet, this.count, this.data.duration);
  }

  /** The last packet due at or before `time`, which is in [0, duration). */
  at(time: Ticks90k): number {
    let packet = Math.min(this.count - 1, Math.floor((time * this.count) / this.data.duration));
    while (packet + 1 < this.count && this.due(packet + 1) <= time) packet++;
    return packet;
  }

  /** Copies a payload to `offset` of `out`. */
  copy(packet: number, out: Buffer, offset: number): void {
    this.#bytes.copy(out, offset, packet * TS_GROUP_LENGTH, (packet + 1) * TS_GROUP_LENGTH);
  }
}
