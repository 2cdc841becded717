/** The list of stations as a server sends it: pages of one revision, and the CHALLENGE that precedes it. No clock. */
import { Millis, wrap } from '../base/units.js';
import {
  bodyLength,
  encodeMessage,
  MESSAGE_HEADER_LENGTH,
  type Message,
  message,
  readdressed,
} from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { PAGES_PER_REQUEST, paginate } from '../wire/station-pages.js';

/** Lifetime of a revision of the list, long enough to fetch all its pages; shorter if stations come or go. */
const REVISION_LIFETIME = Millis(2_000);
/** Revisions are numbered by time in these units, so that numbers keep rising after a restart. */
const REVISION_UNIT = Millis(100);
const REVISION_MODULUS = 0x1_0000;

/** The list as it was at one moment. */
interface Revision {
  made: Millis;
  /** Not wrapped. */
  number: number;
  /** The ids, in order. */
  ids: string;
  stations: number;
  pages: StationInfo[][];
}

/** The longest prefix of the name with which the CHALLENGE takes at most `limit` bytes. */
function challengeWithin(limit: number, reply: Message<'challenge'>): Message<'challenge'> {
  const characters = Array.from(reply.body.server);
  let fitted = reply;
  while (characters.length > 0 && MESSAGE_HEADER_LENGTH + bodyLength(fitted.body) > limit) {
    characters.pop();
    fitted = { ...reply, body: { ...reply.body, server: characters.join('') } };
  }
  return fitted;
}

export interface StationListOptions {
  /** The server's name. */
  server: string;
  controlPort: number;
  stations: () => readonly StationInfo[];
}

/** Responsible for: a revision that stays for as long as its pages are fetched; challenges, encoded once for each length. */
export class StationList {
  readonly #options: StationListOptions;
  #revision: Revision | undefined;
  /** Encoded, by their length limit: no more of them than requests have lengths. */
  #challenges: { stations: number; byLimit: Map<number, Buffer | null> } = { stations: -1, byLimit: new Map() };

  constructor(options: StationListOptions) {
    this.#options = options;
  }

  /** The pages that answer a START. */
  pages(request: Message<'start'>, now: Millis): Message<'stations'>[] {
    const stations = this.#options.stations();
    const ids = stations.map(({ id }) => id).join();
    if (!this.#isCurrent(now) || this.#revision?.ids !== ids) this.#revision = this.#revise(stations, ids, now);
    const { number, pages } = this.#revision;
    const revision = wrap(number, REVISION_MODULUS);
    return pages
      .slice(request.page, request.page + PAGES_PER_REQUEST)
      .map((body, at) => message('stations', 0, body, { page: request.page + at, pages: pages.length, revision }));
  }

  /** A CHALLENGE of at most `limit` bytes; null where none is short enough. */
  challenge(requestId: number, cookie: Buffer, limit: number, now: Millis): Buffer | null {
    const stations =
      this.#revision !== undefined && this.#isCurrent(now) ? this.#revision.stations : this.#options.stations().length;
    if (this.#challenges.stations !== stations) this.#challenges = { stations, byLimit: new Map() };
    const { byLimit } = this.#challenges;
    let reply = byLimit.get(limit);
    if (reply === undefined) {
      reply = this.#makeChallenge(stations, limit);
      byLimit.set(limit, reply);
    }
    return reply === null ? null : readdressed(reply, requestId, cookie);
  }

  /** Equal for all clients except for request id and cookie; null where none is short enough. */
  #makeChallenge(stations: number, limit: number): Buffer | null {
    const { server, controlPort } = this.#options;
    const body = { server: server.slice(0, 200), controlPort, stations };
    const reply = challengeWithin(limit, message('challenge', 0, body));
    return MESSAGE_HEADER_LENGTH + bodyLength(reply.body) > limit ? null : encodeMessage(reply);
  }

  #isCurrent(now: Millis): boolean {
    const age = this.#revision === undefined ? Number.POSITIVE_INFINITY : now - this.#revision.made;
    return age >= 0 && age < REVISION_LIFETIME;
  }

  #revise(stations: readonly StationInfo[], ids: string, now: Millis): Revision {
    const number = Math.max(Math.floor(now / REVISION_UNIT), (this.#revision?.number ?? 0) + 1);
    return { made: now, number, ids, stations: stations.length, pages: paginate(stations) };
  }
}
