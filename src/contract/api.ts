/**
 * What `/api/v1` gives and takes. Times are milliseconds since the Unix epoch by the clock of the stations' server,
 * durations milliseconds, rates bit/s, unless said otherwise. Replies may come to have more fields.
 */
import { z } from 'zod';
import { stationInfoSchema } from '../wire/station-info.js';
import { stationActions } from './commands.js';

const time = z.number().min(0);
const duration = z.number().min(0);
const count = z.int().min(0);
const share = z.number().min(0).max(1);
const text = z.string().max(1_000);
const stationId = z.string().max(400);

/** RFC 9457. */
export const problemSchema = z.object({ status: z.int().min(400).max(599), title: text, detail: text });

export const stationSchema = stationInfoSchema.extend({
  /** The earliest moment that can be watched; null: no past. */
  oldest: time.nullable(),
});
export const stationsSchema = z.object({ stations: z.array(stationSchema) });

export const programmeSchema = z.object({ from: time, to: time, title: text });
/** Of each station at most MOST_PROGRAMMES, the first ones. */
export const guideSchema = z.object({
  stations: z.array(z.object({ id: stationId, programmes: z.array(programmeSchema) })),
});
export const MOST_PROGRAMMES = 500;

/** Somebody whom the gateway sends a stream. */
export const viewerSchema = z.object({
  id: count,
  /** How: the transport stream, a segment of it, JPEG pictures, or to a page. */
  kind: z.enum(['ts', 'hls', 'mjpeg', 'live']),
  /** IP address. */
  address: text,
  station: stationId,
  since: time,
  /** Sent so far. */
  bytes: count,
  /** How far its place is behind what is on the air. */
  behind: z.number(),
  /** How often it was too slow and moved on. */
  moved: count,
  /** What its page says of itself. */
  report: z
    .object({
      /** How far its picture is behind what is on the air. */
      delay: z.number(),
      /** How much is held ahead of that. */
      buffer: z.number(),
      droppedFrames: z.number(),
      stalls: z.number(),
      /** How far its picture is from its common moment; null while it is not steered. */
      offset: z.number().nullable(),
    })
    .nullable(),
});

/** A receiver with a session at the server. A receiver that only joins the group is unknown. */
export const receiverSchema = z.object({
  address: text,
  port: count,
  station: stationId,
  state: z.enum(['playing', 'paused']),
  lastSeen: time,
});

export const viewersSchema = z.object({
  viewers: z.array(viewerSchema),
  receivers: z.array(receiverSchema),
  /** How many there are; the lists have the first MOST_VIEWERS. */
  totals: z.object({ viewers: count, receivers: count }),
});
export const MOST_VIEWERS = 1_000;

export const slateSchema = z.object({ id: text, name: text });

/** A station as its operator knows it. */
export const lineUpStationSchema = z.object({
  info: stationSchema,
  onAir: z.boolean(),
  items: z.array(z.object({ id: text, name: text, duration })),
  /** Id of what is shown in place of them. */
  slate: text.nullable(),
  /** What can be done to it now. */
  actions: z.array(z.enum(stationActions)),
  /** Which parity is sent; null where it never has any. */
  parity: z.enum(['none', 'columns', 'both']).nullable(),
});
export const lineUpSchema = z.object({ stations: z.array(lineUpStationSchema), slates: z.array(slateSchema) });

/** How a station went of late. */
export const stationStatsSchema = z.object({
  id: stationId,
  /** Sent to its group, parity included. */
  rate: z.number().min(0),
  /** When packets left, compared to when they were due; 99% are no later. Null where none left. */
  lateness: z.number().nullable(),
  /** Packets that never left since it went on the air: more than 200 ms late, unreadable, refused by the network. */
  lost: count,
  /** Those whom the gateway sends it, and receivers of its group that have told the server so. */
  viewers: count,
  receivers: count,
  /** Receivers that report what they lose. */
  reporting: count,
  /** The share of packets that they miss before repair: the median receiver, and the 95th of 100. */
  loss: z.object({ p50: share, p95: share }),
  /** Packets, since the server began: missing at receivers, and missing still after repair. */
  missed: count,
  unrepaired: count,
});

/** What is looked at all the time. */
export const checkSchema = z.object({
  /** Unique among the checks. */
  id: text,
  state: z.enum(['good', 'fair', 'bad']),
  /** What it is about, and how that is: whole sentences. */
  title: text,
  detail: text,
});

/** How the server is. */
export const serverSchema = z.object({
  name: text,
  version: text,
  time,
  uptime: duration,
  /** How far the system's clock is ahead of the server's; null: the stations come from another host. */
  clockOffset: z.number().nullable(),
  /** Processors that it kept busy of late, e.g. 0.25, and how many there are. */
  cpu: z.number().min(0),
  processors: count,
  /** Bytes that it has in memory. */
  memory: count,
  /** Outgoing: to groups, to single receivers (repair, tuning, replay), by HTTP. */
  rate: z.object({ groups: z.number(), single: z.number(), http: z.number() }),
  /** Where stations leave; null: they come from another host. */
  interface: z.object({ name: text, address: text, internal: z.boolean() }).nullable(),
  viewers: count,
  receivers: count,
  checks: z.array(checkSchema),
});

/** What `/api/v1/events` says once a second, as event `stats`. */
export const statsSchema = z.object({ server: serverSchema, stations: z.array(stationStatsSchema) });

/** Of equal length each; the last sample is of `time`, those before it `period` apart. */
export const historySchema = z.object({
  time,
  period: duration,
  /** Outgoing. */
  rate: z.array(z.number()),
  /** Of a station, 99% of its packets; of the server, the worst station's. */
  lateness: z.array(z.number().nullable()),
  viewers: z.array(count),
  /** The 95th of 100 receivers; of the server, of the worst station. */
  loss: z.array(share),
  /** Processors kept busy; null: of a station. */
  cpu: z.array(z.number()).nullable(),
});

export const sessionSchema = z.object({
  /** Whether whoever asks is the operator, and why; null: is not. */
  operator: z.enum(['loopback', 'session', 'token']).nullable(),
  /** Whether a password has been set. */
  password: z.boolean(),
});

export const loginSchema = z.strictObject({ password: z.string().min(1).max(200) });
export const nameSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{C}*$/u),
});
export const orderSchema = z.strictObject({ items: z.array(text).min(1).max(10_000) });
export const showSchema = z.strictObject({ slate: text });

export type ApiStation = z.infer<typeof stationSchema>;
export type ApiGuide = z.infer<typeof guideSchema>;
export type ApiViewers = z.infer<typeof viewersSchema>;
export type ApiViewer = z.infer<typeof viewerSchema>;
export type ReceiverSession = z.infer<typeof receiverSchema>;
export type LineUp = z.infer<typeof lineUpSchema>;
export type LineUpStation = z.infer<typeof lineUpStationSchema>;
export type StationStats = z.infer<typeof stationStatsSchema>;
export type ServerStats = z.infer<typeof serverSchema>;
export type Check = z.infer<typeof checkSchema>;
export type GatewayStats = z.infer<typeof statsSchema>;
export type History = z.infer<typeof historySchema>;
export type SessionState = z.infer<typeof sessionSchema>;
