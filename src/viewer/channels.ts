/** The stations that were found, as the viewer lists them, and which of them a person means. */

import { Problem } from '../base/problem.js';
import type { FoundStation } from '../discovery/find.js';
import type { Channel } from './state.js';

/** A station with the way to it. */
export interface FoundChannel extends Channel {
  found: FoundStation;
}

export const channelsOf = (found: readonly FoundStation[]): FoundChannel[] =>
  found.map((one) => ({ key: one.key, info: one.info, found: one }));

const nothingFound = 'No stations were found';

/** What to do when nothing was found: `interfaceName` is the one that was asked for. */
export function findHint(interfaceName: string | undefined): string {
  const asked = interfaceName === undefined ? 'every interface' : `the interface ${interfaceName}`;
  return (
    `Asked on ${asked}. Is a server on (msc serve FILE --interface NAME)? ` +
    'Name the interface with --interface, and check that the firewall lets UDP in.'
  );
}

/** Throws a Problem when there is none. */
export function requireStations(channels: readonly FoundChannel[], interfaceName: string | undefined): void {
  if (channels.length === 0) throw new Problem('station', nothingFound, findHint(interfaceName));
}

/** The stations meant by a number, an id or a name (upper or lower case), the exact ones first. */
export function matching<C extends Channel>(channels: readonly C[], wanted: string): C[] {
  const folded = wanted.trim().toLowerCase();
  const ways: ((channel: C) => boolean)[] = [
    ({ info }) => String(info.number) === folded,
    ({ info }) => info.id === folded,
    ({ info }) => info.name.toLowerCase() === folded,
    ({ key }) => key === wanted,
  ];
  for (const way of ways) {
    const found = channels.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}

/** The station meant by `wanted`. Throws a Problem when there is none, or more than one. */
export function chooseChannel<C extends Channel>(channels: readonly C[], wanted: string): C {
  const found = matching(channels, wanted);
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    const listed = found.map(({ info, key }) => `${info.name} on ${info.server} (${key})`).join(', ');
    throw new Problem('station', `"${wanted}" is ${found.length} stations: ${listed}`, 'Give what stands in brackets.');
  }
  const numbers = channels.map(({ info }) => `${info.number} ${info.name}`).join(', ');
  throw new Problem('station', `There is no station "${wanted}"`, `Choose one of: ${numbers}.`);
}
