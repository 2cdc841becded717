/** The identity of a station on the network: id, group, port, SSRC. All follow from its name. */
import { createHash } from 'node:crypto';
import { PORTS_PER_STATION } from '../contract/addresses.js';
import type { StationFormat } from '../wire/station-format.js';

/**
 * A station's id: its name in lower case, with hyphens for everything but letters and digits, and the format unless it is h264,
 * so that the same film can be on the air in several. A name without letters and digits gives "station".
 */
export function stationId(name: string, format: StationFormat): string {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? ['station'];
  const id = words.join('-').slice(0, 90);
  return format === 'h264' ? id : `${id}-${format}`;
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

/**
 * The group and port of an id: the same at every start. Groups in `taken`, those of other stations, are stepped over. Throws a
 * RangeError where all are taken.
 */
export function stationAddress(id: string, taken: { has(group: string): boolean }): StationAddress {
  const digest = hash(`group ${id}`);
  const first = digest.readUInt32BE(0) % GROUPS;
  for (let step = 0; step < GROUPS; step++) {
    const index = (first + step) % GROUPS;
    const group = `239.255.${index >> 8}.${index & 0xff}`;
    if (!taken.has(group)) return { group, port: FIRST_PORT + PORTS_PER_STATION * (digest.readUInt32BE(4) % PORTS) };
  }
  throw new RangeError(`all ${GROUPS} groups are taken`);
}

/** The SSRC of an id, 32 bits: the same at every start. */
export const stationSsrc = (id: string): number => hash(`ssrc ${id}`).readUInt32BE(0);

/** A hash of the id and of names of its reels, in their order: equal for stations that send the same packets. */
export const scheduleHash = (id: string, reels: readonly string[]): string =>
  hash(JSON.stringify([id, ...reels]))
    .toString('hex')
    .slice(0, 16);
