/** The stations found, as the viewer lists them, and choosing one by number, id or name. */

import { Problem } from '../base/problem.js';
import type { FoundStation } from '../discovery/find.js';
import type { Channel } from './state.js';

/** A station and its servers. */
export interface FoundChannel extends Channel {
  found: FoundStation;
}

export const channelsOf = (found: readonly FoundStation[]): FoundChannel[] =>
  found.map((one) => ({ key: one.key, info: one.info, found: one }));

const nothingFound = 'No stations were found';

/** The next step when no station was found on this interface; undefined: on all interfaces. */
export function findHint(interfaceName: string | undefined): string {
  const asked = interfaceName === undefined ? 'every interface' : `the interface ${interfaceName}`;
  return (
    `Asked on ${asked}. Is a server on (msc serve FILE --interface NAME)? ` +
    'Name the interface with --interface, and check that the firewall lets UDP in.'
  );
}

/** Throws a Problem when there are no stations; `leftOut` are lines about what was found and is not in the list. */
export function requireStations(
  channels: readonly FoundChannel[],
  interfaceName: string | undefined,
  leftOut: readonly string[] = [],
): void {
  if (channels.length === 0)
    throw new Problem('station', nothingFound, [...leftOut, findHint(interfaceName)].join(' '));
}

/** The stations with this number, else with this id, name (in any case) or key. */
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

/** Stations that a message names. */
const MOST_NAMED = 20;

const some = (texts: readonly string[]): string =>
  texts.length > MOST_NAMED
    ? `${texts.slice(0, MOST_NAMED).join(', ')} and ${texts.length - MOST_NAMED} more (msc list)`
    : texts.join(', ');

/** The station with this number, id, name or key. Throws a Problem when there is none, or more than one. */
export function chooseChannel<C extends Channel>(channels: readonly C[], wanted: string): C {
  const found = matching(channels, wanted);
  const [first, second] = found;
  if (first && !second) return first;
  if (second) {
    const listed = some(found.map(({ info, key }) => `${info.name} on ${info.server} (${key})`));
    throw new Problem('station', `"${wanted}" is ${found.length} stations: ${listed}`, 'Use the key in brackets.');
  }
  const numbers = some(channels.map(({ info }) => `${info.number} ${info.name}`));
  throw new Problem('station', `There is no station "${wanted}"`, `Choose one of: ${numbers}.`);
}
