/** Retransmissions of a station's packets, put together where they are sent from. */

import type { PacketNumber } from '../base/units.js';
import type { SendBatch } from '../net/sender.js';
import { MOST_PAYLOADS, type PayloadReader } from '../reel/payload-reader.js';
import { LARGEST_PACKET } from '../station/packet-source.js';
import type { Station } from '../station/station.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../wire/retransmission.js';

/** Bytes of the largest retransmission. */
const LARGEST_RETRANSMISSION = LARGEST_PACKET + RETRANSMISSION_OVERHEAD;

/** Memory for a batch of so many. */
export const retransmissionMemory = (packets: number): Buffer => Buffer.alloc(packets * LARGEST_RETRANSMISSION);

/** What of a sender is used. */
export interface UnicastSender {
  readonly batch: SendBatch;
  addDestination(address: string, port: number): number;
  removeDestination(destination: number): void;
  /** Hands the batch to the system and empties it. */
  send(): void;
}

/** Where retransmissions go: their sequence numbers count what went there. */
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
  /** Bytes of the sender's memory that the batch takes. */
  #used = 0;

  /** The reader reads to the memory of the sender's batch. */
  constructor(options: { sender: UnicastSender; reader: PayloadReader; bring: Bring }) {
    this.#sender = options.sender;
    this.#reader = options.reader;
    this.#bring = options.bring;
  }

  /**
   * Puts packets `from` to `to` − 1 into the batch; sends it when it is full. Returns how many: fewer where the rest is
   * not in memory, which is then asked for. Throws when the reel cannot be read.
   */
  write(station: Station, from: PacketNumber, to: PacketNumber, destination: Destination): number {
    let n = from;
    while (n < to) {
      const end = Math.min(to, n + MOST_PAYLOADS);
      const done = this.#writeSome(station, n, end, destination);
      n += done;
      if (n === end) continue;
      for (const range of station.ranges(n, end)) {
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
      offsets[i] = writeRetransmission(buffer, offsets[i], from + i - first, destination.sequence++);
      lengths[i] += RETRANSMISSION_OVERHEAD;
      destinations[i] = destination.number;
      this.#used += lengths[i];
    }
    batch.count += done;
    return done;
  }

  /** Sends what is in the batch. */
  flush(): void {
    if (this.#sender.batch.count > 0) this.#sender.send();
    this.#used = 0;
  }
}
