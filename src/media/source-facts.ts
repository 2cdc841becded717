/** What a look at a source tells of its pictures and sound, before anything is prepared. No FFmpeg. */
import { z } from 'zod';
import { dolbyCodecs, frameRateSchema, LANGUAGE, pixels, ratioSchema, ticksSchema } from './settings.js';

export const sourceFactsSchema = z.strictObject({
  /** Pixels, upright. */
  width: pixels,
  height: pixels,
  sampleAspectRatio: ratioSchema,
  frameRate: frameRateSchema,
  /** Of the sound; 0 where there is none. */
  channels: z.int().min(0).max(1_000),
  /** Languages of the sound, RFC 5646 without a region. */
  languages: z.array(z.string().regex(LANGUAGE)).max(1_000),
  /** The codec of a track of AC-3 or E-AC-3 in the language that is played; null where there is none. */
  dolby: z.enum(dolbyCodecs).nullable(),
  /** According to the container; 0 where it has none. */
  duration: ticksSchema,
  /** Whether it is one picture, which fits into any layout. */
  isStill: z.boolean(),
  /** From decoding to presentation of pictures that are copied; 0 where they are encoded. */
  reorderDelay: ticksSchema,
  /** Bits of a sample of pictures that are copied; absent: 8, or they are encoded. */
  bitDepth: z.literal(10).optional(),
  /** Why the pictures are encoded in any layout, one phrase; null where nothing speaks against copying them. */
  encoded: z.string().max(500).nullable(),
});
export type SourceFacts = z.infer<typeof sourceFactsSchema>;
