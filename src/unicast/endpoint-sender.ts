/** Batches through a socket that takes one datagram at a time, for systems without batches. */

import type { SocketAddress } from '../base/socket-address.js';
import type { Endpoint } from '../net/endpoint.js';
import { DestinationNumbers, emptyBatch, type SendBatch } from '../net/sender.js';
import type { UnicastSender } from './packet-writer.js';

export class EndpointSender implements UnicastSender {
  readonly batch: SendBatch;
  readonly #endpoint: Endpoint;
  readonly #numbers = new DestinationNumbers();
  readonly #destinations: SocketAddress[] = [];

  /** A batch has room for `capacity` datagrams, which lie in `buffer`. */
  constructor(endpoint: Endpoint, options: { buffer: Buffer; capacity: number }) {
    this.#endpoint = endpoint;
    this.batch = emptyBatch(options);
  }

  addDestination(address: string, port: number): number {
    const number = this.#numbers.take();
    this.#destinations[number] = { address, port };
    return number;
  }

  removeDestination(destination: number): void {
    this.#numbers.release(destination);
  }

  send(): void {
    const { buffer, offsets, lengths, destinations, count } = this.batch;
    for (let i = 0; i < count; i++) {
      // The system may take the datagram later: it needs memory of its own.
      const offset = offsets[i]!;
      const datagram = Buffer.from(buffer.subarray(offset, offset + lengths[i]!));
      this.#endpoint.send(datagram, this.#destinations[destinations[i]!]!);
    }
    this.batch.count = 0;
  }
}
