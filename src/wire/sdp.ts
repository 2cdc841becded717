/**
 * The session description of a station (RFC 8866), in the order that RFC demands and that VLC insists on:
 *
 *     v=0
 *     o=- <station id> <schedule> IN IP4 <group>     numbers of 32 bits, hashed
 *     s=<name>
 *     c=IN IP4 <group>/<ttl>
 *     t=0 0
 *     a=source-filter: incl IN IP4 <group> <source>  only if asked (RFC 4570)
 *     m=video <port> RTP/AVP 33                      one plain line: VLC drops a description with more
 *     a=rtpmap:33 MP2T/90000
 *
 * Two servers of one station describe it byte for byte alike, and so are one session to every reader. That is why
 * the origin's address is the station's group: the one address that both have, and no other station does.
 */
import { createHash } from 'node:crypto';
import { parse, type SessionDescription, write } from 'sdp-transform';
import { payloadTypeOf, type StationFormat } from './station-format.js';
import type { StationInfo } from './station-info.js';

export interface SdpOptions {
  /** Time to live of the multicast packets, 0–255, for c=. */
  ttl: number;
  /** IPv4 address of the only server to receive from; makes it the description of one server. */
  source?: string;
}

const encodings: Record<StationFormat, string> = { h264: 'MP2T', hevc: 'MP2T', jpeg: 'JPEG' };

/** Longest name in s=, in characters: the SAP datagram stays below 1 kB. */
const MAX_NAME_CHARACTERS = 100;

/** The first 32 bits of the text's SHA-256. */
const numberOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);

/** A line of SDP ends at CR, LF or NUL; s= must not be empty. */
function lineOf(name: string, fallback: string): string {
  const line = Array.from(name.replace(/\p{Cc}+/gu, ' ').trim())
    .slice(0, MAX_NAME_CHARACTERS)
    .join('');
  return line === '' ? fallback : line;
}

/** The description, with CRLF at the end of every line. */
export function writeSdp(station: StationInfo, { ttl, source }: SdpOptions): string {
  const payload = payloadTypeOf(station.format);
  const session: SessionDescription = {
    version: 0,
    origin: {
      username: '-',
      sessionId: numberOf(station.id),
      sessionVersion: numberOf(station.schedule),
      netType: 'IN',
      ipVer: 4,
      address: station.group,
    },
    name: lineOf(station.name, station.id),
    connection: { version: 4, ip: `${station.group}/${ttl}` },
    timing: { start: 0, stop: 0 },
    ...(source === undefined
      ? {}
      : {
          sourceFilter: {
            filterMode: 'incl',
            netType: 'IN',
            addressTypes: 'IP4',
            destAddress: station.group,
            srcList: source,
          },
        }),
    media: [
      {
        type: 'video',
        port: station.port,
        protocol: 'RTP/AVP',
        payloads: String(payload),
        rtp: [{ payload, codec: encodings[station.format], rate: 90_000 }],
        fmtp: [],
      },
    ],
  };
  return write(session);
}

/** The description of a stream. */
export interface ParsedSdp {
  sessionId: string;
  sessionVersion: string;
  /** The address in o=. */
  origin: string;
  name: string;
  group: string;
  ttl: number | undefined;
  port: number;
  payloadType: number;
  /** Of source-filter, if there is one. */
  source: string | undefined;
}

/** Parses a description of one video stream over IPv4; null for anything else. Never throws. */
export function readSdp(text: string): ParsedSdp | null {
  const session = parse(text);
  const media = session.media.find(({ type }) => type === 'video');
  const connection = media?.connection ?? session.connection;
  // A malformed line leaves its whole object out.
  if (media === undefined || connection === undefined || !session.origin) return null;
  const [group = '', ttl] = String(connection.ip).split('/');
  const payloadType = Number.parseInt(String(media.payloads), 10);
  if (!Number.isInteger(payloadType) || !Number.isInteger(media.port)) return null;
  return {
    sessionId: String(session.origin.sessionId),
    sessionVersion: String(session.origin.sessionVersion),
    origin: String(session.origin.address),
    name: String(session.name ?? ''),
    group,
    ttl: ttl === undefined ? undefined : Number(ttl),
    port: media.port,
    payloadType,
    source: session.sourceFilter?.srcList,
  };
}
