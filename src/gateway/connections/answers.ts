/** Memory of answers that their readers have not taken yet. No sockets, no clock. */

/** Answers below this many bytes are not counted: the system's own buffer takes them. */
const SMALL = 16 * 1024;
/** Most bytes of answers that wait for one network, and for all; one answer is always sent. */
const MOST_OF_NETWORK = 8 * 2 ** 20;
const MOST = 64 * 2 ** 20;

/**
 * Responsible for: the bytes of answers being sent, by network. Lists and metrics of a thousand stations are megabytes each,
 * and a client that requests them without reading would otherwise fill the memory. Streams have queues of their own.
 */
export class Answers {
  readonly #byNetwork = new Map<string, number>();
  #all = 0;

  /** Counts an answer until the returned function is called; null: too much of the network's answers waits already. */
  begin(network: string, bytes: number): (() => void) | null {
    if (bytes < SMALL) return () => undefined;
    const own = this.#byNetwork.get(network) ?? 0;
    if (own > 0 && (own + bytes > MOST_OF_NETWORK || this.#all + bytes > MOST)) return null;
    this.#add(network, bytes);
    let isWaiting = true;
    return () => {
      if (isWaiting) this.#add(network, -bytes);
      isWaiting = false;
    };
  }

  #add(network: string, bytes: number): void {
    this.#all += bytes;
    const left = (this.#byNetwork.get(network) ?? 0) + bytes;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
