/** The description of a station: the rows of `msc list`, the body of STATIONS replies. */
import { z } from 'zod';

export const stationFormats = ['h264', 'jpeg'] as const;
export type StationFormat = (typeof stationFormats)[number];

const text = z.string().max(200);

export const stationInfoSchema = z.object({
  /** Position in the server's list, from 1. */
  number: z.int().min(1).max(65_535),
  /** Unique on its server and constant; letters, digits, hyphens. */
  id: z.string().regex(/^[\p{L}\p{M}\p{N}-]{1,100}$/u),
  name: text,
  format: z.enum(stationFormats),
  /** Pixels. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** Of the picture as displayed, e.g. "16:9". */
  aspectRatio: text,
  /** Frames a second; the average where it varies. */
  frameRate: z.number().positive(),
  videoCodec: text,
  audioCodec: text.nullable(),
  /** Average, bit/s, with TS overhead and without RTP, UDP and IP. */
  bitrate: z.number().nonnegative(),
  /** Of the whole cycle of items, seconds. */
  duration: z.number().positive(),
  /** IPv4 multicast group and UDP port of the RTP stream. */
  group: z.ipv4(),
  port: z.int().min(1).max(65_535),
  ssrc: z.int().min(0).max(0xffff_ffff),
  /** L and D of its parity (SMPTE 2022-1), where it has some at times. */
  fec: z.object({ columns: z.int().min(1).max(20), rows: z.int().min(4).max(20) }).optional(),
  /** The longest wait for a random access point, seconds. */
  randomAccessInterval: z.number().nonnegative(),
  /** Name of the item on air. */
  nowPlaying: text,
  /** End of that item, milliseconds since the Unix epoch; absent for one without end. */
  nowUntil: z.number().nonnegative().optional(),
  /** Name of the next item; absent without one. */
  next: text.optional(),
  /** Equal on servers that send the same packets: a hash of the schedule and its reels. */
  schedule: z.string().max(64),
  /** Name of the server; by default its host name. */
  server: text,
});

/** A station as its server describes it. */
export type StationInfo = z.infer<typeof stationInfoSchema>;

/** RTP payload type: 33 MP2T, 26 JPEG (RFC 3551). Both have a 90 kHz clock. */
export const payloadTypeOf = (format: StationFormat): number => (format === 'h264' ? 33 : 26);
