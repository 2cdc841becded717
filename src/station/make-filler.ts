/**
 * Fillers: RTP payloads between an item that is cut off and the item that follows.
 *
 * Sound leaves half a second later than the pictures that it belongs to. Behind a cut half a second would be missing, and
 * players that find a gap in the sound play the next item too early. A filler has that sound of every track, in few packets in
 * quick succession, up to the beginning of the new sound. Where the new pictures have to wait, the filler lasts until then, so
 * that the clock reference goes on.
 *
 * Pictures of H.265 may go on at a random access point whose leading pictures need others before it (CRA). The filler then ends the
 * sequence of the old pictures, so that decoders leave those out instead of showing them with what they do not belong to. They also
 * drop old pictures that they have not shown yet, up to the reorder delay (ITU-T H.265, C.5.2.2).
 */

import { PacketNumber, PTS_MODULUS, TICKS_PER_MILLI, Ticks90k, unwrap } from '../base/units.js';
import { furtherPid, isContinuous, pmtOf } from '../reel/further-streams.js';
import { patPacket } from '../wire/psi.js';
import { RTP_HEADER_LENGTH } from '../wire/rtp.js';
import { isTransport } from '../wire/station-format.js';
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
import { fillerTime, type SpliceFillerData } from './splice-filler.js';
import { furtherStreamsOf, type SpliceState } from './splice-state.js';
import type { Station } from './station.js';

/** Longest distance of payloads: each has a clock reference, and those may be 40 ms apart. */
const LONGEST_STEP = Ticks90k(36 * TICKS_PER_MILLI);
/** Every fourth payload has PAT and PMT. */
const PSI_EVERY = 4;
/** Speed of a filler, in proportion to the average of the items that are cut off: no more than that of their busiest moments. */
const SPEED = 2;
/** Longest time that a filler takes beyond its wait, for the sound that it carries. */
const MOST_LONGER = Ticks90k(500 * TICKS_PER_MILLI);
/** Part of the station in which the sound is looked for. */
const MOST_SOUND = Ticks90k(3_000 * TICKS_PER_MILLI);
/** Packets read at once. */
const STEP = 64;

export interface SpliceTimes {
  /** The states of the item that is cut off, and of the next item relative to its first packet. */
  readonly old: SpliceState;
  readonly own: SpliceState;
  /** Shortest duration. */
  readonly wait: Ticks90k;
}

/** A filler, and the continuity counters behind it. */
export interface MadeFiller {
  readonly data: SpliceFillerData;
  readonly counters: CounterShift;
}

/** The filler from packet `cut` of a station on; null where none is needed. Throws when a reel cannot be read. */
export function makeFiller(station: Station, cut: PacketNumber, { old, own, wait }: SpliceTimes): MadeFiller | null {
  const from = station.due(cut);
  const { playlist } = station.timeline.periods.at(-1)!;
  const step = Math.min(LONGEST_STEP, playlist.duration / playlist.packetCount / SPEED);
  // A track, and when the new one begins.
  const tracks = [
    { pid: Pid.audio, begins: own.sound },
    ...furtherStreamsOf(station).flatMap((stream, i) =>
      isContinuous(stream) ? [{ pid: furtherPid(i), begins: own.further[i]! }] : [],
    ),
  ].map(({ pid, begins }) => {
    const units = soundOf({ station, pid, from: cut, end: Ticks90k(from + wait + MOST_LONGER + begins) });
    return { begins, units };
  });
  const { format, layout } = station.items[0]!.reel.data.manifest;
  if (!isTransport(format)) throw new RangeError('a station of JPEG pictures has no filler');
  const pmt = pmtOf(format, layout);
  let duration = wait;
  for (;;) {
    const carried = tracks
      .flatMap(({ begins, units }) => unitsUntil(units, Ticks90k(from + duration + begins)))
      .sort((a, b) => a.pts - b.pts)
      .flatMap(({ packets }) => packets);
    const packets = format === 'hevc' ? [endPacket(old.counters.video), ...carried] : carried;
    const count = Math.max(payloadsFor(packets.length), Math.ceil(duration / LONGEST_STEP));
    if (count === 0) return null;
    const needed = Ticks90k(Math.ceil(count * step));
    if (needed > duration) {
      duration = needed;
      continue;
    }
    return build({ packets, count, from, duration, pmt, counters: old.counters });
  }
}

/** The units that end at `end` or before. Each ends where the next begins; the end of the last is not known. */
const unitsUntil = (units: readonly SoundUnit[], end: Ticks90k): SoundUnit[] =>
  units.filter((_, i) => (units[i + 1]?.pts ?? Number.POSITIVE_INFINITY) <= end);

/** One unit of sound, and its TS packets. */
interface SoundUnit {
  readonly pts: Ticks90k;
  readonly packets: Buffer[];
}

/** The sound on a PID from packet `from` on, up to the first unit whose PTS is `end` or later, with that. */
function soundOf(options: { station: Station; pid: number; from: PacketNumber; end: Ticks90k }): SoundUnit[] {
  const { station, pid, end } = options;
  const units: SoundUnit[] = [];
  const last = station.due(options.from) + MOST_SOUND;
  for (let { from } = options; station.due(from) < last; from = PacketNumber(from + STEP)) {
    for (const datagram of station.packets(from, PacketNumber(from + STEP))) {
      for (let at = RTP_HEADER_LENGTH; at < datagram.length; at += TS_PACKET_LENGTH) {
        if (pidOf(datagram, at) !== pid) continue;
        if (startsPayloadUnit(datagram, at)) {
          const pts = Ticks90k(unwrap(readPesTime(datagram, at + payloadStart(datagram, at) + 9), last, PTS_MODULUS));
          units.push({ pts, packets: [] });
          if (pts >= end) return units;
        }
        units.at(-1)?.packets.push(datagram.subarray(at, at + TS_PACKET_LENGTH));
      }
    }
  }
  return units;
}

/** Payloads for that many packets of sound, with clock references, PAT and PMT. */
function payloadsFor(sound: number): number {
  let payloads = 0;
  for (let room = 0; room < sound; payloads++) room += TS_PACKETS_PER_GROUP - ownPackets(payloads);
  return payloads;
}

const ownPackets = (payload: number): number => (payload % PSI_EVERY === 0 ? 3 : 1);

/** end_of_seq_rbsp of ITU-T H.265, 7.3.2.6, with its start code. */
const END_OF_SEQUENCE = Buffer.from([0, 0, 0, 1, 0x48, 0x01]);

/** A packet that ends the sequence of pictures of H.265: the last bytes of the picture before it, whose PES packet has no length. */
function endPacket(counter: number): Buffer {
  const packet = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
  const payload = TS_PACKET_LENGTH - END_OF_SEQUENCE.length;
  packet[0] = TS_SYNC_BYTE;
  packet[1] = Pid.video >> 8; // payload_unit_start_indicator: 0
  packet[2] = Pid.video & 0xff;
  packet[3] = 0x30 | counter; // adaptation_field_control: a field and a payload; continuity_counter
  packet[4] = payload - 5; // adaptation_field_length
  packet[5] = 0;
  END_OF_SEQUENCE.copy(packet, payload);
  return packet;
}

function build(options: {
  packets: Buffer[];
  count: number;
  from: Ticks90k;
  duration: Ticks90k;
  pmt: Buffer;
  counters: CounterShift;
}): MadeFiller {
  const { packets, count, from, duration, pmt, counters } = options;
  const payloads = new SharedArrayBuffer(count * TS_GROUP_LENGTH);
  const out = Buffer.from(payloads);
  let next = 0;
  let video = counters.video;
  let sections = 0;
  for (let payload = 0; payload < count; payload++) {
    let at = payload * TS_GROUP_LENGTH;
    const put = (packet: Buffer) => {
      packet.copy(out, at);
      at += TS_PACKET_LENGTH;
    };
    if (ownPackets(payload) > 1) {
      put(counted(patPacket(), counters.pat + sections));
      put(counted(Buffer.from(pmt), counters.pmt + sections));
      sections++;
    }
    put(pcrPacket(Ticks90k(from + fillerTime(payload, count, duration)), video));
    for (let room = TS_PACKETS_PER_GROUP - ownPackets(payload); room > 0; room--) {
      const packet = packets[next++] ?? nullPacket;
      put(packet);
      if (pidOf(packet, 0) === Pid.video) video = (video + 1) & 0x0f;
    }
  }
  const packetsOn = (pid: number) => packets.filter((packet) => pidOf(packet, 0) === pid).length;
  const { further } = counters;
  return {
    data: { payloads, duration },
    counters: {
      pat: (counters.pat + sections) & 0x0f,
      pmt: (counters.pmt + sections) & 0x0f,
      video,
      audio: (counters.audio + packetsOn(Pid.audio)) & 0x0f,
      ...(further && { further: further.map((counter, i) => (counter + packetsOn(furtherPid(i))) & 0x0f) }),
    },
  };
}

function counted(packet: Buffer, counter: number): Buffer {
  packet[3] = (packet[3]! & 0xf0) | (counter & 0x0f); // continuity_counter
  return packet;
}

/** A packet with a clock reference and no payload, which repeats the counter before `next`. */
function pcrPacket(time: Ticks90k, next: number): Buffer {
  const packet = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
  packet[0] = TS_SYNC_BYTE;
  packet[1] = Pid.video >> 8;
  packet[2] = Pid.video & 0xff;
  packet[3] = 0x20 | ((next - 1) & 0x0f); // adaptation_field_control: no payload; continuity_counter
  packet[4] = TS_PACKET_LENGTH - 5; // adaptation_field_length
  packet[5] = AdaptationFlag.pcr;
  writePcr(packet, 6, time, 0);
  return packet;
}

const nullPacket = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
nullPacket[0] = TS_SYNC_BYTE;
nullPacket[1] = Pid.null >> 8;
nullPacket[2] = Pid.null & 0xff;
nullPacket[3] = 0x10; // adaptation_field_control: payload only
