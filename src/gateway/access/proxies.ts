/** Proxies that are trusted to name their clients. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback, plainAddress } from '../../base/ip-network.js';

/** The parts of a request that name its client. */
export interface ForwardedRequest {
  readonly socket: { readonly remoteAddress?: string };
  readonly headers: IncomingHttpHeaders;
}

/** Most hops of X-Forwarded-For that are read. */
const MOST_HOPS = 20;

/** The IP address of a hop, which some proxies write with a port; null where it is none. */
function addressOf(hop: string): string | null {
  const [, inBrackets, v4] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = inBrackets ?? v4 ?? hop;
  return isIP(address) === 0 ? null : address;
}

/** Responsible for: which connections are a trusted proxy's, and the client of a request. */
export class Proxies {
  readonly #addresses: ReadonlySet<string>;
  readonly #hasLocal: boolean;

  /** IP addresses; any loopback address stands for all of them. Empty: every connection is its client's own. */
  constructor(addresses: readonly string[] = []) {
    this.#addresses = new Set(addresses.map(plainAddress));
    this.#hasLocal = addresses.some(isLoopback);
  }

  /** Whether requests are expected from proxies at all. */
  get areExpected(): boolean {
    return this.#addresses.size > 0;
  }

  isTrusted(address: string): boolean {
    if (!this.areExpected) return false;
    return this.#addresses.has(plainAddress(address)) || (this.#hasLocal && isLoopback(address));
  }

  /**
   * The address of the client: of the connection, or the last hop in X-Forwarded-For that is not a trusted proxy. Earlier
   * hops are what the client wrote itself.
   */
  clientOf({ socket, headers }: ForwardedRequest): string {
    let client = plainAddress(socket.remoteAddress ?? '');
    if (!this.isTrusted(client)) return client;
    const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').slice(-MOST_HOPS);
    for (let hop = hops.pop(); hop !== undefined && this.isTrusted(client); hop = hops.pop()) {
      const address = addressOf(hop.trim());
      if (address === null) return client;
      client = plainAddress(address);
    }
    return client;
  }
}
