/** Fragmented MP4 (ISO/IEC 14496-12) of HEVC (14496-15) and AAC (14496-14), as HLS has it (RFC 8216, 3.3): what is written, no more. */
import type { HevcParameters } from './hevc-parameters.js';

/** Ticks a second of both tracks: those of MPEG-TS, so that no time is rounded. */
export const TIMESCALE = 90_000;

/** An access unit. */
export interface Mp4Sample {
  /** Ticks until the next one is decoded. */
  duration: number;
  /** From decoding to presentation, ticks. */
  offset: number;
  isSync: boolean;
  /** HEVC: NAL units, each behind its length; AAC: a raw_data_block. */
  data: readonly Uint8Array[];
}

/** Consecutive samples of one track. */
export interface Mp4Run {
  track: number;
  /** Of the sample entry in the track's `stsd`, from 1. */
  entry: number;
  /** When the first one is decoded, ticks; at most 2^53. */
  time: number;
  samples: readonly Mp4Sample[];
}

export interface VideoTrack {
  /** One for each set of parameters. */
  entries: readonly HevcParameters[];
  width: number;
  height: number;
}

export interface AudioTrack {
  channels: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
  config: Uint8Array;
}

export const VIDEO_TRACK = 1;
export const AUDIO_TRACK = 2;

type Part = Uint8Array | readonly number[] | string;

const bytesOf = (part: Part): Uint8Array =>
  typeof part === 'string' ? Buffer.from(part, 'latin1') : part instanceof Uint8Array ? part : Buffer.from(part);

function box(type: string, ...parts: Part[]): Buffer {
  const all = Buffer.concat([Buffer.alloc(8), ...parts.map(bytesOf)]);
  all.writeUInt32BE(all.length, 0);
  all.write(type, 4, 'latin1');
  return all;
}

const fullBox = (type: string, version: number, flags: number, ...parts: Part[]): Buffer =>
  box(type, u32((version << 24) | flags), ...parts);

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
const u64 = (value: number): number[] => [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];
const zeros = (count: number): number[] => Array<number>(count).fill(0);

const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32);

/** The initialization segment of these tracks. */
export function initSegment({ video, audio }: { video: VideoTrack | null; audio: AudioTrack | null }): Buffer {
  const tracks = [...(video ? [videoTrak(video)] : []), ...(audio ? [audioTrak(audio)] : [])];
  const ids = [...(video ? [VIDEO_TRACK] : []), ...(audio ? [AUDIO_TRACK] : [])];
  const head = [...zeros(8), ...u32(TIMESCALE), ...zeros(4), ...u32(0x10000), ...u16(0x100), ...zeros(10)];
  const mvhd = fullBox('mvhd', 0, 0, head, MATRIX, zeros(24), u32(AUDIO_TRACK + 1));
  const trex = ids.map((id) => fullBox('trex', 0, 0, u32(id), u32(1), zeros(12)));
  return Buffer.concat([
    box('ftyp', 'iso6', u32(0), 'iso6', 'cmfc', 'mp41'),
    box('moov', mvhd, ...tracks, box('mvex', ...trex)),
  ]);
}

const videoTrak = ({ entries, width, height }: VideoTrack): Buffer =>
  trak({
    track: VIDEO_TRACK,
    size: [width, height],
    volume: 0,
    handler: 'vide',
    mediaHeader: fullBox('vmhd', 0, 1, zeros(8)),
    entries: entries.map(({ record }) =>
      box(
        'hvc1',
        [...zeros(6), ...u16(1), ...zeros(16), ...u16(width), ...u16(height)],
        [...u32(0x480000), ...u32(0x480000), ...zeros(4), ...u16(1), ...zeros(32), ...u16(0x18), 0xff, 0xff],
        box('hvcC', record),
      ),
    ),
  });

const audioTrak = ({ channels, config }: AudioTrack): Buffer => {
  const specific = [0x05, config.length, ...config]; // DecoderSpecificInfo
  const decoder = [0x04, 13 + specific.length, 0x40, 0x15, ...zeros(11), ...specific]; // AAC, an audio stream
  const es = [0x03, 3 + decoder.length + 3, 0, 0, 0, ...decoder, 0x06, 1, 2]; // ES_ID 0, SLConfig of MP4
  return trak({
    track: AUDIO_TRACK,
    size: [0, 0],
    volume: 0x100,
    handler: 'soun',
    mediaHeader: fullBox('smhd', 0, 0, zeros(4)),
    entries: [
      box(
        'mp4a',
        [...zeros(6), ...u16(1), ...zeros(8), ...u16(channels), ...u16(16), ...zeros(4), ...u16(48_000), 0, 0],
        fullBox('esds', 0, 0, es),
      ),
    ],
  });
};

interface TrakOptions {
  track: number;
  /** Pixels. */
  size: [width: number, height: number];
  volume: number;
  handler: 'vide' | 'soun';
  mediaHeader: Buffer;
  /** Sample entries. */
  entries: readonly Buffer[];
}

function trak({ track, size, volume, handler, mediaHeader, entries }: TrakOptions): Buffer {
  const [width, height] = size;
  const tkhd = [...zeros(8), ...u32(track), ...zeros(16), ...zeros(4), ...u16(volume), ...zeros(2)];
  const undetermined = u16(0x55c4); // the language "und"
  const tables = [
    fullBox('stsd', 0, 0, u32(entries.length), ...entries),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, zeros(8)),
    fullBox('stco', 0, 0, u32(0)),
  ];
  const here = fullBox('url ', 0, 1);
  return box(
    'trak',
    fullBox('tkhd', 0, 3, tkhd, MATRIX, u32(width * 0x10000), u32(height * 0x10000)),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, zeros(8), u32(TIMESCALE), zeros(4), undetermined, zeros(2)),
      fullBox('hdlr', 0, 0, zeros(4), handler, zeros(13)),
      box('minf', mediaHeader, box('dinf', fullBox('dref', 0, 0, u32(1), here)), box('stbl', ...tables)),
    ),
  );
}

const DEFAULT_BASE_IS_MOOF = 0x020000;
const SAMPLE_DESCRIPTION_INDEX = 0x000002;
/** data_offset, and of each sample duration, size, flags and composition time offset. */
const RUN_FLAGS = 0x000f01;
/** sample_depends_on 2: on no others; 1 and sample_is_non_sync_sample: on others. */
const SYNC = 0x02000000;
const NO_SYNC = 0x01010000;

const sizeOf = ({ data }: Mp4Sample): number => data.reduce((sum, { length }) => sum + length, 0);

/** A movie fragment: at most one run of each track. `sequence`: its number, which grows. */
export function mediaFragment(sequence: number, runs: readonly Mp4Run[]): Buffer {
  const moofOf = (offsets: readonly number[]) =>
    box('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...runs.map((run, i) => traf(run, offsets[i]!)));
  let at = moofOf(runs.map(() => 0)).length + 8; // the header of mdat
  const offsets = runs.map(({ samples }) => {
    const offset = at;
    at += samples.reduce((sum, sample) => sum + sizeOf(sample), 0);
    return offset;
  });
  return Buffer.concat([
    moofOf(offsets),
    box('mdat', ...runs.flatMap(({ samples }) => samples.flatMap(({ data }) => data))),
  ]);
}

function traf({ track, entry, time, samples }: Mp4Run, dataOffset: number): Buffer {
  const listed = samples.flatMap((sample) => [
    ...u32(sample.duration),
    ...u32(sizeOf(sample)),
    ...u32(sample.isSync ? SYNC : NO_SYNC),
    ...u32(sample.offset),
  ]);
  return box(
    'traf',
    fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | SAMPLE_DESCRIPTION_INDEX, u32(track), u32(entry)),
    fullBox('tfdt', 1, 0, u64(time)),
    fullBox('trun', 1, RUN_FLAGS, u32(samples.length), u32(dataOffset), listed),
  );
}
