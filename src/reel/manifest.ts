/**
 * The properties of a reel, in its folder's `reel.json`. A reel is sealed when it takes its place in the store: the file then
 * names the reel, has the checksum of `index.bin`, and a checksum of its own text. `packets` and `index.bin` never change after
 * that. Reels of earlier releases, version 2, have no seal; they get it when their packets have been verified.
 */
import { z } from 'zod';
import { parsed, sealedJson, unsealedJson } from '../base/sealed-json.js';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import {
  formatSchema,
  mediaPropertiesSchema,
  type StationLayout,
  stationLayoutSchema,
  ticksSchema,
} from '../media/settings.js';

/** Of a reel that is not sealed. */
export const REEL_VERSION = 2;
/** Of a sealed manifest. */
const SEALED_VERSION = 3;

/** Most bytes of `reel.json`: a film's title and notes have no limit of their own. */
export const MOST_MANIFEST = 1 << 20;

/** 13 hours: the index holds times in 32 bits. */
export const LONGEST_REEL = Ticks90k(13 * 3600 * TICKS_PER_SECOND);
/** Longest delay by which pictures are reordered, 250 ms: encoded ones have less, and others are encoded. */
const MOST_REORDERING = Ticks90k(0.25 * TICKS_PER_SECOND);
/** 13 hours of 1 Gbit/s. */
const MOST_BYTES = 2 ** 43;

const count = z.int().positive();
const checksum = z.int().min(0).max(0xffff_ffff);

const facts = {
  format: formatSchema,
  duration: ticksSchema.refine((ticks) => ticks > 0 && ticks <= LONGEST_REEL),
  /** RTP packets. */
  packets: count.max(MOST_BYTES),
  /** RTP payload bytes. */
  bytes: count.max(MOST_BYTES),
  /**
   * CRC-32 of the payloads. Equal ids do not make equal reels: an encoder with several threads gives other bytes each
   * time.
   */
  checksum,
  /** Average of the payload, bit/s. */
  bitrate: z.number().nonnegative(),
  /** Longest distance between random access points, across a loop too. */
  randomAccessInterval: ticksSchema,
  /** The busiest 100 ms divided by the average. */
  peakToAverage: z.number().nonnegative().max(1e6),
  properties: mediaPropertiesSchema,
  layout: stationLayoutSchema.refine(({ reorderDelay }) => reorderDelay <= MOST_REORDERING),
};
const plainSchema = z.strictObject({ version: z.literal(REEL_VERSION), ...facts });
const indexSchema = z.strictObject({ bytes: count, checksum });
const sealedSchema = z.strictObject({
  version: z.literal(SEALED_VERSION),
  reel: z.string(),
  index: indexSchema,
  ...facts,
});

type Facts = Omit<z.infer<typeof plainSchema>, 'version'>;

export type ReelManifest = Facts & {
  version: typeof REEL_VERSION | typeof SEALED_VERSION;
  /** The hash of source and settings; the folder's name. */
  id: string;
};

export type IndexSeal = z.infer<typeof indexSchema>;

export interface ParsedManifest {
  manifest: ReelManifest;
  /** Null where the reel is not sealed. */
  index: IndexSeal | null;
}

/** The text of `reel.json` of a sealed reel. */
export function sealedText({ manifest, index }: { manifest: ReelManifest; index: IndexSeal }): string {
  const { id, version: _, ...rest } = manifest;
  return sealedJson({ version: SEALED_VERSION, reel: id, index, ...rest });
}

/** The contents of the `reel.json` of reel `id`, or what is wrong with them. */
export function parseManifest(id: string, bytes: Buffer): ParsedManifest | string {
  const text = bytes.toString();
  const value = parsed(text);
  if (value === undefined) return 'it is not JSON';
  const isSealed = value instanceof Object && 'version' in value && value.version === SEALED_VERSION;
  return isSealed ? parseSealed(id, text) : parsePlain(id, value);
}

function parseSealed(id: string, text: string): ParsedManifest | string {
  const content = unsealedJson(text);
  if (content === null) return 'its checksum is wrong';
  const { data, error } = sealedSchema.safeParse(content);
  if (error) return wordsOf(error);
  const { reel, index, ...rest } = data;
  if (reel !== id) return `it belongs to the reel ${reel}`;
  return contradiction(rest) ?? { manifest: { ...rest, id }, index };
}

function parsePlain(id: string, value: unknown): ParsedManifest | string {
  const { data, error } = plainSchema.safeParse(value);
  if (error) return wordsOf(error);
  return contradiction(data) ?? { manifest: { ...data, id }, index: null };
}

const wordsOf = (error: z.ZodError): string => z.prettifyError(error).replaceAll('\n', ' ');

/** Average of the payload, bit/s. */
export const bitrateOf = ({ bytes, duration }: Pick<Facts, 'bytes' | 'duration'>): number =>
  Math.round((bytes * 8 * TICKS_PER_SECOND) / duration);

/** Where two of the properties do not fit together; null where all do. */
function contradiction({ properties, layout, ...manifest }: Facts): string | null {
  if (manifest.bitrate !== bitrateOf(manifest)) return 'its bit rate is not that of its bytes and duration';
  if (manifest.randomAccessInterval < 1 || manifest.randomAccessInterval > manifest.duration) {
    return 'its random access points are further apart than it is long';
  }
  const { width, height, sampleAspectRatio, frameRate, channels } = properties;
  const own: Omit<StationLayout, 'reorderDelay' | 'bitDepth' | 'language' | 'further'> = {
    width,
    height,
    sampleAspectRatio,
    frameRate,
    channels,
  };
  const { reorderDelay: _, bitDepth: __, language: ___, further: ____, ...of } = layout;
  return JSON.stringify(Object.entries(own).sort()) === JSON.stringify(Object.entries(of).sort())
    ? null
    : 'its layout is not that of its pictures';
}
