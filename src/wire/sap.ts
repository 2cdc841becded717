/**
 * The session announcement, RFC 2974 section 4:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    | V=1 |A|R|T|E|C|   auth len    |         msg id hash           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                originating source (IPv4; IPv6 if A)           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                 authentication data, auth len words         ...
 *    |                 payload type, "application/sdp", and a NUL  ...
 *    |                 payload                                     ...
 *
 * T deletes; E and C are encryption and compression, which nobody uses and this does not read.
 */
import { createHash } from 'node:crypto';

export const SAP_PAYLOAD_TYPE = 'application/sdp';
const FIXED_LENGTH = 8;

const Flag = { ipv6: 0x10, deletion: 0x04, encrypted: 0x02, compressed: 0x01 } as const;

export interface SapPacket {
  deletion: boolean;
  /** 16 bits; with the source it identifies the version of an announcement. */
  hash: number;
  /** Originating source, dotted IPv4; undefined for IPv6. */
  source: string | undefined;
  /** The description; of a deletion only its o= line. */
  sdp: string;
}

/** Hash of a description, equal on every server that announces the same; never 0. */
export function sapHashOf(sdp: string): number {
  return createHash('sha256').update(sdp).digest().readUInt16BE(0) || 1; // 0 means "no hash"
}

/**
 * Encodes an announcement or deletion of `sdp`, the whole description in either case. `source` is the originating
 * source: equal on every server of one station, or VLC lists it twice.
 */
export function encodeSap({
  sdp,
  source,
  deletion = false,
}: {
  sdp: string;
  source: string;
  deletion?: boolean;
}): Buffer {
  const header = Buffer.alloc(FIXED_LENGTH);
  header[0] = (1 << 5) | (deletion ? Flag.deletion : 0);
  header[1] = 0; // auth len
  header.writeUInt16BE(sapHashOf(sdp), 2); // msg id hash
  Buffer.from(source.split('.').map(Number)).copy(header, 4); // originating source
  const payload = deletion ? `${sdp.split('\r\n').find((line) => line.startsWith('o=')) ?? ''}\r\n` : sdp;
  return Buffer.concat([header, Buffer.from(`${SAP_PAYLOAD_TYPE}\0${payload}`)]);
}

/** Decodes one datagram; null unless it is SAP version 1 with SDP, unencrypted and uncompressed. Never throws. */
export function decodeSap(datagram: Buffer): SapPacket | null {
  if (datagram.length < FIXED_LENGTH) return null;
  const flags = datagram[0]!;
  if (flags >> 5 !== 1 || (flags & (Flag.encrypted | Flag.compressed)) !== 0) return null;
  const isIpv6 = (flags & Flag.ipv6) !== 0;
  const start = FIXED_LENGTH + (isIpv6 ? 12 : 0) + datagram[1]! * 4;
  if (start > datagram.length) return null;
  let payload = datagram.subarray(start).toString('utf8');
  if (!payload.startsWith('v=0')) {
    // The payload type may be left out when the payload is SDP (RFC 2974, section 6).
    const end = payload.indexOf('\0');
    if (end < 0 || payload.slice(0, end) !== SAP_PAYLOAD_TYPE) return null;
    payload = payload.slice(end + 1);
  }
  return {
    deletion: (flags & Flag.deletion) !== 0,
    hash: datagram.readUInt16BE(2),
    source: isIpv6 ? undefined : Array.from(datagram.subarray(4, 8)).join('.'),
    sdp: payload,
  };
}
