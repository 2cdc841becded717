/** Sends with Node.js's sockets: a call per datagram, on every system. */
import { createSocket, type Socket } from 'node:dgram';
import {
  DestinationNumbers,
  emptyBatch,
  type MulticastSender,
  type SendBatch,
  type SendCounters,
  type SenderOptions,
} from './sender.js';
import { sendProblem } from './socket-problem.js';

/** Rejects with a Problem when the interface cannot be used. */
export async function openDatagramSender(options: SenderOptions): Promise<MulticastSender> {
  return new DatagramSender(await openSocket(options), options);
}

async function openSocket({ interfaceAddress, ttl }: SenderOptions): Promise<Socket> {
  const socket = createSocket({ type: 'udp4' });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, interfaceAddress, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.setMulticastInterface(interfaceAddress);
    socket.setMulticastTTL(ttl);
    socket.setMulticastLoopback(true);
    return socket;
  } catch (error) {
    socket.close();
    throw sendProblem(error, interfaceAddress);
  }
}

class DatagramSender implements MulticastSender {
  readonly counters: SendCounters = { packets: 0, bytes: 0, refused: 0, backPressure: 0 };
  readonly usesEventLoop = true;
  readonly batch: SendBatch;
  #socket: Socket;
  #isClosed = false;
  readonly #options: SenderOptions;
  readonly #numbers = new DestinationNumbers();
  readonly #destinations: { group: string; port: number; sent: (error: Error | null, bytes: number) => void }[] = [];
  #lastError = '';

  constructor(socket: Socket, options: SenderOptions) {
    this.batch = emptyBatch(options);
    this.#socket = socket;
    this.#options = options;
    socket.on('error', (error) => this.#report(error));
  }

  addDestination(group: string, port: number): number {
    const number = this.#numbers.take();
    const sent = (error: Error | null, bytes: number) => {
      if (!error) {
        this.counters.packets++;
        this.counters.bytes += bytes;
        return;
      }
      this.counters.refused++;
      this.#options.onRefused(number, 1);
      this.#report(error);
    };
    this.#destinations[number] = { group, port, sent };
    return number;
  }

  removeDestination(destination: number): void {
    this.#numbers.release(destination);
  }

  send(): void {
    const { batch } = this;
    if (batch.count === 0) return;
    for (let i = 0; i < batch.count; i++) {
      const { group, port, sent } = this.#destinations[batch.destinations[i]!]!;
      // The socket may send the datagram later, so it needs memory of its own.
      const datagram = Buffer.from(batch.buffer.subarray(batch.offsets[i]!, batch.offsets[i]! + batch.lengths[i]!));
      this.#socket.send(datagram, port, group, sent);
    }
    batch.count = 0;
  }

  async reopen(interfaceAddress: string): Promise<void> {
    const socket = await openSocket({ ...this.#options, interfaceAddress });
    if (this.#isClosed) {
      socket.close();
      return;
    }
    socket.on('error', (error) => this.#report(error));
    this.#socket.close();
    this.#socket = socket;
    this.#lastError = '';
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #report(error: Error): void {
    if (error.message === this.#lastError) return;
    this.#lastError = error.message;
    this.#options.onError(error);
  }
}
