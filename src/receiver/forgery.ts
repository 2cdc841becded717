/** What is said where somebody else sends to a station's group. */
import { Problem } from '../base/problem.js';
import type { StationInfo } from '../wire/station-info.js';

type SentTo = Pick<StationInfo, 'name' | 'group' | 'port'>;

/** Packets came from an address that none of the station's servers has; they were dropped. */
export const strangerProblem = ({ name, group, port }: SentTo, address: string): Problem =>
  new Problem(
    'network',
    `${address} also sends to the group of ${name} (${group}:${port}), and is none of its servers: its packets are dropped`,
    'Find out what that machine sends, or give the station another group.',
  );

/** A packet came twice, with different content; the first was taken. */
export const conflictProblem = ({ name, group, port }: SentTo): Problem =>
  new Problem(
    'network',
    `${name} has packets in two versions: another machine sends to ${group}:${port} with the address of its server`,
    'What was received may be forged. Look for that machine at the switch.',
  );
