/** Detects stations of ours that another server sends as well: the same packets, or others. */
import { Problem } from '../base/problem.js';
import type { StationInfo } from '../wire/station-info.js';
import { type FoundStation, serverNames } from './find-state.js';

export interface Conflict {
  /**
   * `twin`: both send the same packets, and receivers take the first copy. `conflict`: different packets to one group,
   * which no receiver can use.
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

/** The Problem of a conflict. */
export function conflictProblem({ own, other }: Conflict): Problem {
  const addresses = other.servers.map(({ address }) => address).join(', ');
  return new Problem(
    'station',
    `Station "${own.name}" cannot go on the air: the server ${serverNames(other)} (${addresses}) sends another ` +
      `programme to its group ${own.group}:${own.port}, as "${other.info.name}"`,
    'Give yours another name, as NAME=PATH, or end the other one. The same files in the same order may be on both.',
  );
}
