/** How many stations a gateway receives at once, and for whom. No sockets. */
import { type Place, placeOf } from '../base/ip-network.js';
import { Problem } from '../base/problem.js';

/** Share of all receivers that the readers of one address may open, and those of one IPv6 network together. */
const SHARE_OF_ADDRESS = 1 / 4;
const SHARE_OF_NETWORK = 1 / 2;

/**
 * Responsible for: the number of receivers, each with sockets and a buffer of its own, in all and of the address and network
 * whose reader opened it. Readers of the past have one each.
 */
export class ReceiverLimit {
  readonly #most: number;
  /** Of addresses and of networks. */
  readonly #counts = new Map<string, number>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a receiver until the returned function is called. Throws a Problem where there are too many. */
  take(client: string | undefined): () => void {
    const place = client === undefined ? null : placeOf(client);
    if (place !== null && this.#isFull(place)) {
      throw new Problem('network', 'this address has too many streams of its own', 'Close one, or go back to live.');
    }
    if (this.#count >= this.#most) {
      throw new Problem('network', 'the gateway receives as many streams as it can', 'Try again in a moment.');
    }
    this.#add(place, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#add(place, -1);
      isTaken = false;
    };
  }

  #isFull({ network, address }: Place): boolean {
    const isBeyond = (key: string, share: number): boolean =>
      (this.#counts.get(key) ?? 0) >= Math.max(1, Math.floor(this.#most * share));
    return isBeyond(address, SHARE_OF_ADDRESS) || isBeyond(network, SHARE_OF_NETWORK);
  }

  #add(place: Place | null, by: number): void {
    this.#count += by;
    if (place === null) return;
    // Of IPv4 they are the same.
    for (const key of new Set([place.network, place.address])) {
      const left = (this.#counts.get(key) ?? 0) + by;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    }
  }
}
