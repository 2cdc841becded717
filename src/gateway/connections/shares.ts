/** Which connections are open, by network and address, and which one makes room for another. No sockets, no clock. */
import type { Place } from '../../base/ip-network.js';

export interface SharesOptions {
  /** Most connections, without the reserve. */
  most: number;
  /** Most of one address. A proxy is one for all of its viewers. */
  mostOfAddress: number;
  /** Most of one IPv6 network, which may be one host with very many addresses. */
  mostOfNetwork: number;
  /** Connections beyond `most` for clients that may turn out to be the operator. */
  reserve: number;
}

/** Connections of the operator that are kept; a page has some six. The oldest of more is again like any other. */
const MOST_OPERATORS = 256;

/** A connection as its share counts it. */
export interface Member {
  /** The network and address that it counts for. */
  place: Place;
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

/** The connections of one address. */
class AddressShare<M extends Member> {
  /** In order of the time since which they wait. */
  readonly #waiting = new Set<M>();
  readonly #busy = new Set<M>();

  get size(): number {
    return this.#waiting.size + this.#busy.size;
  }

  put(member: M): void {
    (member.isWaiting ? this.#waiting : this.#busy).add(member);
  }

  delete(member: M): boolean {
    return this.#waiting.delete(member) || this.#busy.delete(member);
  }

  longestWaiting(): M | null {
    for (const member of this.#waiting) if (!member.isOperator) return member;
    return null;
  }

  /** Of the busy ones, the one whose data moved least lately. */
  mostIdle(): M | null {
    let found: M | null = null;
    for (const member of this.#busy) {
      if (!member.isOperator && (found === null || member.activeAt < found.activeAt)) found = member;
    }
    return found;
  }

  /** The one that makes room for others. */
  first(): M | null {
    return this.longestWaiting() ?? this.mostIdle();
  }
}

/** The connections of one network, by address; of IPv4 there is one. */
class NetworkShare<M extends Member> {
  readonly #addresses = new Map<string, AddressShare<M>>();
  size = 0;

  sizeOf(address: string): number {
    return this.#addresses.get(address)?.size ?? 0;
  }

  put(member: M): void {
    const { address } = member.place;
    const share = this.#addresses.get(address) ?? new AddressShare<M>();
    this.#addresses.set(address, share);
    share.put(member);
    this.size++;
  }

  delete(member: M): boolean {
    const { address } = member.place;
    const share = this.#addresses.get(address);
    if (!share?.delete(member)) return false;
    this.size--;
    if (share.size === 0) this.#addresses.delete(address);
    return true;
  }

  /** The longest waiting one of an address; null where all are busy. */
  longestWaiting(address: string): M | null {
    return this.#addresses.get(address)?.longestWaiting() ?? null;
  }

  /** The one that makes room for other networks: of the address that has most. */
  first(): M | null {
    return largestOf(this.#addresses.values())?.first() ?? null;
  }

  /** The one that makes room for an address of this network: of the address that has most, or else any that waits. */
  firstFor(address: string): M | null {
    const largest = largestOf(this.#addresses.values());
    if (largest !== null && largest.size > this.sizeOf(address) + 1) return largest.first();
    for (const [other, share] of this.#addresses) {
      const waiting = other === address ? null : share.longestWaiting();
      if (waiting !== null) return waiting;
    }
    return null;
  }
}

function largestOf<S extends { readonly size: number }>(shares: Iterable<S>): S | null {
  let largest: S | null = null;
  for (const share of shares) if (largest === null || share.size > largest.size) largest = share;
  return largest;
}

/**
 * Responsible for:
 * - the number of connections in all, of each network and of each address
 * - room for a newcomer: the longest waiting connection of the network that has most ends, there of the address that has
 *   most, or a busy one where that has no waiting one. So a network with few connections is let in, however many others have,
 *   and so is an address beside others of its network
 * - the reserve: its oldest connection makes room for the next one
 */
export class Shares<M extends Member> {
  readonly #options: SharesOptions;
  readonly #networks = new Map<string, NetworkShare<M>>();
  readonly #reserved = new Set<M>();
  readonly #operators = new Set<M>();
  #count = 0;
  most: number;

  constructor(options: SharesOptions) {
    this.#options = options;
    this.most = options.most;
  }

  /** Connections outside the reserve. */
  get count(): number {
    return this.#count;
  }

  /** Whether the address, or its network, has its most. */
  isFull({ network, address }: Place): boolean {
    const { mostOfAddress, mostOfNetwork } = this.#options;
    const share = this.#networks.get(network);
    return share !== undefined && (share.size >= mostOfNetwork || share.sizeOf(address) >= mostOfAddress);
  }

  /** Adds a connection; `isReserved` tells where. The displaced one is no longer counted, and to be closed. */
  admit(member: M): Admission<M> {
    const hasRoom = this.#hasRoomFor(member);
    const displaced = hasRoom ? null : this.#displacedBy(member);
    if (!hasRoom && displaced === null) return this.#putInReserve(member);
    if (displaced !== null) this.remove(displaced);
    this.#put(member);
    return { displaced };
  }

  remove(member: M): void {
    this.#operators.delete(member);
    this.#takeOut(member);
  }

  /** A request of it is being answered, or no longer. */
  setWaiting(member: M, isWaiting: boolean): void {
    const share = member.isReserved ? undefined : this.#networks.get(member.place.network);
    const isCounted = share?.delete(member) === true;
    member.isWaiting = isWaiting;
    if (isCounted) share!.put(member);
  }

  /** It is the operator's: it leaves the reserve, whether or not there is room. */
  setOperator(member: M): void {
    member.isOperator = true;
    this.#operators.add(member);
    const [oldest] = this.#operators;
    if (oldest && this.#operators.size > MOST_OPERATORS) this.unsetOperator(oldest);
    if (!this.#reserved.delete(member)) return;
    this.#put(member);
  }

  /** It is like any other from now on. */
  unsetOperator(member: M): void {
    this.#operators.delete(member);
    member.isOperator = false;
  }

  /** Counts it for another address: that of a proxy's client. */
  move(member: M, place: Place): void {
    if (member.place.address === place.address) return;
    if (!member.isReserved) this.#takeOut(member);
    member.place = place;
    if (!member.isReserved) this.#put(member);
  }

  /** The connections that are too many since `most` fell; no longer counted, and to be closed. */
  excess(): M[] {
    const ended: M[] = [];
    while (this.#count > this.most) {
      const next = largestOf(this.#networks.values())?.first() ?? null;
      if (next === null) return ended; // The operator's.
      this.remove(next);
      ended.push(next);
    }
    return ended;
  }

  #hasRoomFor({ isProxy, place }: M): boolean {
    return this.#count < this.most && (isProxy || !this.isFull(place));
  }

  /** The connection that makes room for a newcomer; null for none. */
  #displacedBy({ isProxy, isLocal, place }: M): M | null {
    const { network, address } = place;
    const own = this.#networks.get(network);
    if (own && !isProxy && this.isFull(place)) {
      return own.sizeOf(address) >= this.#options.mostOfAddress ? own.longestWaiting(address) : own.firstFor(address);
    }
    const largest = largestOf(this.#networks.values());
    const isOwed = isLocal || (largest?.size ?? 0) > (own?.size ?? 0) + 1;
    return (isOwed ? largest?.first() : own?.firstFor(address)) ?? null;
  }

  #takeOut(member: M): void {
    if (this.#reserved.delete(member)) return;
    const { network } = member.place;
    const share = this.#networks.get(network);
    if (!share?.delete(member)) return;
    this.#count--;
    if (share.size === 0) this.#networks.delete(network);
  }

  #put(member: M): void {
    const { network } = member.place;
    member.isReserved = false;
    const share = this.#networks.get(network) ?? new NetworkShare<M>();
    this.#networks.set(network, share);
    share.put(member);
    this.#count++;
  }

  #putInReserve(member: M): Admission<M> {
    const [oldest] = this.#reserved;
    const isFull = this.#reserved.size >= this.#options.reserve;
    if (isFull && oldest) this.#reserved.delete(oldest);
    member.isReserved = true;
    this.#reserved.add(member);
    return { displaced: isFull ? (oldest ?? null) : null };
  }
}
