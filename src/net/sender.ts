/** Sending to multicast groups, behind the interface that every kind of sender has. */
/** Datagrams to send, in one buffer. */
export interface SendBatch {
  readonly buffer: Buffer;
  /** Offset, length (at least 1) and destination number of each datagram. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
  readonly destinations: Uint16Array;
  /** Number of datagrams. */
  count: number;
}

export interface SendCounters {
  /** Sent datagrams, and their bytes. */
  packets: number;
  bytes: number;
  /** Datagrams that the system refused, or had no room for. */
  refused: number;
  /** Times that the system had no room and was asked again. */
  backPressure: number;
}

export interface MulticastSender {
  readonly counters: SendCounters;
  /** Whether sending continues after `send`, in Node.js's event loop. */
  readonly usesEventLoop: boolean;
  /** The batch that `send` sends. */
  readonly batch: SendBatch;
  /** Registers a group and port; the number returned stands for them in the batch. */
  addDestination(group: string, port: number): number;
  /** Frees the number for another destination. */
  removeDestination(destination: number): void;
  /** Passes the batch to the system and empties it. Not after `close`. */
  send(): void;
  /**
   * Sends from this address from now on, by another socket. Rejects with a Problem where the interface cannot be used;
   * the socket before then stays.
   */
  reopen(interfaceAddress: string): Promise<void>;
  close(): Promise<void>;
}

export interface SenderOptions {
  /** IPv4 address of the interface that the datagrams leave through. */
  interfaceAddress: string;
  /** Number of routers that a datagram may pass, plus one: 1 stays on the network segment. */
  ttl: number;
  /** Capacity of a batch in datagrams. */
  capacity: number;
  /** Memory of the batch's datagrams. */
  buffer: Buffer;
  /** Called when the system refuses a datagram, for another reason than the last time. */
  onError(error: Error): void;
  /** Called with the number of a destination's datagrams that were not sent. */
  onRefused(destination: number, datagrams: number): void;
  /** Called with the destination whose datagrams wait because the system has no room. */
  onPressure(destination: number): void;
  /** Called once with each reason why sending costs more than it could. */
  onNote(line: string): void;
}

/** The destinations of one sender. */
export const MOST_DESTINATIONS = 0x1_0000;

export function emptyBatch({ capacity, buffer }: Pick<SenderOptions, 'capacity' | 'buffer'>): SendBatch {
  return {
    buffer,
    offsets: new Uint32Array(capacity),
    lengths: new Uint16Array(capacity),
    destinations: new Uint16Array(capacity),
    count: 0,
  };
}

/** Numbers of destinations; freed ones are used again. */
export class DestinationNumbers {
  readonly #free: number[] = [];
  #next = 0;

  /** Throws a RangeError when all are taken. */
  take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#next === MOST_DESTINATIONS)
      throw new RangeError(`a sender has at most ${MOST_DESTINATIONS} destinations`);
    return this.#next++;
  }

  release(number: number): void {
    this.#free.push(number);
  }
}
