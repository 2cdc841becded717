/** Retransmissions of a station's packets, written to the memory that they are sent from. */

import { PacketNumber } from '../base/units.js';
import type { SendBatch } from '../net/sender.js';
import { MOST_PAYLOADS, type PayloadReader } from '../reel/payload-reader.js';
import { LARGEST_PACKET } from '../station/packet-source.js';
import type { Station } from '../station/station.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../wire/retransmission.js';

/** Bytes of the largest retransmission. */
const LARGEST_RETRANSMISSION = LARGEST_PACKET + RETRANSMISSION_OVERHEAD;

/** Memory for a batch of `packets` retransmissions. */
export const retransmissionMemory = (packets: number): Buffer => Buffer.alloc(packets * LARGEST_RETRANSMISSION);

/** The part of a sender that unicast uses. */
export interface UnicastSender {
  readonly batch: SendBatch;
  addDestination(address: string, port: number): number;
  removeDestination(destination: number): void;
  /** Hands the batch to the system and empties it. */
  send(): void;
}

/** The destination of retransmissions, whose sequence numbers count the packets sent to it. */
export interface Destination {
  readonly number: number;
  sequence: number;
}

/** Asks for a part of a file to be brought into memory, without waiting for it. */
export type Bring = (descriptor: number, position: number, length: number) => void;

export class PacketWriter {
  readonly #sender: UnicastSender;
  readonly #reader: PayloadReader;
  readonly #bring: Bring;
  /** Bytes of the sender's memory that the batch occupies. */
  #used = 0;

  /** The reader reads to the memory of the sender's batch. */
  constructor(options: { sender: UnicastSender; reader: PayloadReader; bring: Bring }) {
    this.#sender = options.sender;
    this.#reader = options.reader;
    this.#bring = options.bring;
  }

  /**
   * Puts packets `from` to `to` − 1 into the batch; sends it when it is full. Returns how many it wrote: if fewer, the rest
   * is not in memory yet, and is being brought there. Throws when the reel cannot be read.
   */
  write(station: Station, from: PacketNumber, to: PacketNumber, destination: Destination): number {
    let n = from;
    while (n < to) {
      const end = Math.min(to, n + MOST_PAYLOADS);
      const done = this.#writeSome(station, n, PacketNumber(end), destination);
      n = PacketNumber(n + done);
      if (n === end) continue;
      for (const range of station.ranges(n, PacketNumber(end))) {
        const position = range.reel.position(range.from);
        this.#bring(range.reel.data.descriptor, position, range.reel.position(range.to) - position);
      }
      break;
    }
    return n - from;
  }

  #writeSome(station: Station, from: PacketNumber, to: PacketNumber, destination: Destination): number {
    const { batch } = this.#sender;
    const { buffer, offsets, lengths, destinations } = batch;
    const count = to - from;
    if (batch.count + count > offsets.length || this.#used + count * LARGEST_RETRANSMISSION > buffer.length) {
      this.flush();
    }
    const first = batch.count;
    const done = station.write(from, to, batch, first, this.#used, this.#reader, RETRANSMISSION_OVERHEAD);
    for (let i = first; i < first + done; i++) {
      const length = lengths[i]! + RETRANSMISSION_OVERHEAD;
      offsets[i] = writeRetransmission(buffer, offsets[i]!, PacketNumber(from + i - first), destination.sequence++);
      lengths[i] = length;
      destinations[i] = destination.number;
      this.#used += length;
    }
    batch.count += done;
    return done;
  }

  /** Sends the batch. */
  flush(): void {
    if (this.#sender.batch.count > 0) this.#sender.send();
    this.#used = 0;
  }
}
