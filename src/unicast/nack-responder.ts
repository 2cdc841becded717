/**
 * The NACK responder of one station: requests in, retransmissions out. A packet that many viewers miss was lost before
 * their paths parted, and is sent once, to the group. No clock.
 */
import { Millis, type PacketNumber } from '../base/units.js';

/** Requests for one packet are gathered for this long. */
export const GATHERING = Millis(4);
/** For this long after a retransmission to the group, a viewer's first request is dropped: it most likely crossed it. */
export const GROUP_SILENCE = Millis(100);
/** Receivers poll their groups every 20 ms: a repeated request that comes sooner than this was made before a poll. */
export const UNSEEN = Millis(30);
/** Least requests for a packet that is sent to the group, and least share of the station's viewers that request it. */
const LEAST_FOR_GROUP = 3;
const SHARE_FOR_GROUP = 0.1;
/** Requests for one packet belong together within this time. */
const MEMORY = Millis(1_000);
/** Limit of packets remembered; requests for more are refused. */
const MOST_PACKETS = 16_384;

export interface Retransmission<C> {
  n: PacketNumber;
  /** Null: the group. */
  to: C | null;
  copies: number;
  /** Time of the first request. */
  requestedAt: Millis;
}

interface Waiting<C> {
  client: C;
  copies: number;
}

/** The requests for one packet. */
interface Requested<C> {
  readonly n: PacketNumber;
  readonly requestedAt: Millis;
  /** First requests. */
  count: number;
  waiting: Waiting<C>[];
  groupAt: Millis;
}

export class NackResponder<C> {
  readonly #requested = new Map<PacketNumber, Requested<C>>();
  /** Packets with waiting clients, by the time of their retransmission. */
  readonly #queue: { requested: Requested<C>; at: Millis }[] = [];

  /** The time of the next retransmissions; Infinity for none. */
  get nextAt(): Millis {
    return this.#queue[0]?.at ?? Millis(Number.POSITIVE_INFINITY);
  }

  /**
   * Takes a client's request for packet `n`; a client that repeats its request asks for more than one copy. Returns false
   * when too many packets are missing.
   */
  request(n: PacketNumber, client: C, copies: number, now: Millis): boolean {
    let requested = this.#requested.get(n);
    if (requested === undefined) {
      this.#forget(now);
      if (this.#requested.size >= MOST_PACKETS) return false;
      requested = { n, requestedAt: now, count: 0, waiting: [], groupAt: Millis(Number.NEGATIVE_INFINITY) };
      this.#requested.set(n, requested);
    }
    if (copies === 1) requested.count++;
    if (now - requested.groupAt < (copies === 1 ? GROUP_SILENCE : UNSEEN)) return true;
    const before = requested.waiting.find((each) => each.client === client);
    if (before === undefined) this.#wait(requested, { client, copies }, now);
    else before.copies = Math.max(before.copies, copies);
    return true;
  }

  /** Queues a retransmission again that was not possible yet. */
  retry({ n, to, copies }: Retransmission<C>, now: Millis): void {
    const requested = this.#requested.get(n);
    if (requested !== undefined && to !== null) this.#wait(requested, { client: to, copies }, now);
  }

  /** Takes the retransmissions that are due off the queue. The station has `members` viewers. */
  takeDue(now: Millis, members: number): Retransmission<C>[] {
    const due: Retransmission<C>[] = [];
    const enough = Math.max(LEAST_FOR_GROUP, members * SHARE_FOR_GROUP);
    while (this.nextAt <= now) {
      const { requested } = this.#queue.shift()!;
      const { n, requestedAt, waiting } = requested;
      requested.waiting = [];
      const isNew = requested.groupAt === Number.NEGATIVE_INFINITY;
      if (waiting.length >= enough || (isNew && waiting.length > 0 && requested.count >= enough)) {
        requested.groupAt = now;
        due.push({ n, to: null, copies: isNew ? 1 : 2, requestedAt });
      } else {
        for (const { client, copies } of waiting) due.push({ n, to: client, copies, requestedAt });
      }
    }
    return due;
  }

  /** Forgets the requests of a client that has left. */
  leave(client: C): void {
    for (const { requested } of this.#queue) {
      requested.waiting = requested.waiting.filter((each) => each.client !== client);
    }
  }

  #wait(requested: Requested<C>, waiting: Waiting<C>, now: Millis): void {
    if (requested.waiting.length === 0) this.#queue.push({ requested, at: Millis(now + GATHERING) });
    requested.waiting.push(waiting);
  }

  #forget(now: Millis): void {
    for (const [n, { requestedAt, waiting }] of this.#requested) {
      if (now - requestedAt < MEMORY) return; // The rest is younger.
      if (waiting.length === 0) this.#requested.delete(n);
    }
  }
}
