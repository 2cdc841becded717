/** How many stations a gateway receives at once, and for whom. No sockets. */
import { networkOf } from '../base/ip-network.js';
import { Problem } from '../base/problem.js';

/** Share of all receivers that the readers of one network may open. */
const SHARE_OF_NETWORK = 1 / 4;

/**
 * Responsible for: the number of receivers, each with sockets and a buffer of its own, in all and of the network whose
 * reader opened it. Readers of the past have one each.
 */
export class ReceiverLimit {
  readonly #most: number;
  readonly #byNetwork = new Map<string, number>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a receiver until the returned function is called. Throws a Problem where there are too many. */
  take(client: string | undefined): () => void {
    const network = client === undefined ? null : networkOf(client);
    const own = network === null ? 0 : (this.#byNetwork.get(network) ?? 0);
    if (own >= Math.max(1, Math.floor(this.#most * SHARE_OF_NETWORK))) {
      throw new Problem('network', 'this address has too many streams of its own', 'Close one, or go back to live.');
    }
    if (this.#count >= this.#most) {
      throw new Problem('network', 'the gateway receives as many streams as it can', 'Try again in a moment.');
    }
    this.#add(network, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#add(network, -1);
      isTaken = false;
    };
  }

  #add(network: string | null, by: number): void {
    this.#count += by;
    if (network === null) return;
    const left = (this.#byNetwork.get(network) ?? 0) + by;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
