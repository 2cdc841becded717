/**
 * The messages of `/live`, a gateway's WebSocket for its pages: text frames, one JSON object each. Media comes in binary
 * frames (live-frame.ts). All times are milliseconds since the Unix epoch, by the clock of the station's server.
 */
import { z } from 'zod';
import { Millis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';

export const LIVE_VERSION = 1;
/** Streams that one page may have at once. */
export const MOST_CHANNELS = 16;

const channel = z.int().min(0).max(0xffff);
const time = z.number().min(0).max(1e15).transform(Millis);
const station = z.string().max(400);
const count = z.number().min(0).max(1e12);

/** Messages of a page. `channel` is a number that the page chooses for one stream. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  /**
   * Sends the station on the channel, in place of the former one: from `at` on, or live. Media that leaves at or after
   * `until` is held back; null or absent: media is sent as it leaves. `audio`: the languages of the sound, the preferred one
   * first; the channel has one track, the main one where the station has none of them.
   */
  z.object({
    type: z.literal('tune'),
    channel,
    station,
    at: time.optional(),
    until: time.nullish(),
    audio: z.array(z.string().max(35)).max(16).optional(),
  }),
  /** Media that leaves at or after `time` is held back from now on; null: media is sent as it leaves. */
  z.object({ type: z.literal('until'), channel, time: time.nullable() }),
  z.object({ type: z.literal('stop'), channel }),
  /** Subscribes to the thumbnails of these stations, and no others. */
  z.object({ type: z.literal('thumbnails'), stations: z.array(station).max(1_000) }),
  z.object({ type: z.literal('ping'), id: z.int().min(0).max(1e9) }),
  /** For the operator, every few seconds. Milliseconds, and counts since the page was opened. */
  z.object({
    type: z.literal('report'),
    channel,
    /** Lag of the picture on the screen behind the air. */
    delay: z.number().min(-1e6).max(1e12).transform(Millis),
    /** Media buffered ahead of that picture. */
    buffer: count.transform(Millis),
    droppedFrames: count,
    stalls: count,
    /** Offset of the picture from its common presentation time; null while it is not synchronised. */
    offset: z.number().min(-1e12).max(1e12).transform(Millis).nullable(),
  }),
]);

export type ClientMessage = z.input<typeof clientMessageSchema>;
/** The same, as the gateway reads it. */
export type ReceivedMessage = z.output<typeof clientMessageSchema>;

/** A station in the message `stations`. */
export interface LiveStation extends StationInfo {
  /** The earliest time that can be watched; null: no past. */
  oldest: number | null;
  /** When the item on air started; a single item starts again every `duration`. Null: unknown. */
  itemFrom: number | null;
}

/** An error, as in the problem+json replies of HTTP (RFC 9457). */
export interface LiveProblem {
  status: number;
  title: string;
  detail: string;
}

/** Messages of a gateway. */
export type ServerMessage =
  /** The first message. `delay`: presentation time minus time stamp of every picture, in every player; milliseconds. */
  | { type: 'hello'; version: number; server: string; time: number; delay: number }
  /** The stations on the air, by number; sent again when one of them changes. */
  | { type: 'stations'; stations: LiveStation[] }
  /** The channel's next media is of this station, starting at a random access point that left at `from`. */
  | { type: 'tuned'; channel: number; station: string; from: number }
  /** The channel was too slow: its next media starts at another random access point, which left at `from`. */
  | { type: 'moved'; channel: number; reason: 'slow'; from: number }
  /** The channel carries no more media. */
  | { type: 'ended'; channel: number; problem: LiveProblem }
  /** A message was malformed or refused; `channel` where it named one. */
  | { type: 'problem'; channel?: number; problem: LiveProblem }
  | { type: 'pong'; id: number; time: number };
