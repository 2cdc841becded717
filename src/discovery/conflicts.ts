/** Detects stations of ours that another server sends as well: the same packets, or others. */
import type { StationInfo } from '../wire/station-info.js';
import { type FoundStation, serverNames } from './find-state.js';

export interface Conflict {
  /**
   * `twin`: both send the same packets, and receivers take the first copy. `conflict`: different packets to one group,
   * which only receivers that look at the sender's address can use.
   */
  kind: 'twin' | 'conflict';
  own: StationInfo;
  other: FoundStation;
}

const isSameStream = (a: StationInfo, b: StationInfo): boolean =>
  a.id === b.id && a.schedule === b.schedule && a.ssrc === b.ssrc && a.format === b.format;

/**
 * Compares our stations with those found on the network; `found` must not contain our own server's. Two stations meet
 * if they share group and port, or group and id.
 */
export function findConflicts(own: readonly StationInfo[], found: readonly FoundStation[]): Conflict[] {
  return own.flatMap((ours) =>
    found
      .filter(({ info }) => info.group === ours.group && (info.port === ours.port || info.id === ours.id))
      .map((other) => ({ kind: isSameStream(ours, other.info) ? 'twin' : 'conflict', own: ours, other }) as const),
  );
}

/** What the other server does, as the beginning of a sentence. */
export function conflictText({ own, other }: Conflict): string {
  const addresses = other.servers.map(({ address }) => address).join(', ');
  return (
    `The server ${serverNames(other)} (${addresses}) sends another programme to the group ${own.group}:${own.port} of ` +
    `station "${own.name}", as "${other.info.name}"`
  );
}
