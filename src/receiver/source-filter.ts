/** Whose datagrams count: those of the station's servers. No socket. */
import type { SocketAddress } from '../base/socket-address.js';

/** The part of a found server that says where its packets come from, and to which of our interfaces. */
export interface SourceServer {
  readonly address: string;
  readonly localAddress: string;
  readonly source?: string;
}

/** The addresses that the packets of a station come from on one of our interfaces; null if no server is known there. */
export function sourcesAt(localAddress: string, servers: readonly SourceServer[]): readonly string[] | null {
  const there = servers.filter((server) => server.localAddress === localAddress);
  const addresses = new Set(there.flatMap(({ address, source = address }) => [address, source]));
  return addresses.size === 0 ? null : [...addresses].sort();
}

/**
 * Responsible for: one comparison for each datagram. Sockets hand over the same object for consecutive datagrams of one
 * source.
 */
export class SourceFilter {
  /** The last address that was refused; null before the first. */
  stranger: string | null = null;
  /** Null: any. */
  #addresses: readonly string[] | null = null;
  #last: SocketAddress | null = null;
  #accepted = true;

  /** The addresses that count; null, or none: any, because no server is known. */
  set addresses(addresses: readonly string[] | null) {
    this.#addresses = addresses !== null && addresses.length > 0 ? addresses : null;
    this.#last = null;
  }

  accepts(source: SocketAddress): boolean {
    if (source === this.#last) return this.#accepted;
    this.#last = source;
    this.#accepted = this.#addresses === null || this.#addresses.includes(source.address);
    if (!this.#accepted) this.stranger = source.address;
    return this.#accepted;
  }
}
