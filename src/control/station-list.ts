/** The list of stations as a server sends it: pages of one revision, and the CHALLENGE that precedes it. No clock. */
import { Millis, wrap } from '../base/units.js';
import {
  bodyLength,
  encodeMessage,
  MESSAGE_HEADER_LENGTH,
  type Message,
  message,
  readdressed,
  SEAL_LENGTH,
} from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { fitStation, PAGES_PER_REQUEST, paginate } from '../wire/station-pages.js';

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
  /** STATIONS of each page that has been requested, equal for all clients except for request id and cookie. */
  encoded: Buffer[];
}

/** The stations of one list by their ids, and as they fit TUNED; undefined until it is asked for. */
type ById = Map<string, { station: StationInfo; fitted: StationInfo | null | undefined }>;

/** The longest prefix of the name with which the CHALLENGE takes at most `limit` bytes, without a seal. */
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
  /** Whether challenges and pages have room for a seal. */
  isSealed: boolean;
  /** The same list until something in it changes. */
  stations: () => readonly StationInfo[];
}

/**
 * Responsible for:
 * - a revision that stays for as long as its pages are fetched; each page is encoded once
 * - challenges, encoded once for each length
 * - the description of one station. Walking the list is left to changes of it: a request costs no more for more stations
 */
export class StationList {
  readonly #options: StationListOptions;
  #revision: Revision | undefined;
  /** The list that was asked for last, and what was made of it. */
  #list: readonly StationInfo[] = [];
  #ids = '';
  #byId: ById | null = null;
  /** Encoded, by their length limit: no more of them than requests have lengths. */
  #challenges: { stations: number; byLimit: Map<number, Buffer | null> } = { stations: -1, byLimit: new Map() };

  constructor(options: StationListOptions) {
    this.#options = options;
  }

  /** The pages that answer a START, with its request id and cookie. */
  pages({ page: first, requestId, cookie }: Message<'start'>, now: Millis): Buffer[] {
    const stations = this.#stations();
    if (!this.#isCurrent(now) || this.#revision?.ids !== this.#ids) this.#revision = this.#revise(stations, now);
    const { number, pages, encoded } = this.#revision;
    const { isSealed } = this.#options;
    const revision = wrap(number, REVISION_MODULUS);
    const replies: Buffer[] = [];
    for (let page = first; page < Math.min(first + PAGES_PER_REQUEST, pages.length); page++) {
      const whole = { page, pages: pages.length, revision };
      const reply = encoded[page] ?? encodeMessage(message('stations', 0, pages[page]!, whole), { isSealed });
      encoded[page] = reply;
      replies.push(readdressed(reply, requestId, cookie));
    }
    return replies;
  }

  /** A station as it fits TUNED; null where there is none, or none that fits. */
  find(id: string): StationInfo | null {
    const stations = this.#stations();
    this.#byId ??= new Map(stations.map((station) => [station.id, { station, fitted: undefined }]));
    const found = this.#byId.get(id);
    if (found === undefined) return null;
    if (found.fitted === undefined) found.fitted = fitStation(found.station);
    return found.fitted;
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
    const { server, controlPort, isSealed } = this.#options;
    const body = { server: server.slice(0, 200), controlPort, stations };
    const unsealed = limit - (isSealed ? SEAL_LENGTH : 0);
    const reply = challengeWithin(unsealed, message('challenge', 0, body));
    return MESSAGE_HEADER_LENGTH + bodyLength(reply.body) > unsealed ? null : encodeMessage(reply, { isSealed });
  }

  #stations(): readonly StationInfo[] {
    const stations = this.#options.stations();
    if (stations !== this.#list) {
      this.#list = stations;
      this.#ids = stations.map(({ id }) => id).join();
      this.#byId = null;
    }
    return stations;
  }

  #isCurrent(now: Millis): boolean {
    const age = this.#revision === undefined ? Number.POSITIVE_INFINITY : now - this.#revision.made;
    return age >= 0 && age < REVISION_LIFETIME;
  }

  #revise(stations: readonly StationInfo[], now: Millis): Revision {
    const number = Math.max(Math.floor(now / REVISION_UNIT), (this.#revision?.number ?? 0) + 1);
    return { made: now, number, ids: this.#ids, stations: stations.length, pages: paginate(stations), encoded: [] };
  }
}
