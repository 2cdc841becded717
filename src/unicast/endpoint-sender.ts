/** Batches through a socket that takes one datagram at a time: where the system has nothing better. */

import type { SocketAddress } from '../base/socket-address.js';
import type { Endpoint } from '../net/endpoint.js';
import { DestinationNumbers, emptyBatch, type SendBatch } from '../net/sender.js';
import type { UnicastSender } from './packet-writer.js';

export class EndpointSender implements UnicastSender {
  readonly batch: SendBatch;
  readonly #endpoint: Endpoint;
  readonly #numbers = new DestinationNumbers();
  readonly #destinations: SocketAddress[] = [];

  /** `buffer` is where the batch's datagrams lie, `capacity` how many there may be. */
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
      const datagram = Buffer.from(buffer.subarray(offsets[i], offsets[i] + lengths[i]));
      this.#endpoint.send(datagram, this.#destinations[destinations[i]]);
    }
    this.batch.count = 0;
  }
}
