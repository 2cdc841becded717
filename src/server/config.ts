/** The configuration of a server: plain data, checked once. Everything that `msc serve` accepts can be written in it. */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import {
  defaultMediaSettings,
  encoderFault,
  encoderNames,
  LEAST_CRF,
  type MediaSettings,
  MOST_CRF,
  presets,
} from '../media/settings.js';
import { fecSizeFault } from '../wire/fec.js';
import { isStationGroup, type StationFormat, stationFormats } from '../wire/station-format.js';
import { preferenceFields } from './preferences.js';

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}*$/u, 'no control characters are allowed');
const path = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/, 'a path has no character 0');
const milliseconds = z.number().positive().transform(Millis);
const group = z
  .string()
  .refine((text) => isIPv4(text) && isStationGroup(text), 'allowed are 224.0.1.0 to 239.255.255.255');

const fecSchema = z.union([
  z.literal('none'),
  z
    .strictObject({
      size: z.strictObject({ columns: z.int(), rows: z.int() }),
      /** `auto` sends as much as the viewers' losses justify. */
      mode: z.enum(['columns', 'both', 'auto']),
    })
    .superRefine(({ size, mode }, context) => {
      const fault = fecSizeFault(size, mode === 'auto' ? 'both' : mode);
      if (fault !== null) context.addIssue({ code: 'custom', message: `SMPTE 2022-1 does not allow it: ${fault}` });
    }),
]);

const stationSchema = z.strictObject({
  /** Its channel number; default one more than that of the station before it. */
  number: z.int().min(1).max(65_535).optional(),
  /** Default the name of its file or folder. */
  name: name.optional(),
  /** A film, a song or a picture, a folder whose films and songs (or pictures, where it has none) are played in order of their names, or a film that the server generates. */
  source: z.union([path, z.strictObject({ generated: z.literal('test-card') })]),
  /** Default the server's. */
  format: z.enum(stationFormats).optional(),
  /** IPv4 multicast group; default derived from its id. */
  group: group.optional(),
  /** Default the server's. */
  ...preferenceFields,
});

const slateSchema = z.strictObject({
  /** Default the file's name. */
  name: name.optional(),
  file: path,
});

const configSchema = z.strictObject({
  /** The server's name, as viewers see it. */
  name,
  /** Name or IPv4 address of the interface that packets leave by; default loopback. */
  interface: z.string().min(1).optional(),
  /** IP time to live of multicast packets: routers that they may pass, plus one. */
  ttl: z.int().min(1).max(255).default(1),
  /** UDP port for viewers' requests; 0: any that is free. */
  controlPort: z.int().min(0).max(65_535).default(5601),
  /** File with the secret of viewers and servers that believe each other; default none: all are answered and believed. */
  key: path.optional(),
  /** Whether copied films are decoded once, in the background, to find damage. */
  decodeCheck: z.boolean().default(true),
  /** Most playout threads; default one for each processor. */
  workers: z.int().min(1).max(256).optional(),
  /** Parity of all stations. */
  fec: fecSchema.default('none'),
  /** bit/s for single viewers, all together: repair, tuning, time shift. */
  unicastBudget: z.number().positive().default(1e9),
  /** How far stations reach back; default to their epoch. */
  history: milliseconds.optional(),
  /** Time between two events `stats`; default none. */
  statsPeriod: milliseconds.optional(),
  /** The folder of the reels; default in the user's cache folder. */
  store: path.optional(),
  /** Format of stations that name none. */
  format: z.enum(stationFormats).default(defaultMediaSettings.format),
  /** Frames a second of JPEG stations. */
  fps: z.union([z.number().min(1).max(120), z.literal('source')]).default(defaultMediaSettings.fps),
  /** Longest distance of random access points at which video is copied rather than encoded. */
  maxGop: milliseconds.default(defaultMediaSettings.maxGop),
  /** bit/s: most in the busiest second of video that is copied rather than encoded. */
  maxBitrate: z.number().positive().default(defaultMediaSettings.maxBitrate),
  /** Quality of pictures that are encoded, as x264's constant rate factor; the lower, the better. */
  crf: z.int().min(LEAST_CRF).max(MOST_CRF).default(defaultMediaSettings.crf),
  /** x264's preset; `auto` is the best one with which the machine is twice as fast as the film plays. */
  preset: z.enum(presets).default(defaultMediaSettings.preset),
  /** What encodes; `auto` is any hardware that works. Where hardware does not, it is x264, with a note. */
  encoder: z.enum(encoderNames).default(defaultMediaSettings.encoder),
  /** Of stations that have none of their own. */
  ...preferenceFields,
  /** How long each picture of a source of pictures stands. */
  slide: z.number().min(500).max(86_400_000).transform(Millis).default(defaultMediaSettings.slide),
  /** How long it fades in from the one before it, as a part of that time; half of it at most. */
  fade: z.number().min(0).max(60_000).transform(Millis).default(defaultMediaSettings.fade),
  stations: z.array(stationSchema).max(65_000).default([]),
  /** Films that the operator can show in place of a programme. */
  slates: z.array(slateSchema).max(1_000).default([]),
});

export type ServerConfig = z.output<typeof configSchema>;
/** A configuration in which defaults may be left out. */
export type ServerConfigInput = z.input<typeof configSchema>;
export type StationConfig = z.output<typeof stationSchema>;
export type StationConfigInput = z.input<typeof stationSchema>;
export type SlateConfig = z.output<typeof slateSchema>;
/** Parity of all stations. */
export type FecConfig = z.output<typeof fecSchema>;

const check = <T>(schema: z.ZodType<T>, input: unknown, what: string): T => {
  const { data, error } = schema.safeParse(input, { reportInput: true });
  if (!error) return data;
  const faults = error.issues.map(({ path, input, message }) => {
    const field = path.join('.') || what;
    const value = JSON.stringify(input);
    return `${field}${value === undefined || value.length > 200 ? '' : ` is ${value}`}: ${message}`;
  });
  throw new Problem('usage', `the ${what} cannot be used: ${faults.join('; ')}`, 'Correct it and start again.', {
    cause: error,
  });
};

/** The configuration with its defaults. Throws a Problem of code `usage` that names each wrong field, its value and the allowed ones. */
export function checkServerConfig(input: unknown): ServerConfig {
  const config = check(configSchema, input, 'configuration');
  const formats = new Set<StationFormat>([
    config.format,
    ...config.stations.map(({ format = config.format }) => format),
  ]);
  for (const format of formats) checkEncoder({ ...config, format });
  return config;
}

/** Throws a Problem of code `usage` where the encoder cannot be had for stations of the format. */
export function checkEncoder(settings: Pick<MediaSettings, 'format' | 'encoder'>): void {
  const fault = encoderFault(settings);
  if (fault) throw new Problem('usage', fault, 'Leave it out, or choose the format h264.');
}

/** The same for one station. */
export const checkStationConfig = (input: unknown): StationConfig => check(stationSchema, input, 'station');
