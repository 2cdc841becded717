/**
 * Requests and replies of `/api/v1`. Times are milliseconds since the Unix epoch by the clock of the stations' server,
 * durations milliseconds, rates bit/s, unless noted otherwise. Later versions may add fields to replies.
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
  /** The earliest time that can be watched; null: no past. */
  oldest: time.nullable(),
});
export const stationsSchema = z.object({ stations: z.array(stationSchema) });

export const programmeSchema = z.object({ from: time, to: time, title: text });
/** The first MOST_PROGRAMMES of each station. */
export const guideSchema = z.object({
  stations: z.array(z.object({ id: stationId, programmes: z.array(programmeSchema) })),
});
export const MOST_PROGRAMMES = 500;

/** A stream that the gateway sends to a viewer. */
export const viewerSchema = z.object({
  id: count,
  /** Transport stream, its HLS segments, JPEG pictures, or the WebSocket of a page. */
  kind: z.enum(['ts', 'hls', 'mjpeg', 'live']),
  /** IP address. */
  address: text,
  station: stationId,
  since: time,
  /** Bytes sent. */
  bytes: count,
  /** Lag of its position behind the air. */
  behind: z.number(),
  /** Times that it was too slow and was moved to the live position. */
  moved: count,
  /** The page's own report; null: none. */
  report: z
    .object({
      /** Lag of the picture on the screen behind the air. */
      delay: z.number(),
      /** Media buffered ahead of that picture. */
      buffer: z.number(),
      droppedFrames: z.number(),
      stalls: z.number(),
      /** Offset of the picture from its common presentation time; null while it is not synchronised. */
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
  /** Total numbers; the lists have the first MOST_VIEWERS. */
  totals: z.object({ viewers: count, receivers: count }),
});
export const MOST_VIEWERS = 1_000;

export const slateSchema = z.object({ id: text, name: text });

/** A station of the line-up, on the air or not. */
export const lineUpStationSchema = z.object({
  info: stationSchema,
  onAir: z.boolean(),
  /** `notes`: what an item lacks of its source, or shows differently. */
  items: z.array(z.object({ id: text, name: text, duration, notes: z.array(z.string()) })),
  /** What of its folder is not played. */
  leftOut: z.array(z.string()),
  /** Id of the slate on the air; null: none. */
  slate: text.nullable(),
  /** The actions that are possible now. */
  actions: z.array(z.enum(stationActions)),
  /** The parity that is sent; null: none is configured. */
  parity: z.enum(['none', 'columns', 'both']).nullable(),
});
export const lineUpSchema = z.object({ stations: z.array(lineUpStationSchema), slates: z.array(slateSchema) });

/** Stats of a station over the last sample period. */
export const stationStatsSchema = z.object({
  id: stationId,
  /** Sent to its group, with parity. */
  rate: z.number().min(0),
  /** 99th percentile of send time minus due time; null: nothing was sent. */
  lateness: z.number().nullable(),
  /** Packets that were not sent since it went on the air: more than 200 ms late, unreadable, refused by the system. */
  lost: count,
  /** Streams of this gateway, and receivers with a session. */
  viewers: count,
  receivers: count,
  /** Receivers that report their losses. */
  reporting: count,
  /** Share of packets missing before repair: the median and the 95th percentile of the receivers. */
  loss: z.object({ p50: share, p95: share }),
  /** Packets since the server started: missing at receivers before repair, and after it. */
  missed: count,
  unrepaired: count,
});

/** A condition that the server watches. */
export const checkSchema = z.object({
  /** Unique among the checks. */
  id: text,
  state: z.enum(['good', 'fair', 'bad']),
  /** Whole sentences: the state, and what it means. */
  title: text,
  detail: text,
});

/** Stats of the server over the last sample period. */
export const serverSchema = z.object({
  name: text,
  version: text,
  time,
  uptime: duration,
  /** System clock minus server clock; null: the stations come from another host. */
  clockOffset: z.number().nullable(),
  /** Processors in use, e.g. 0.25, and the number of processors. */
  cpu: z.number().min(0),
  processors: count,
  /** Resident memory, bytes. */
  memory: count,
  /** Sent: to groups, to single receivers (repair, tuning, time shift), by HTTP. */
  rate: z.object({ groups: z.number(), single: z.number(), http: z.number() }),
  /** The interface that packets leave by, as it was when it was last there; null: the stations come from another host. */
  interface: z.object({ name: text, address: text, internal: z.boolean(), connected: z.boolean() }).nullable(),
  viewers: count,
  receivers: count,
  checks: z.array(checkSchema),
});

/** The event `stats` of `/api/v1/events`, once a second. */
export const statsSchema = z.object({ server: serverSchema, stations: z.array(stationStatsSchema) });

/** Lists of equal length; the last sample is of `time`, the others are `period` apart before it. */
export const historySchema = z.object({
  time,
  period: duration,
  /** Sent by all ways. */
  rate: z.array(z.number()),
  /** The station's 99th percentile; of the server, the worst station's. */
  lateness: z.array(z.number().nullable()),
  viewers: z.array(count),
  /** The 95th percentile of the receivers; of the server, the worst station's. */
  loss: z.array(share),
  /** Processors in use; null in a station's history. */
  cpu: z.array(z.number()).nullable(),
});

export const sessionSchema = z.object({
  /** How the client is known to be the operator; null: it is not. */
  operator: z.enum(['loopback', 'session', 'token']).nullable(),
  /** Whether a password has been set. */
  password: z.boolean(),
});

export const loginSchema = z
  .strictObject({ password: z.string().min(1).max(200) })
  .meta({ examples: [{ password: 'correct horse battery staple' }] });
export const nameSchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^\P{C}*$/u),
  })
  .meta({ examples: [{ name: 'Lobby' }] });
export const orderSchema = z
  .strictObject({ items: z.array(text).min(1).max(10_000) })
  .meta({ examples: [{ items: ['1', '0'] }] });
export const showSchema = z.strictObject({ slate: text }).meta({ examples: [{ slate: 'back-soon' }] });

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
