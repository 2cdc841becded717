/** The sessions of a server, by client and by address. No clock. */
import { TokenBucket } from '../base/token-bucket.js';
import { Millis } from '../base/units.js';

export const MAX_SESSIONS = 10_000;
/**
 * Sessions that an address can begin: at once, which is a gateway's for each of a thousand stations, and a second. Viewers
 * change stations within a session.
 */
const BEGUN_AT_ONCE = 1_000;
const BEGUN_A_SECOND = 100;

/** A session as the table sees it. */
export interface Listed {
  readonly address: string;
  /** Milliseconds since the Unix epoch. */
  lastSeen: number;
}

/** The sessions of one address. */
interface Neighbours<S> {
  readonly address: string;
  /** In order of lastSeen. */
  readonly sessions: Map<string, S>;
  /** Sessions that it may still begin. */
  readonly mayBegin: TokenBucket;
}

/**
 * Responsible for:
 * - the order in which sessions were seen
 * - fair shares of a full table: a session of the address that has most gives way, the one seen least recently, unless the
 *   newcomer's address has as many
 *
 * Nothing here walks the sessions but `expire`, which stops at the first that is not.
 */
export class SessionTable<S extends Listed> {
  readonly #onDisplaced: (session: S) => void;
  /** In order of lastSeen. */
  readonly #sessions = new Map<string, S>();
  readonly #addresses = new Map<string, Neighbours<S>>();
  /** The addresses by their number of sessions, and the greatest number. */
  readonly #bySize: Set<Neighbours<S>>[] = [];
  #greatest = 0;

  /** `onDisplaced` is called with a session that has given way to another. */
  constructor(onDisplaced: (session: S) => void) {
    this.#onDisplaced = onDisplaced;
  }

  get(key: string): S | undefined {
    return this.#sessions.get(key);
  }

  values(): IterableIterator<S> {
    return this.#sessions.values();
  }

  /** Adds a new session; false where its address has begun too many, or has its share of a full table. */
  add(key: string, session: S): boolean {
    const { address } = session;
    const now = Millis(session.lastSeen);
    const known = this.#addresses.get(address);
    if (known !== undefined && !known.mayBegin.has(1, 0, now)) return false;
    if (this.#sessions.size >= MAX_SESSIONS) {
      const has = known?.sessions.size ?? 0;
      if (this.#greatest <= has + 1) return false;
      const [most] = this.#bySize[this.#greatest]!;
      const [[last, displaced] = []] = most!.sessions;
      this.remove(last!, displaced!);
      this.#onDisplaced(displaced!);
    }
    const neighbours = known ?? this.#newAddress(address, now);
    neighbours.mayBegin.take(1);
    this.#sessions.set(key, session);
    neighbours.sessions.set(key, session);
    this.#moved(neighbours, neighbours.sessions.size - 1);
    return true;
  }

  /** Notes that a client was seen. */
  seen(key: string, session: S, now: Millis): void {
    session.lastSeen = now;
    for (const sessions of [this.#sessions, this.#addresses.get(session.address)!.sessions]) {
      sessions.delete(key); // Back in at the end: both are in order of lastSeen.
      sessions.set(key, session);
    }
  }

  remove(key: string, { address }: S): void {
    const neighbours = this.#addresses.get(address);
    if (neighbours === undefined || !neighbours.sessions.delete(key)) return;
    this.#sessions.delete(key);
    this.#moved(neighbours, neighbours.sessions.size + 1);
    if (neighbours.sessions.size === 0) this.#addresses.delete(address);
  }

  /** Removes the sessions that were last seen at `time` or before, and returns them. */
  expire(time: Millis): S[] {
    const expired: S[] = [];
    for (const [key, session] of this.#sessions) {
      if (session.lastSeen > time) break; // The rest were seen later.
      this.remove(key, session);
      expired.push(session);
    }
    return expired;
  }

  #newAddress(address: string, now: Millis): Neighbours<S> {
    const mayBegin = new TokenBucket({ rate: BEGUN_A_SECOND, capacity: BEGUN_AT_ONCE }, now);
    const neighbours = { address, sessions: new Map<string, S>(), mayBegin };
    this.#addresses.set(address, neighbours);
    return neighbours;
  }

  /** Its number of sessions has changed by one from `before`. */
  #moved(neighbours: Neighbours<S>, before: number): void {
    const { size } = neighbours.sessions;
    this.#bySize[before]?.delete(neighbours);
    if (size > 0) {
      this.#bySize[size] ??= new Set();
      this.#bySize[size].add(neighbours);
    }
    if (size > this.#greatest) this.#greatest = size;
    else if (before === this.#greatest && (this.#bySize[before]?.size ?? 0) === 0) this.#greatest = size;
  }
}
