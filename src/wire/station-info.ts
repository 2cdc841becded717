/** The description of a station: the rows of `msc list`, the body of STATIONS replies. */
import { z } from 'zod';
import {
  isStationGroup,
  MOST_BITRATE,
  MOST_SOUND_TRACKS,
  MOST_SUBTITLES,
  PORTS_ABOVE,
  stationFormats,
} from './station-format.js';

/** Of names and titles, in UTF-16 units. In bytes the datagram limits all texts of a station together: 1,368. */
const text = z.string().max(200);

/** End of the year 9999: later times have no date of four digits, and the latest of all have none. */
const LATEST_TIME = 253_402_300_799_999;
/** A time on the wire, milliseconds since the Unix epoch. */
export const timeSchema = z.number().min(0).max(LATEST_TIME);

/** Pixels: level 6.2 of H.264, the highest, allows a side of 16,880; the largest screens have 7,680. */
const MOST_PIXELS = 16_384;
/** Frames a second: those of high-speed cameras' films. */
const MOST_FRAMES = 1_000;
/** Seconds: a reel has one frame at least; a folder of a hundred thousand films lasts six years. */
const SHORTEST_CYCLE = 0.001;
const LONGEST_CYCLE = 1e9;
/** Seconds: a film of one key frame, a day long. */
const LONGEST_ACCESS = 86_400;
/** The ports below belong to services of the system. */
const FIRST_PORT = 1_024;
const fec = z
  .object({ columns: z.int().min(1).max(20), rows: z.int().min(4).max(20) })
  .refine(({ columns, rows }) => columns * rows <= 100);

const isUnicast = (address: string): boolean => !/^(0|22[4-9]|2[3-5]\d)\./.test(address);

/** What receivers believe of a description. Bounds hold for everything that sizes, loops and timers follow from. */
export const stationInfoSchema = z.object({
  /** Position in the server's list, from 1. */
  number: z.int().min(1).max(65_535),
  /** Unique on its server and constant; letters, digits, hyphens. */
  id: z.string().regex(/^[\p{L}\p{M}\p{N}-]{1,100}$/u),
  name: text,
  format: z.enum(stationFormats),
  /** Pixels. */
  width: z.int().min(1).max(MOST_PIXELS),
  height: z.int().min(1).max(MOST_PIXELS),
  /** Of the picture as displayed, e.g. "16:9". */
  aspectRatio: text,
  /** Frames a second; the average where it varies. */
  frameRate: z.number().positive().max(MOST_FRAMES),
  videoCodec: text,
  audioCodec: text.nullable(),
  /** RFC 6381: what a player needs for all its items. Absent: H.264 and AAC, JPEG, or not known. */
  codecs: z
    .string()
    .regex(/^[A-Za-z0-9.,]{1,80}$/)
    .optional(),
  /**
   * Languages of the tracks of sound, RFC 5646 without a region, the main one first; "und" where that has none. Absent where
   * there is one track and nothing beside it.
   */
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .min(1)
    .max(MOST_SOUND_TRACKS)
    .optional(),
  /** Languages of the streams of DVB subtitles, RFC 5646 without a region, in the order of their PIDs. Absent where there are none. */
  subtitles: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .min(1)
    .max(MOST_SUBTITLES)
    .optional(),
  /** Average, bit/s, with TS overhead and without RTP, UDP and IP. */
  bitrate: z.number().min(1).max(MOST_BITRATE),
  /** Of the whole cycle of items, seconds. */
  duration: z.number().min(SHORTEST_CYCLE).max(LONGEST_CYCLE),
  /** IPv4 multicast group and UDP port of the RTP stream. */
  group: z.ipv4().refine(isStationGroup),
  port: z
    .int()
    .min(FIRST_PORT)
    .max(65_535 - PORTS_ABOVE),
  ssrc: z.int().min(0).max(0xffff_ffff),
  /** IPv4 address that the server's packets leave from; absent: the address that it answers at. */
  source: z.ipv4().refine(isUnicast).optional(),
  /** L and D of its parity (SMPTE 2022-1), where it has some at times. */
  fec: fec.optional(),
  /** The longest wait for a random access point, seconds. */
  randomAccessInterval: z.number().min(0).max(LONGEST_ACCESS),
  /** Name of the item on air. */
  nowPlaying: text,
  /** End of that item, milliseconds since the Unix epoch; absent for one without end. */
  nowUntil: timeSchema.optional(),
  /** Name of the next item; absent without one. */
  next: text.optional(),
  /** Equal on servers that send the same packets: a hash of the schedule and its reels. */
  schedule: z.string().max(64),
  /** Name of the server; by default its host name. */
  server: text,
});

/** A station as its server describes it. */
export type StationInfo = z.infer<typeof stationInfoSchema>;

/** The description, or the name of its first field that no station can have; for what is no object, "description". */
export function readStationInfo(value: unknown): StationInfo | { fault: string } {
  const read = stationInfoSchema.safeParse(value);
  return read.success ? read.data : { fault: String(read.error.issues[0]?.path[0] ?? 'description') };
}
