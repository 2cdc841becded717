/**
 * One track of sound of a station's transport stream, for players that cannot choose. Packets are taken or left out one by one,
 * so that any part of a stream can be taken: the counters of a PID that is taken whole go on.
 */
import { type ElementaryStream, pmtPacket } from './psi.js';
import { hasPayload, Pid, pidOf, TS_PACKET_LENGTH } from './ts.js';

/** `track`: from 0, the main one; further ones are the streams from Pid.further on. */
export interface SelectOptions {
  track: number;
  /** Whether the pictures are left out; the clock reference stays on their PID. */
  soundOnly?: boolean;
  /** Streams of subtitles that stay, on their PIDs, by their numbers among the further ones. */
  subtitles?: { first: number; count: number };
  /** Whether the PMT leaves them out: players pass them over. */
  hidesSubtitles?: boolean;
  /** Whether those are all that there is. */
  subtitlesOnly?: boolean;
}

/** The whole TS packets in `packets` with that track on Pid.audio, the pictures, PAT and PMT, and nothing else. */
export function selectTrack(packets: Buffer, options: SelectOptions): Buffer {
  const { track, soundOnly = false, subtitles, subtitlesOnly = false } = options;
  const wanted = track === 0 ? Pid.audio : Pid.further + track - 1;
  const out = Buffer.allocUnsafe(packets.length);
  let filled = 0;
  for (let at = 0; at + TS_PACKET_LENGTH <= packets.length; at += TS_PACKET_LENGTH) {
    const pid = pidOf(packets, at);
    const isSubtitles = subtitles !== undefined && isAmong(pid - Pid.further, subtitles);
    const isOther =
      pid === wanted ||
      pid === Pid.pat ||
      pid === Pid.pmt ||
      (pid === Pid.video && !(soundOnly && hasPayload(packets, at)));
    const isTaken = isSubtitles || (isOther && !subtitlesOnly);
    if (!isTaken) continue;
    if (pid === Pid.pmt) selectedPmt(packets.subarray(at, at + TS_PACKET_LENGTH), wanted, options).copy(out, filled);
    else packets.copy(out, filled, at, at + TS_PACKET_LENGTH);
    if (pid === wanted) {
      out[filled + 1] = (out[filled + 1]! & 0xe0) | (Pid.audio >> 8);
      out[filled + 2] = Pid.audio & 0xff;
    }
    filled += TS_PACKET_LENGTH;
  }
  return out.subarray(0, filled);
}

const isAmong = (number: number, { first, count }: { first: number; count: number }): boolean =>
  number >= first && number < first + count;

/** The PMT with the same continuity counter. Nothing is added to it, so that it has room also where it is damaged. */
function selectedPmt(pmt: Buffer, wanted: number, options: SelectOptions): Buffer {
  const { soundOnly = false, subtitles, hidesSubtitles = false } = options;
  const streams = streamsOf(pmt);
  const audio = streams.get(wanted)?.descriptors;
  const isNamed = ([pid]: [pid: number, stream: ElementaryStream]) =>
    subtitles !== undefined && !hidesSubtitles && isAmong(pid - Pid.further, subtitles);
  const selected = pmtPacket({
    video: soundOnly ? null : (streams.get(Pid.video) ?? null),
    audio,
    further: audio ? [...streams].filter(isNamed).map(([, stream]) => stream) : [],
    firstFurther: subtitles?.first,
  });
  selected[3] = pmt[3]!;
  return selected;
}

/** The streams in a PMT of one packet, by PID; none of a damaged one. */
export function streamsOf(pmt: Buffer): Map<number, ElementaryStream> {
  const streams = new Map<number, ElementaryStream>();
  const end = Math.min(TS_PACKET_LENGTH, 5 + 3 + (pmt.readUInt16BE(6) & 0x0fff)) - 4; // pointer_field 0, section_length, CRC_32
  let at = 17 + (pmt.readUInt16BE(15) & 0x0fff); // program_info_length
  while (at + 5 <= end) {
    const length = pmt.readUInt16BE(at + 3) & 0x0fff; // ES_info_length
    if (at + 5 + length > end) break;
    const descriptors = [...pmt.subarray(at + 5, at + 5 + length)];
    streams.set(pmt.readUInt16BE(at + 1) & 0x1fff, { streamType: pmt[at]!, descriptors });
    at += 5 + length;
  }
  return streams;
}
