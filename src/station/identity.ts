/** What identifies a station on the network: id, group, port, SSRC. All follow from its name. */
import { createHash } from 'node:crypto';
import { PORTS_PER_STATION } from '../contract/addresses.js';
import type { StationFormat } from '../wire/station-info.js';

/**
 * A station's id: its name in lower case, with hyphens for all but letters and digits, and "-jpeg" for that format,
 * so that the same film may be on the air in both. A name without any letter or digit gives "station".
 */
export function stationId(name: string, format: StationFormat): string {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? ['station'];
  const id = words.join('-').slice(0, 90);
  return format === 'jpeg' ? `${id}-jpeg` : id;
}

export interface StationAddress {
  group: string;
  port: number;
}

/** 239.255.0.0 to 239.255.254.255; above lie SAP, discovery and other services (RFC 2365). */
const GROUPS = 255 * 256;
/** Above the registered services in use, below ephemeral ports. */
const FIRST_PORT = 10_000;
const PORTS = 2_500;

const hash = (text: string) => createHash('sha256').update(text).digest();

/** The same for the same id; `taken` holds the groups of other stations, which are stepped over. */
export function stationAddress(id: string, taken: ReadonlySet<string>): StationAddress {
  const digest = hash(`group ${id}`);
  const first = digest.readUInt32BE(0) % GROUPS;
  for (let step = 0; step < GROUPS; step++) {
    const index = (first + step) % GROUPS;
    const group = `239.255.${index >> 8}.${index & 0xff}`;
    if (!taken.has(group)) return { group, port: FIRST_PORT + PORTS_PER_STATION * (digest.readUInt32BE(4) % PORTS) };
  }
  throw new RangeError(`no more than ${GROUPS} stations`);
}

export const stationSsrc = (id: string): number => hash(`ssrc ${id}`).readUInt32BE(0);

/** Equal for stations that send the same packets: a hash of the id and of what tells its reels apart, in their order. */
export const scheduleHash = (id: string, reels: readonly string[]): string =>
  hash(JSON.stringify([id, ...reels]))
    .toString('hex')
    .slice(0, 16);
