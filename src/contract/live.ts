/**
 * The messages of `/live`, a gateway's WebSocket for its pages: text frames, one JSON object each. Media comes in binary
 * frames (live-frame.ts). All times are milliseconds since the Unix epoch, by the clock of the station's server.
 */
import { z } from 'zod';
import type { StationInfo } from '../wire/station-info.js';

export const LIVE_VERSION = 1;
/** Streams that one page may have at once. */
export const MOST_CHANNELS = 16;

const channel = z.int().min(0).max(0xffff);
const time = z.number().min(0).max(1e15);
const station = z.string().max(400);
const count = z.number().min(0).max(1e12);

/** What a page says. `channel` is a number of its own choosing for one stream. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  /**
   * Sends the station on that channel, instead of what it carried: from `at` on, or what is on the air. What leaves at or
   * after `until` is held back; null or nothing: sent as it leaves.
   */
  z.object({ type: z.literal('tune'), channel, station, at: time.optional(), until: time.nullish() }),
  /** How far the channel may be sent from now on: what the page plays and holds ahead. Null: as it leaves. */
  z.object({ type: z.literal('until'), channel, time: time.nullable() }),
  z.object({ type: z.literal('stop'), channel }),
  /** Which stations' thumbnails are wanted, whenever there is a new one; instead of those before. */
  z.object({ type: z.literal('thumbnails'), stations: z.array(station).max(1_000) }),
  z.object({ type: z.literal('ping'), id: z.int().min(0).max(1e9) }),
  /** How it goes, every few seconds: for the operator. Milliseconds, and numbers since the page was opened. */
  z.object({
    type: z.literal('report'),
    channel,
    /** How far the picture on the screen is behind what is on the air. */
    delay: z.number().min(-1e6).max(1e12),
    /** How much is held ahead of it. */
    buffer: count,
    droppedFrames: count,
    stalls: count,
    /** How far the picture is from its common moment; null while it is not steered. */
    offset: z.number().min(-1e12).max(1e12).nullable(),
  }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** A station as pages are told of it. */
export interface LiveStation extends StationInfo {
  /** The earliest moment that can be watched; null: no past. */
  oldest: number | null;
  /** When the item that plays began; what plays alone begins anew every `duration`. Null where that is not known. */
  itemFrom: number | null;
}

/** What went wrong, as in the HTTP interface's problem+json (RFC 9457). */
export interface LiveProblem {
  status: number;
  title: string;
  detail: string;
}

/** What a gateway says. */
export type ServerMessage =
  /** The first message. `delay`: how long after its own time stamp each picture is shown, everywhere, milliseconds. */
  | { type: 'hello'; version: number; server: string; time: number; delay: number }
  /** All stations on the air, by number; again whenever something of them changed. */
  | { type: 'stations'; stations: LiveStation[] }
  /** The channel's next media is of this station, from a random access point on which left at `from`. */
  | { type: 'tuned'; channel: number; station: string; from: number }
  /** The channel was too slow: its next media begins anew, at `from`. */
  | { type: 'moved'; channel: number; reason: 'slow'; from: number }
  /** The channel carries nothing any more. */
  | { type: 'ended'; channel: number; problem: LiveProblem }
  /** A message was not understood, or cannot be done; `channel` where it named one. */
  | { type: 'problem'; channel?: number; problem: LiveProblem }
  | { type: 'pong'; id: number; time: number };
