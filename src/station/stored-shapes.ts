/** The schemas that all versions of a station's stored state share. */
import { z } from 'zod';
import type { PacketNumber, Ticks90k } from '../base/units.js';
import { MOST_FURTHER } from '../wire/ts.js';
import type { SpliceFillerData } from './splice-filler.js';
import type { TimelineDelta } from './timeline-data.js';

export const whole = z.int().min(0);
export const ticks = whole as unknown as z.ZodType<Ticks90k>;
export const packetNumber = whole as unknown as z.ZodType<PacketNumber>;
const counter = z.int().min(0).max(15);
export const text = z.string().max(1_000);

/** A film's own title has no limit. */
export const itemSchema = z.strictObject({
  name: z.string(),
  reel: z.string().regex(/^[\w-]{1,100}$/),
  checksum: whole,
});
/** Fields of periods in all versions. */
export const periodShape = {
  ...{ from: ticks, first: packetNumber, item: whole, packet: whole },
  counters: z
    .strictObject({
      ...{ pat: counter, pmt: counter, video: counter, audio: counter },
      further: z.array(counter).max(MOST_FURTHER).readonly().optional(),
    })
    .nullable(),
  filler: z.strictObject({ payloads: z.base64().max(1 << 20), duration: ticks }).nullable(),
};
/** Fields of entries in all versions. */
export const headShape = {
  id: text,
  /** Hashes of the files that it plays: with other files, it is another station. */
  sources: z.array(z.string().max(200)).max(100_000),
  /** The operator's name for it; null: that of its source. */
  name: text.nullable(),
};

/** Bytes that threads share. */
export function loadedFiller(filler: z.infer<typeof periodShape.filler>): SpliceFillerData | null {
  if (filler === null) return null;
  const bytes = Buffer.from(filler.payloads, 'base64');
  const payloads = new SharedArrayBuffer(bytes.length);
  bytes.copy(Buffer.from(payloads));
  return { payloads, duration: filler.duration };
}

export type StoredItem = z.infer<typeof itemSchema>;

/** A state apart from the timeline. */
export type StateHead = { id: string; sources: string[]; name: string | null };

export interface StationState extends StateHead {
  /** A snapshot; null: the operator changed nothing but the name. */
  readonly timeline: TimelineDelta<StoredItem> | null;
}
