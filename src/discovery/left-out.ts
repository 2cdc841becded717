/** What a search left out of its list, and how that is said. */
import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';

export interface LeftOut {
  /** Number of servers that were not asked, because as many as a search takes had answered. Not counted above 1,000. */
  servers: number;
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
export function leftOutLines({ servers, cut, wrong }: LeftOut): string[] {
  const more = servers >= 1_000 ? '1,000 servers or more' : servers === 1 ? 'One server' : `${servers} servers`;
  return [
    ...named(
      wrong,
      ({ server, field, stations }) =>
        `The server ${at(server)} describes ${stations === 1 ? 'a station' : `${stations} stations`} wrongly ` +
        `(${field}): left out of the list.`,
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
