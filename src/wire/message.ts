/**
 * The control datagram between viewer and server: a header of 32 bytes, big-endian, a JSON body, and between holders of
 * a key a seal.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      'M'      |      'S'      |      'C'      |      '1'      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |     type      |  0, 1: sealed |             page              |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |             pages             |            revision           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                          request id                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                                                               |
 *    |                    cookie, 16 bytes; 0 = none                 |
 *    |                                                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  body: JSON in UTF-8, spaces may follow it (padding)        ...
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                                                               |
 *    |               seal, 16 bytes, if sealed: seal.ts              |
 *    |                                                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * docs/protocol.md describes each message.
 */
import { z } from 'zod';
import { stationInfoSchema, timeSchema } from './station-info.js';

export const MESSAGE_HEADER_LENGTH = 32;
/** Fits 1,500 (Ethernet MTU) − 20 (IPv4) − 8 (UDP) = 1,472, with room for a tunnel's headers. */
export const MAX_MESSAGE_LENGTH = 1400;
/** Of a START without a cookie: a CHALLENGE may have three times as many bytes. */
export const START_LENGTH = 300;
export const SEAL_LENGTH = 16;
/** The same with and without a seal, so that a list has the same pages for everybody. */
export const MAX_BODY_LENGTH = MAX_MESSAGE_LENGTH - MESSAGE_HEADER_LENGTH - SEAL_LENGTH;
export const COOKIE_LENGTH = 16;
/** A request id is an unsigned number of 32 bits and wraps. */
export const REQUEST_ID_MODULUS = 0x1_0000_0000;

const MAGIC = Buffer.from('MSC1', 'latin1');
/** Offset of the byte that is 1 in a sealed message. */
const SEALED_AT = 5;

/** The cookie of a client without one. */
export const NO_COOKIE: Buffer = Buffer.alloc(COOKIE_LENGTH);
export const hasCookie = (cookie: Buffer): boolean => !cookie.equals(NO_COOKIE);

/** The type byte: requests below 0x80, replies above. */
export const messageTypes = {
  start: 0x01,
  tune: 0x02,
  change: 0x03,
  pause: 0x04,
  resume: 0x05,
  exit: 0x06,
  keepalive: 0x07,
  replay: 0x08,
  challenge: 0x81,
  stations: 0x82,
  tuned: 0x83,
  ok: 0x84,
  error: 0x85,
  replaying: 0x86,
} as const;

export type MessageType = keyof typeof messageTypes;
export type RequestType = 'start' | 'tune' | 'change' | 'pause' | 'resume' | 'exit' | 'keepalive' | 'replay';
export type ReplyType = Exclude<MessageType, RequestType>;

/** Reasons of refusals, with their texts. */
export const errorCodes = {
  'unknown-station': 'no station of this id is on this server',
  'off-air': 'the station exists and sends nothing at present',
  'no-session': 'the request needs a session: TUNE first',
  busy: 'the server has as many sessions as it allows',
  'too-early': 'the station does not reach back so far',
  'over-budget': 'the server sends as much to single viewers as it allows',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Stations on one page: the shortest description has 270 bytes. */
const MOST_ON_PAGE = 5;
/** Sessions of a station: all that a server has room for are 10,000. The time between two reports follows from it. */
const MOST_MEMBERS = 65_535;

const nothing = z.object({});
/**
 * 10^12 in 2026, and 2^52 at no rate within a thousand years. Sums of packet numbers stay exact: a loop that counts them up
 * comes to its end.
 */
const packetNumber = z
  .int()
  .min(0)
  .max(2 ** 52);
/** The client's number of a flow: a station's packets in order, sent to it alone. */
const flowNumber = z.int().min(1).max(0xffff_ffff);
const choice = z.object({
  station: stationInfoSchema.shape.id,
  /** Requests a burst: everything from the newest random access point that is still in time for a player. */
  burst: z.object({ flow: flowNumber }).optional(),
});
/** The beginning of a flow, and the time at which its first packet was due. */
const flowStart = z.object({ flow: flowNumber, from: packetNumber, time: timeSchema });

const bodySchemas = {
  start: nothing,
  tune: choice,
  change: choice,
  pause: nothing,
  resume: nothing,
  exit: nothing,
  keepalive: nothing,
  replay: z.object({
    flow: flowNumber,
    /** Greatest speed, as a multiple of the station's. */
    speed: z.number().min(1).max(100),
    from: z.discriminatedUnion('kind', [
      /** The newest random access point that is still in time for a player. */
      z.object({ kind: z.literal('live') }),
      z.object({ kind: z.literal('packet'), packet: packetNumber }),
      /** The last random access point at or before a time (Unix epoch), or where the item then on the air begins. */
      z.object({ kind: z.literal('time'), time: timeSchema, item: z.boolean() }),
    ]),
  }),
  challenge: z.object({
    /** The server's name, perhaps shortened or empty: it must fit three times the request. */
    server: z.string().max(200),
    controlPort: z.int().min(1).max(65_535),
    /** Number of its stations. */
    stations: z.int().min(0).max(65_535),
  }),
  /** Descriptions, which `PageCollector` reads one by one: a wrong one is left out, and the others count. */
  stations: z.array(z.unknown()).max(MOST_ON_PAGE),
  tuned: z.object({
    station: stationInfoSchema,
    /** Number of the packet about to leave. */
    next: packetNumber,
    /** The server's clock at that moment, milliseconds since the Unix epoch. */
    serverTime: timeSchema,
    /** Sessions of this station: the more there are, the less often each reports. */
    members: z.int().min(1).max(MOST_MEMBERS),
    /** Null: not requested, or refused for want of budget. */
    burst: flowStart.nullable(),
  }),
  /** In the answer to KEEPALIVE: the server's clock, and the number of the packet about to leave. */
  ok: z.object({ serverTime: timeSchema.optional(), next: packetNumber.optional() }),
  error: z.object({ code: z.string().max(40), message: z.string().max(500) }),
  replaying: flowStart.extend({
    next: packetNumber,
    serverTime: timeSchema,
    /** Earliest time that the station can be sent from, milliseconds since the Unix epoch. */
    oldest: timeSchema,
  }),
} satisfies Record<MessageType, z.ZodType>;

export type MessageBody<T extends MessageType> = z.infer<(typeof bodySchemas)[T]>;

export interface Message<T extends MessageType> {
  type: T;
  /** Of 32 bits. A reply carries its request's. */
  requestId: number;
  /** 16 bytes, NO_COOKIE for none. */
  cookie: Buffer;
  /** STATIONS: number of this page of `pages`, from 0. START: the first page wanted. Otherwise 0. */
  page: number;
  pages: number;
  /** STATIONS: pages of one revision belong together; a later revision has a higher number, modulo 2^16. */
  revision: number;
  body: MessageBody<T>;
}

export type AnyMessage = { [T in MessageType]: Message<T> }[MessageType];
export type Request = { [T in RequestType]: Message<T> }[RequestType];
export type Reply = { [T in ReplyType]: Message<T> }[ReplyType];

const typeOfByte = new Map<number, MessageType>(
  Object.entries(messageTypes).map(([name, byte]) => [byte, name as MessageType]),
);

export const isRequest = (message: AnyMessage): message is Request => messageTypes[message.type] < 0x80;
export const isReply = (message: AnyMessage): message is Reply => messageTypes[message.type] >= 0x80;

/** A message, with defaults for the fields that are mostly zero. */
export function message<T extends MessageType>(
  type: T,
  requestId: number,
  body: MessageBody<T>,
  rest: { cookie?: Buffer; page?: number; pages?: number; revision?: number } = {},
): Message<T> {
  return { type, requestId, body, cookie: NO_COOKIE, page: 0, pages: 0, revision: 0, ...rest };
}

/** Length of `body` as JSON, in bytes. */
export const bodyLength = (body: unknown): number => Buffer.byteLength(JSON.stringify(body));

export interface EncodeOptions {
  /** Shorter messages are padded with spaces to this length in bytes. */
  minLength?: number;
  /** Whether it ends with room for a seal, which `Seals` fills in. */
  isSealed?: boolean;
}

/** Encodes one datagram. Throws a RangeError where it would be too long: callers make bodies fit. */
export function encodeMessage(message: AnyMessage, { minLength = 0, isSealed = false }: EncodeOptions = {}): Buffer {
  const body = Buffer.from(JSON.stringify(message.body));
  const length = Math.max(minLength, MESSAGE_HEADER_LENGTH + body.length + (isSealed ? SEAL_LENGTH : 0));
  if (body.length > MAX_BODY_LENGTH || length > MAX_MESSAGE_LENGTH) {
    throw new RangeError(`A ${message.type} message of ${length} bytes exceeds the ${MAX_MESSAGE_LENGTH} allowed`);
  }
  const out = Buffer.alloc(length, 0x20);
  MAGIC.copy(out, 0);
  out[4] = messageTypes[message.type];
  out[SEALED_AT] = isSealed ? 1 : 0;
  out.writeUInt16BE(message.page, 6);
  out.writeUInt16BE(message.pages, 8);
  out.writeUInt16BE(message.revision, 10);
  out.writeUInt32BE(message.requestId, 12);
  message.cookie.copy(out, 16, 0, COOKIE_LENGTH);
  body.copy(out, MESSAGE_HEADER_LENGTH);
  return out;
}

/** A copy of an encoded message for another request and client. */
export function readdressed(encoded: Buffer, requestId: number, cookie: Buffer): Buffer {
  const out = Buffer.from(encoded);
  out.writeUInt32BE(requestId, 12);
  cookie.copy(out, 16, 0, COOKIE_LENGTH);
  return out;
}

/** The header of a message; shares the datagram's memory. */
export interface MessageHeader<T extends MessageType = MessageType> {
  type: T;
  isSealed: boolean;
  requestId: number;
  cookie: Buffer;
}

/** Reads the header only, which is cheap; null unless it is that of a message. Never throws. */
export function readHeader(datagram: Buffer): MessageHeader | null {
  if (datagram.length < MESSAGE_HEADER_LENGTH || datagram.length > MAX_MESSAGE_LENGTH) return null;
  const type = typeOfByte.get(datagram[4]!);
  const sealed = datagram[SEALED_AT]!;
  if (type === undefined || sealed > 1 || MAGIC.compare(datagram, 0, 4) !== 0) return null;
  if (sealed === 1 && datagram.length < MESSAGE_HEADER_LENGTH + SEAL_LENGTH) return null;
  const cookie = datagram.subarray(16, 16 + COOKIE_LENGTH);
  return { type, isSealed: sealed === 1, requestId: datagram.readUInt32BE(12), cookie };
}

/** The same; null unless it is a request. */
export function readRequestHeader(datagram: Buffer): MessageHeader<RequestType> | null {
  const header = readHeader(datagram);
  return header !== null && messageTypes[header.type] < 0x80 ? (header as MessageHeader<RequestType>) : null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined; // neither UTF-8 nor JSON; no schema accepts undefined
  }
}

/**
 * Decodes one datagram; null unless it is a message as drawn above. Never throws. A sealed one is read with `isSealed`
 * only, and its seal is not checked: `Seals` does that.
 */
export function decodeMessage(datagram: Buffer, { isSealed = false } = {}): AnyMessage | null {
  const header = readHeader(datagram);
  if (header === null || header.isSealed !== isSealed) return null;
  const { type, requestId, cookie } = header;
  const end = datagram.length - (isSealed ? SEAL_LENGTH : 0);
  const page = datagram.readUInt16BE(6);
  const pages = datagram.readUInt16BE(8);
  if (type === 'stations' && page >= pages) return null;
  const body = bodySchemas[type].safeParse(parseJson(datagram.subarray(MESSAGE_HEADER_LENGTH, end)));
  if (!body.success) return null;
  return {
    type,
    page,
    pages,
    revision: datagram.readUInt16BE(10),
    requestId,
    cookie: Buffer.from(cookie), // a copy: the datagram's memory is reused
    body: body.data,
  } as AnyMessage; // `type` chose the schema of `body`: a relation that the type checker cannot follow
}
