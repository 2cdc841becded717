/** Sending to multicast groups, behind the interface that every kind of sender has. */
import { createSocket, type Socket } from 'node:dgram';
import { messageOf, Problem, systemCode } from '../problem/problem.js';

/** The datagrams of one tick, one behind the other in one buffer. */
export interface SendBatch {
  readonly buffer: Buffer;
  /** Offset and length of each datagram, and the number of its destination as `addDestination` gave it. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
  readonly destinations: Uint16Array;
  /** How many of them there are. */
  count: number;
}

export interface SendCounters {
  packets: number;
  bytes: number;
  /** Datagrams that the system refused. */
  errors: number;
}

export interface MulticastSender {
  readonly counters: SendCounters;
  /** Makes a group and port known; the number returned stands for them in batches. */
  addDestination(group: string, port: number): number;
  /** Hands the batch to the system. The batch may be used again at once. */
  send(batch: SendBatch): void;
  close(): Promise<void>;
}

export interface SenderOptions {
  /** IPv4 address of the interface that the datagrams leave by. */
  interfaceAddress: string;
  /** Routers a datagram may pass, plus one: 1 stays on the network segment. */
  ttl: number;
  /** Told when the system refuses a datagram for another reason than the one before. */
  onError(error: Error): void;
}

/** One socket and a call a datagram: works everywhere. Throws a Problem when the interface cannot be used. */
export async function openDatagramSender(options: SenderOptions): Promise<MulticastSender> {
  const socket = createSocket({ type: 'udp4' });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, options.interfaceAddress, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.setMulticastInterface(options.interfaceAddress);
    socket.setMulticastTTL(options.ttl);
    socket.setMulticastLoopback(true);
  } catch (error) {
    socket.close();
    throw new Problem(
      'network',
      `cannot send from ${options.interfaceAddress}: ${systemCode(error) ?? messageOf(error)}`,
      'Choose one of this machine’s interfaces with --interface.',
      { cause: error },
    );
  }
  return new DatagramSender(socket, options.onError);
}

class DatagramSender implements MulticastSender {
  readonly counters: SendCounters = { packets: 0, bytes: 0, errors: 0 };
  readonly #socket: Socket;
  readonly #destinations: { group: string; port: number }[] = [];
  readonly #onError: (error: Error) => void;
  #lastError = '';
  readonly #sent = (error: Error | null) => {
    if (!error) return;
    this.counters.errors++;
    if (error.message === this.#lastError) return;
    this.#lastError = error.message;
    this.#onError(error);
  };

  constructor(socket: Socket, onError: (error: Error) => void) {
    this.#socket = socket;
    this.#onError = onError;
    socket.on('error', this.#sent);
  }

  addDestination(group: string, port: number): number {
    this.#destinations.push({ group, port });
    return this.#destinations.length - 1;
  }

  send(batch: SendBatch): void {
    if (batch.count === 0) return;
    const last = batch.count - 1;
    // The system may take the datagrams later, when its buffer has room: they need memory of their own.
    const copy = Buffer.from(batch.buffer.subarray(0, batch.offsets[last] + batch.lengths[last]));
    for (let i = 0; i < batch.count; i++) {
      const { group, port } = this.#destinations[batch.destinations[i]];
      this.#socket.send(copy, batch.offsets[i], batch.lengths[i], port, group, this.#sent);
      this.counters.bytes += batch.lengths[i];
    }
    this.counters.packets += batch.count;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve));
  }
}
