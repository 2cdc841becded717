/** Which connections are open, by network, and which one makes room for another. No sockets, no clock. */

export interface SharesOptions {
  /** Most connections, without the reserve. */
  most: number;
  /** Most of one network. A proxy is one network for all of its viewers. */
  mostOfNetwork: number;
  /** Connections beyond `most` for clients that may turn out to be the operator. */
  reserve: number;
}

/** Connections of the operator that are kept; a page has some six. The oldest of more is again like any other. */
const MOST_OPERATORS = 256;

/** A connection as its share counts it. */
export interface Member {
  /** The network that it counts for. */
  network: string;
  /** Of a client on this machine: it is let in however many there are. */
  readonly isLocal: boolean;
  /** Of a trusted proxy: it counts for the proxy's clients while it carries their requests, and has no share of its own. */
  readonly isProxy: boolean;
  /** No request of it is being answered: the first to make room. */
  isWaiting: boolean;
  /** The operator's: it never makes room. */
  isOperator: boolean;
  /** There was no room: it is in the reserve until it shows that it is the operator's. */
  isReserved: boolean;
  /** When data moved last. */
  activeAt: number;
}

/** Where a connection was put, and the one that it displaced. */
export interface Admission<M> {
  displaced: M | null;
}

class Share<M extends Member> {
  /** In order of the time since which they wait. */
  readonly waiting = new Set<M>();
  readonly busy = new Set<M>();

  get size(): number {
    return this.waiting.size + this.busy.size;
  }

  put(member: M): void {
    (member.isWaiting ? this.waiting : this.busy).add(member);
  }

  delete(member: M): void {
    this.waiting.delete(member);
    this.busy.delete(member);
  }

  longestWaiting(): M | null {
    for (const member of this.waiting) if (!member.isOperator) return member;
    return null;
  }

  /** Of the busy ones, the one whose data moved least lately. */
  mostIdle(): M | null {
    let found: M | null = null;
    for (const member of this.busy) {
      if (!member.isOperator && (found === null || member.activeAt < found.activeAt)) found = member;
    }
    return found;
  }
}

/**
 * Responsible for:
 * - the number of connections in all and of each network
 * - room for a newcomer: the longest waiting connection of the network that has most ends, or a busy one where that network
 *   has no waiting one. So a network with few connections is let in, however many others have
 * - the reserve: its oldest connection makes room for the next one
 */
export class Shares<M extends Member> {
  readonly #mostOfNetwork: number;
  readonly #reserve: number;
  readonly #shares = new Map<string, Share<M>>();
  readonly #reserved = new Set<M>();
  readonly #operators = new Set<M>();
  #count = 0;
  most: number;

  constructor({ most, mostOfNetwork, reserve }: SharesOptions) {
    this.most = most;
    this.#mostOfNetwork = mostOfNetwork;
    this.#reserve = reserve;
  }

  /** Connections outside the reserve. */
  get count(): number {
    return this.#count;
  }

  /** Whether the network has its most. */
  isFull(network: string): boolean {
    return (this.#shares.get(network)?.size ?? 0) >= this.#mostOfNetwork;
  }

  /** Adds a connection; `isReserved` tells where. The displaced one is no longer counted, and to be closed. */
  admit(member: M): Admission<M> {
    const own = this.#shares.get(member.network);
    if (!member.isProxy && this.isFull(member.network)) {
      const displaced = own!.longestWaiting();
      if (displaced === null) return this.#putInReserve(member);
      this.remove(displaced);
      this.#put(member);
      return { displaced };
    }
    if (this.#count < this.most) {
      this.#put(member);
      return { displaced: null };
    }
    const largest = this.#largest();
    const isOwed = member.isLocal || (largest?.size ?? 0) > (own?.size ?? 0) + 1;
    const displaced = isOwed ? (largest?.longestWaiting() ?? largest?.mostIdle() ?? null) : null;
    if (displaced === null) return this.#putInReserve(member);
    this.remove(displaced);
    this.#put(member);
    return { displaced };
  }

  remove(member: M): void {
    this.#operators.delete(member);
    this.#takeOut(member);
  }

  /** A request of it is being answered, or no longer. */
  setWaiting(member: M, isWaiting: boolean): void {
    if (member.isReserved) {
      member.isWaiting = isWaiting;
      return;
    }
    const share = this.#shares.get(member.network);
    share?.delete(member);
    member.isWaiting = isWaiting;
    share?.put(member);
  }

  /** It is the operator's: it leaves the reserve, whether or not there is room. */
  setOperator(member: M): void {
    member.isOperator = true;
    this.#operators.add(member);
    const [oldest] = this.#operators;
    if (oldest && this.#operators.size > MOST_OPERATORS) {
      this.#operators.delete(oldest);
      oldest.isOperator = false;
    }
    if (!this.#reserved.delete(member)) return;
    this.#put(member);
  }

  /** Counts it for another network: that of a proxy's client. */
  move(member: M, network: string): void {
    if (member.network === network) return;
    if (!member.isReserved) this.#takeOut(member);
    member.network = network;
    if (!member.isReserved) this.#put(member);
  }

  /** The connections that are too many since `most` fell; no longer counted, and to be closed. */
  excess(): M[] {
    const ended: M[] = [];
    while (this.#count > this.most) {
      const largest = this.#largest();
      const next = largest?.longestWaiting() ?? largest?.mostIdle() ?? null;
      if (next === null) return ended; // The operator's.
      this.remove(next);
      ended.push(next);
    }
    return ended;
  }

  #takeOut(member: M): void {
    if (this.#reserved.delete(member)) return;
    const share = this.#shares.get(member.network);
    const before = share?.size ?? 0;
    share?.delete(member);
    if (share === undefined || share.size === before) return;
    this.#count--;
    if (share.size === 0) this.#shares.delete(member.network);
  }

  #put(member: M): void {
    member.isReserved = false;
    const share = this.#shares.get(member.network) ?? new Share<M>();
    this.#shares.set(member.network, share);
    share.put(member);
    this.#count++;
  }

  #putInReserve(member: M): Admission<M> {
    const [oldest] = this.#reserved;
    const isFull = this.#reserved.size >= this.#reserve;
    if (isFull && oldest) this.#reserved.delete(oldest);
    member.isReserved = true;
    this.#reserved.add(member);
    return { displaced: isFull ? (oldest ?? null) : null };
  }

  /** The network with most connections. */
  #largest(): Share<M> | null {
    let largest: Share<M> | null = null;
    for (const share of this.#shares.values()) if (largest === null || share.size > largest.size) largest = share;
    return largest;
  }
}
