/** What a search left out of its list, and how that is said. */
import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';
import type { Mismatch } from '../wire/seal.js';
import { mismatchTexts } from './mismatch.js';

/** A server that answered and is not believed: it and we have different keys, or only one of us has one. */
export interface ForeignServer extends SocketAddress {
  readonly mismatch: Mismatch;
}

export interface LeftOut {
  /** Number of servers that were not asked, because as many as a search takes had answered. Not counted above 1,000. */
  servers: number;
  /** Servers that do not share our key; those beyond the first hundred are not kept. */
  foreign: readonly ForeignServer[];
  /** Servers of which only some stations were taken, as many as were a fair share. */
  cut: readonly { server: SocketAddress; taken: number }[];
  /** Stations whose description no station can have: the first wrong field, and the number of stations. */
  wrong: readonly { server: SocketAddress; field: string; stations: number }[];
}

/** Most servers that are named. */
const MOST_NAMED = 3;
/** Least time between two notes of a process that searches again and again: strangers can change them at will. */
const NOTE_PERIOD = Millis(600_000);

const at = ({ address, port }: SocketAddress): string => `${address}:${port}`;

/** The first lines, and how many other servers there are. */
function named<T>(of: readonly T[], line: (each: T) => string, rest: string): string[] {
  const lines = of.slice(0, MOST_NAMED).map(line);
  return of.length > MOST_NAMED ? [...lines, `The same holds for ${of.length - MOST_NAMED} more: ${rest}.`] : lines;
}

/** Whole sentences; empty where nothing was left out. */
export function leftOutLines({ servers, foreign, cut, wrong }: LeftOut): string[] {
  const more = servers >= 1_000 ? '1,000 servers or more' : servers === 1 ? 'One server' : `${servers} servers`;
  return [
    ...foreignLines(foreign),
    ...named(
      wrong,
      ({ server, field, stations }) => {
        const which = stations === 1 ? 'a station' : `${stations} stations`;
        return field === 'format'
          ? `The server ${at(server)} has ${which} of a format that this release does not know: left out of the list. ` +
              'A newer release may know it.'
          : `The server ${at(server)} describes ${which} wrongly (${field}): left out of the list.`;
      },
      'stations described wrongly',
    ),
    ...named(
      cut,
      ({ server, taken }) =>
        `The server ${at(server)} has more stations than its share of the list: ${taken} are listed.`,
      'servers with more stations than their share',
    ),
    ...(servers > 0 ? [`${more} answered beyond those that a search takes: left out of the list.`] : []),
  ];
}

/** One line for each reason: how many servers, and which. */
function foreignLines(foreign: readonly ForeignServer[]): string[] {
  return Object.entries(mismatchTexts).flatMap(([mismatch, { cause, next }]) => {
    const servers = foreign.filter((each) => each.mismatch === mismatch);
    if (servers.length === 0) return [];
    const names = `${servers.slice(0, MOST_NAMED).map(at).join(', ')}${servers.length > MOST_NAMED ? ', …' : ''}`;
    const isOne = servers.length === 1;
    const count = isOne ? 'One server is' : `${servers.length} servers are`;
    return [`${count} left out of the list (${names}): ${isOne ? 'it' : 'each'} ${cause}. ${next}`];
  });
}

/** Responsible for: the notes of repeated searches, at most one each NOTE_PERIOD. */
export class LeftOutNotes {
  #notedAt = Number.NEGATIVE_INFINITY;

  /** The lines to print at `now`. */
  next(leftOut: LeftOut, now: Millis): string[] {
    const lines = now - this.#notedAt >= NOTE_PERIOD ? leftOutLines(leftOut) : [];
    if (lines.length > 0) this.#notedAt = now;
    return lines;
  }
}
