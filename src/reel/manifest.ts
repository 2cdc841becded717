/** The properties of a reel, in its folder's `reel.json`. */
import { z } from 'zod';
import { formatSchema, mediaPropertiesSchema, stationLayoutSchema, ticksSchema } from '../media/settings.js';

/** Raised when the packets of the same source and settings change: older reels are then prepared again. */
export const REEL_VERSION = 2;

const count = z.int().positive();

/** The contents of `reel.json`. */
export const manifestSchema = z.object({
  version: z.literal(REEL_VERSION),
  format: formatSchema,
  duration: ticksSchema,
  /** RTP packets. */
  packets: count,
  /** RTP payload bytes. */
  bytes: count,
  /**
   * CRC-32 of the payloads. Equal ids do not make equal reels: an encoder with several threads gives other bytes each
   * time.
   */
  checksum: z.int().min(0).max(0xffff_ffff),
  /** Average of the payload, bit/s. */
  bitrate: z.number().nonnegative(),
  /** Longest distance between random access points, across a loop too. */
  randomAccessInterval: ticksSchema,
  /** The busiest 100 ms divided by the average. */
  peakToAverage: z.number().nonnegative(),
  properties: mediaPropertiesSchema,
  layout: stationLayoutSchema,
});

export type ReelManifest = z.infer<typeof manifestSchema> & {
  /** The hash of source and settings; the folder's name. */
  id: string;
};
