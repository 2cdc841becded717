/** Program specific information: the PAT and PMT of every reel, equal in all of a station. */
import type { TransportFormat } from './station-format.js';
import { Pid, StreamType, TS_PACKET_LENGTH, TS_SYNC_BYTE } from './ts.js';

/** CRC_32 of ISO/IEC 13818-1 annex A: polynomial 0x04C11DB7, most significant bit first, from all ones. */
export function crc32Mpeg(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}

const TRANSPORT_STREAM_ID = 1;
const PROGRAM_NUMBER = 1;

/**
 * One packet with pointer_field 0, a section (ISO/IEC 13818-1, section 2.4.4), and stuffing. The continuity counter is 0.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   table_id    |1|0|1 1|    section_length     |   table_id_   :
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    :   extension   |1 1| version |C|section_number |last_section_nr|
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    :  body, then CRC_32                                            :
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
function sectionPacket(pid: number, tableId: number, tableIdExtension: number, body: number[]): Buffer {
  const sectionLength = 5 + body.length + 4; // from table_id_extension to the CRC
  if (5 + 3 + sectionLength > TS_PACKET_LENGTH) throw new RangeError(`a section of ${3 + sectionLength} bytes`);
  const section = [
    tableId,
    0xb0 | (sectionLength >> 8), // section_syntax_indicator 1, '0', reserved 11
    sectionLength & 0xff,
    tableIdExtension >> 8,
    tableIdExtension & 0xff,
    0xc1, // reserved 11, version_number 0, current_next_indicator 1
    0, // section_number
    0, // last_section_number
    ...body,
  ];
  const packet = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
  packet[0] = TS_SYNC_BYTE;
  packet[1] = 0x40 | (pid >> 8); // payload_unit_start_indicator
  packet[2] = pid & 0xff;
  packet[3] = 0x10; // payload only
  packet[4] = 0; // pointer_field
  packet.set(section, 5);
  packet.writeUInt32BE(crc32Mpeg(Uint8Array.from(section)), 5 + section.length);
  return packet;
}

const pidBytes = (pid: number): [number, number] => [0xe0 | (pid >> 8), pid & 0xff];

export function patPacket(): Buffer {
  return sectionPacket(Pid.pat, 0x00, TRANSPORT_STREAM_ID, [0, PROGRAM_NUMBER, ...pidBytes(Pid.pmt)]);
}

/** An elementary stream in the PMT. */
export interface ElementaryStream {
  streamType: number;
  /** Descriptors one after another. */
  descriptors: readonly number[];
}

/** registration_descriptor (ISO/IEC 13818-1, 2.6.8). */
const registrationDescriptor = (formatIdentifier: string): number[] => [
  0x05,
  4,
  ...Buffer.from(formatIdentifier, 'latin1'),
];

/**
 * The pictures of a format, as the PMT names them. HEVC needs no descriptor where it has neither temporal layers nor still pictures
 * (ISO/IEC 13818-1, 2.6.95; ETSI TS 101 154, 5.14); FFmpeg registers it, so receivers are used to that.
 */
export const videoStreamOf = (format: TransportFormat): ElementaryStream => ({
  streamType: StreamType[format],
  descriptors: format === 'hevc' ? registrationDescriptor('HEVC') : [],
});

/** What a station has beside AAC without descriptors. */
export interface Program {
  /** On Pid.video, which carries the PCR also where there are no pictures: null. Default: H.264. */
  video?: ElementaryStream | null;
  /** Descriptors of the main sound. */
  audio?: readonly number[];
  /** On the PIDs from Pid.further on, in their order; at most MOST_FURTHER. */
  further?: readonly ElementaryStream[];
  /** The number of the first of them, on Pid.further + that; default 0. */
  firstFurther?: number;
}

/**
 * Pictures on Pid.video, AAC in ADTS on Pid.audio, and the further streams. Throws a RangeError where the section has no room in
 * one packet.
 */
export function pmtPacket({
  video = videoStreamOf('h264'),
  audio = [],
  further = [],
  firstFurther = 0,
}: Program = {}): Buffer {
  return sectionPacket(Pid.pmt, 0x02, PROGRAM_NUMBER, [
    ...pidBytes(Pid.video), // PCR_PID
    0xf0, // program_info_length 0
    0,
    ...(video ? streamBytes(Pid.video, video) : []),
    ...streamBytes(Pid.audio, { streamType: StreamType.aacAdts, descriptors: audio }),
    ...further.flatMap((stream, i) => streamBytes(Pid.further + firstFurther + i, stream)),
  ]);
}

const streamBytes = (pid: number, { streamType, descriptors }: ElementaryStream): number[] => [
  streamType,
  ...pidBytes(pid),
  0xf0 | (descriptors.length >> 8), // ES_info_length
  descriptors.length & 0xff,
  ...descriptors,
];

/** ISO_639_language_descriptor (ISO/IEC 13818-1, 2.6.18) of a code of ISO 639-2, without an audio_type. */
export const languageDescriptor = (code: string): number[] => [0x0a, 4, ...Buffer.from(code, 'latin1'), 0];

/** subtitling_type (ETSI EN 300 468, table 26): DVB subtitles that tell the size of the picture they are for. */
const HIGH_DEFINITION_SUBTITLES = 0x14;

/** subtitling_descriptor (ETSI EN 300 468, 6.2.42) of subtitles in one language, a code of ISO 639-2, all on one page. */
export const subtitlingDescriptor = (code: string, page: number): number[] => [
  0x59,
  8,
  ...Buffer.from(code, 'latin1'),
  HIGH_DEFINITION_SUBTITLES,
  ...[page >> 8, page & 0xff], // composition_page_id
  ...[page >> 8, page & 0xff], // ancillary_page_id
];

/** AC-3_descriptor and enhanced_ac-3_descriptor (ETSI EN 300 468, annex D) without optional fields. */
export const AC3_DESCRIPTOR: readonly number[] = [0x6a, 1, 0];
export const ENHANCED_AC3_DESCRIPTOR: readonly number[] = [0x7a, 1, 0];
