/**
 * The NACK responder of one station: requests in, retransmissions out. A packet that many viewers miss was lost before
 * their paths parted, and is sent once, to the group. No clock.
 */
import { FairHoldings, type Party } from '../base/fair-shares.js';
import { Millis, type PacketNumber } from '../base/units.js';
import { type Due, DueQueue, notDue } from './due-queue.js';

/** Requests for one packet are gathered for this long. */
export const GATHERING = Millis(4);
/** For this long after a retransmission to the group, a viewer's first request is dropped: it most likely crossed it. */
export const GROUP_SILENCE = Millis(100);
/** Receivers poll their groups every 20 ms: a repeated request that comes sooner than this was made before a poll. */
export const UNSEEN = Millis(30);
/**
 * Least viewers, and least addresses, that miss a packet which is sent to the group; and the least share of the station's
 * viewers, and of their addresses. One machine is one address, however many sessions it has.
 */
const LEAST_FOR_GROUP = 3;
const SHARE_FOR_GROUP = 0.1;
/** Requests for one recent packet belong together within this time at least, and within twice this time at most. */
const MEMORY = Millis(500);
/** Limit of packets of the past that wait at one time: clients share them fairly, and requests for more are refused. */
const MOST_PAST = 16_384;

/** A client as the responder sees it. */
export interface Asker extends Party {
  /** It has left: what it has requested is not sent. */
  readonly hasLeft: boolean;
}

/** The viewers of a station, and the addresses that they are at. */
export interface Members {
  sessions: number;
  addresses: number;
}

export interface Retransmission<C> {
  n: PacketNumber;
  to: C;
  copies: number;
  /** Time of the first request. */
  requestedAt: Millis;
  /** How often it was not possible yet. */
  tries: number;
}

/** The requests for one packet; it is due when it is sent. */
interface Requested<C> extends Due {
  readonly n: PacketNumber;
  readonly requestedAt: Millis;
  readonly tries: number;
  readonly isRecent: boolean;
  /** The first client that requested it, and the others until it is sent to the group; null for none. */
  readonly first: C;
  others: Set<C> | null;
  /** The addresses of the others, but for that of the first. */
  addresses: Set<string> | null;
  /** Clients that it is to be sent to, and the number of copies. */
  waiting: Map<C, number> | null;
  groupAt: Millis;
}

const NEVER = Millis(Number.NEGATIVE_INFINITY);

/**
 * Responsible for:
 * - gathering the requests for one packet, and whom it is sent to
 * - counting a client once for each packet, however often it requests it and however many copies
 *
 * Each request is a step. What is remembered is limited: packets of the past are forgotten as soon as they
 * are sent, and of those that the group may need there are only as many as a station sends. Nothing is forgotten one by one
 * in a Map that is walked from its beginning: that would step over all that has been deleted.
 */
export class NackResponder<C extends Asker> {
  /** Recent packets by number: those first requested since `#begunAt`, and those of the period before. */
  #recent = new Map<PacketNumber, Requested<C>>();
  #before = new Map<PacketNumber, Requested<C>>();
  #begunAt = Millis(0);
  /** Packets of the past that wait. */
  readonly #past = new Map<PacketNumber, Requested<C>>();
  readonly #shares = new FairHoldings(MOST_PAST);
  /** Packets with waiting clients. */
  readonly #queue = new DueQueue<Requested<C>>();

  /** The time of the next retransmissions; Infinity for none. */
  get nextAt(): Millis {
    return this.#queue.nextAt;
  }

  /**
   * Takes a client's request for packet `n`; a client that repeats its request asks for more than one copy. A packet that was
   * sent to the group lately `isRecent`. Returns false when the client has its share of packets of the past.
   */
  request(
    n: PacketNumber,
    client: C,
    { copies, isRecent }: { copies: number; isRecent: boolean },
    now: Millis,
  ): boolean {
    let requested = this.#find(n, now);
    if (requested === undefined) {
      if (!isRecent && !this.#shares.allows(client, 1, 0)) return false;
      requested = this.#add(n, client, isRecent, now);
    }
    const { first, groupAt } = requested;
    if (client !== first && groupAt === NEVER && requested.isRecent) {
      requested.others ??= new Set();
      requested.others.add(client);
      if (client.address !== first.address) {
        requested.addresses ??= new Set();
        requested.addresses.add(client.address);
      }
    }
    if (now - groupAt >= (copies === 1 ? GROUP_SILENCE : UNSEEN)) {
      this.#wait(requested, client, copies, Millis(now + GATHERING));
    }
    return true;
  }

  /** Queues a retransmission again that was not possible yet: each time for twice as long. */
  retry({ n, to, copies, requestedAt, tries }: Retransmission<C>, now: Millis): void {
    const known = this.#find(n, now);
    const requested = known ?? this.#add(n, to, false, requestedAt, tries + 1);
    this.#wait(requested, to, copies, Millis(now + GATHERING * 2 ** (tries + 1)));
  }

  /**
   * Takes the retransmissions that are due off the queue, and returns those to single clients. `toGroup` sends a packet to
   * the group; where it returns false, the packet is sent to each client that waits for it.
   */
  takeDue(now: Millis, members: Members, toGroup: (n: PacketNumber, copies: number) => boolean): Retransmission<C>[] {
    const due: Retransmission<C>[] = [];
    for (let requested = this.#queue.take(now); requested; requested = this.#queue.take(now)) {
      const { n, requestedAt, tries, first, groupAt } = requested;
      const waiting = requested.waiting!;
      requested.waiting = null;
      if (!requested.isRecent) {
        this.#past.delete(n);
        this.#shares.giveBack(first, 1);
      } else if (isForGroup(requested, waiting, members) && toGroup(n, groupAt === NEVER ? 1 : 2)) {
        requested.groupAt = now;
        requested.others = null;
        requested.addresses = null;
        continue;
      }
      for (const [to, copies] of waiting) if (!to.hasLeft) due.push({ n, to, copies, requestedAt, tries });
    }
    return due;
  }

  #wait(requested: Requested<C>, client: C, copies: number, at: Millis): void {
    if (requested.waiting === null) {
      requested.waiting = new Map();
      this.#queue.set(requested, at);
    }
    requested.waiting.set(client, Math.max(requested.waiting.get(client) ?? 0, copies));
  }

  #add(n: PacketNumber, first: C, isRecent: boolean, requestedAt: Millis, tries = 0): Requested<C> {
    const requested: Requested<C> = {
      dueAt: notDue().dueAt, // Spreading it costs five times the rest.
      n,
      requestedAt,
      tries,
      isRecent,
      first,
      others: null,
      addresses: null,
      waiting: null,
      groupAt: NEVER,
    };
    if (isRecent) this.#recent.set(n, requested);
    else {
      this.#past.set(n, requested);
      this.#shares.take(first, 1);
    }
    return requested;
  }

  #find(n: PacketNumber, now: Millis): Requested<C> | undefined {
    const age = now - this.#begunAt;
    if (age >= MEMORY) {
      this.#before = age < 2 * MEMORY ? this.#recent : new Map();
      this.#recent = new Map();
      this.#begunAt = now;
    }
    return this.#recent.get(n) ?? this.#before.get(n) ?? this.#past.get(n);
  }
}

/** Whether enough viewers miss a packet, so that it is sent to the group. */
function isForGroup<C extends Asker>(
  { others, addresses, groupAt }: Requested<C>,
  waiting: ReadonlyMap<C, number>,
  members: Members,
): boolean {
  const isNew = groupAt === NEVER;
  // Those that request it again have missed the retransmission to the group as well.
  const sessions = isNew ? 1 + (others?.size ?? 0) : waiting.size;
  if (sessions < Math.max(LEAST_FOR_GROUP, members.sessions * SHARE_FOR_GROUP)) return false;
  const at = isNew ? 1 + (addresses?.size ?? 0) : new Set(Array.from(waiting.keys(), ({ address }) => address)).size;
  return at >= Math.max(Math.min(LEAST_FOR_GROUP, members.addresses), members.addresses * SHARE_FOR_GROUP);
}
