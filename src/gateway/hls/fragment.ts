/** A segment of MPEG-TS with HEVC as fragmented MP4, for players of HLS that take HEVC in nothing else. */
import { createHash } from 'node:crypto';
import { PTS_MODULUS, Ticks90k, unwrap } from '../../base/units.js';
import { HevcNal, type HevcParameters, hevcParameters, nalTypeOf, nalUnits } from '../../wire/hevc-parameters.js';
import {
  AUDIO_TRACK,
  type AudioTrack,
  initSegment,
  type Mp4Run,
  type Mp4Sample,
  mediaFragment,
  VIDEO_TRACK,
} from '../../wire/mp4.js';
import {
  AdaptationFlag,
  adaptationFlagsOf,
  hasPayload,
  Pid,
  payloadStart,
  pidOf,
  readPesTime,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
  timedPesStart,
} from '../../wire/ts.js';

/** Bytes behind a segment in which the next picture and the next sound begin: a second of 64 Mbit/s. */
const MOST_BEHIND = 8 * 2 ** 20;
/** Length of a sample whose next one never came: of a frame of AAC at 48 kHz, of a picture at 25 a second. */
const LAST_SOUND = 1_920;
const LAST_PICTURE = 3_600;

/** A PES packet. */
interface Unit {
  pts: Ticks90k;
  dts: Ticks90k;
  isSync: boolean;
  parts: Buffer[];
}

interface Track {
  units: Unit[];
  /** When what follows the segment is decoded. */
  end: Ticks90k | null;
}

export interface Fragment {
  /** Its initialization segment, and the name of that: equal names mean equal bytes. */
  init: Buffer;
  name: string;
  media: Buffer;
}

export interface FragmenterOptions {
  /** Time of the segment, by which its 33-bit time stamps are unwrapped. */
  near: Ticks90k;
  /** Pixels. */
  width: number;
  height: number;
}

/**
 * Responsible for: the pictures and the sound that begin in a segment. Those that end behind it are whole: what follows is read too, up
 * to the next ones, by which the last ones end.
 */
export class Fragmenter {
  readonly #options: FragmenterOptions;
  readonly #video: Track = { units: [], end: null };
  readonly #audio: Track = { units: [], end: null };
  #behind = 0;

  constructor(options: FragmenterOptions) {
    this.#options = options;
  }

  /** Takes whole TS packets of the segment. */
  push(packets: Buffer): void {
    this.#take(packets, false);
  }

  /** Takes whole TS packets behind the segment; true when no more are needed. */
  pushBehind(packets: Buffer): boolean {
    this.#take(packets, true);
    this.#behind += packets.length;
    const isEnded = ({ units, end }: Track) => units.length === 0 || end !== null;
    return (isEnded(this.#video) && isEnded(this.#audio)) || this.#behind > MOST_BEHIND;
  }

  /** The fragment; null where there is nothing that can be decoded. `k`: its number. */
  finish(k: number): Fragment | null {
    const { width, height } = this.#options;
    const pictures = picturesOf(this.#video);
    const sound = soundOf(this.#audio);
    if (pictures.runs.length === 0 && sound === null) return null;
    const video = pictures.runs.length > 0 ? { entries: pictures.entries, width, height } : null;
    const init = initSegment({ video, audio: sound?.track ?? null });
    const [first, ...others] = pictures.runs;
    const begin = [...(first ? [first] : []), ...(sound ? [sound.run] : [])];
    const runs = [begin, ...others.map((run) => [run])];
    // A segment has fewer than a hundred sets of parameters.
    const media = Buffer.concat(runs.map((each, i) => mediaFragment((k * 100 + i) % 2 ** 32, each)));
    return { init, name: createHash('sha256').update(init).digest('hex').slice(0, 16), media };
  }

  #take(packets: Buffer, isBehind: boolean): void {
    for (let at = 0; at + TS_PACKET_LENGTH <= packets.length; at += TS_PACKET_LENGTH) {
      const pid = pidOf(packets, at);
      const track = pid === Pid.video ? this.#video : pid === Pid.audio ? this.#audio : null;
      if (track === null || !hasPayload(packets, at) || track.end !== null) continue;
      if (startsPayloadUnit(packets, at)) this.#begin(track, packets, at, isBehind);
      else track.units.at(-1)?.parts.push(packets.subarray(at + payloadStart(packets, at), at + TS_PACKET_LENGTH));
    }
  }

  #begin(track: Track, packets: Buffer, at: number, isBehind: boolean): void {
    const pes = timedPesStart(packets, at);
    if (pes < 0) return;
    const header = at + pes;
    const timeAt = (offset: number) =>
      Ticks90k(unwrap(readPesTime(packets, header + offset), this.#options.near, PTS_MODULUS));
    const pts = timeAt(9);
    const dts = packets[header + 7]! & 0x40 && pes + 19 <= TS_PACKET_LENGTH ? timeAt(14) : pts;
    if (isBehind) track.end = dts;
    else {
      const isSync = (adaptationFlagsOf(packets, at) & AdaptationFlag.randomAccess) !== 0;
      const payload = packets.subarray(
        Math.min(header + 9 + packets[header + 8]!, at + TS_PACKET_LENGTH),
        at + TS_PACKET_LENGTH,
      );
      track.units.push({ pts, dts, isSync, parts: [payload] });
    }
  }
}

/** Pictures up to the next other parameter sets are a run; those before the first random access point cannot be decoded. */
function picturesOf({ units, end }: Track): { entries: HevcParameters[]; runs: Mp4Run[] } {
  const entries: HevcParameters[] = [];
  const runs: (Mp4Run & { samples: Mp4Sample[] })[] = [];
  for (const [i, { pts, dts, isSync, parts }] of units.entries()) {
    const nals = nalUnits(Buffer.concat(parts));
    const parameters = isSync ? hevcParameters(nals) : null;
    if (parameters) {
      const same = entries.findIndex(({ record }) => record.equals(parameters.record));
      const entry = same < 0 ? entries.push(parameters) : same + 1;
      if (runs.at(-1)?.entry !== entry) runs.push({ track: VIDEO_TRACK, entry, time: dts, samples: [] });
    }
    const next = units[i + 1]?.dts ?? end ?? dts + LAST_PICTURE;
    // Parameter sets are in the sample entry, and stay in front of the pictures for players that keep to the first entry.
    const kept = nals.filter((nal) => isKept(nalTypeOf(nal)));
    const data = kept.flatMap((nal) => [lengthOf(nal), nal]);
    runs.at(-1)?.samples.push({ duration: Math.max(0, next - dts), offset: pts - dts, isSync, data });
  }
  return { entries, runs };
}

const isKept = (type: number): boolean => type !== HevcNal.delimiter && type !== HevcNal.filler;

function lengthOf(nal: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return length;
}

/** Frames of ADTS (ISO/IEC 13818-7, 6.2), which share the time of their PES packet; null where there are none. */
function soundOf({ units, end }: Track): { track: AudioTrack; run: Mp4Run } | null {
  const samples: Mp4Sample[] = [];
  let track: AudioTrack | null = null;
  let time: Ticks90k | null = null;
  for (const [i, { dts, parts }] of units.entries()) {
    const frames = adtsFrames(Buffer.concat(parts));
    const next = units[i + 1]?.dts ?? end ?? dts + frames.length * LAST_SOUND;
    for (const [j, { channels, config, data }] of frames.entries()) {
      track ??= { channels, config };
      time ??= dts;
      const timeOf = (frame: number) => Math.round(((next - dts) * frame) / frames.length);
      samples.push({ duration: Math.max(0, timeOf(j + 1) - timeOf(j)), offset: 0, isSync: true, data: [data] });
    }
  }
  return track && time !== null ? { track, run: { track: AUDIO_TRACK, entry: 1, time, samples } } : null;
}

/**
 *     syncword 12, ID 1, layer 2, protection_absent 1, profile 2, sampling_frequency_index 4, private 1, channels 3, 4 more,
 *     frame_length 13, buffer_fullness 11, blocks 2, a CRC of 16 where protection_absent is 0
 */
function* adts(bytes: Buffer) {
  for (let at = 0; at + 7 <= bytes.length && (bytes.readUInt16BE(at) & 0xfff6) === 0xfff0; ) {
    const fields = bytes.readUInt32BE(at + 2);
    const [profile, rate, channels] = [fields >>> 30, (fields >>> 26) & 15, (fields >>> 22) & 7];
    const length = (bytes.readUInt32BE(at + 3) >>> 13) & 0x1fff;
    const header = bytes[at + 1]! & 1 ? 7 : 9;
    if (length <= header || at + length > bytes.length) return;
    const config = ((profile + 1) << 11) | (rate << 7) | (channels << 3);
    yield {
      channels,
      config: Uint8Array.of(config >> 8, config & 0xff),
      data: bytes.subarray(at + header, at + length),
    };
    at += length;
  }
}
const adtsFrames = (bytes: Buffer) => [...adts(bytes)];
