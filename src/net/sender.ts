/** Sending to multicast groups, behind the interface that every kind of sender has. */
/** Datagrams to be sent, in one buffer. */
export interface SendBatch {
  readonly buffer: Buffer;
  /** Offset and length, at least 1, of each datagram, and the number of its destination as `addDestination` gave it. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
  readonly destinations: Uint16Array;
  /** How many of them there are. */
  count: number;
}

export interface SendCounters {
  /** Datagrams that the system took, and their bytes. */
  packets: number;
  bytes: number;
  /** Datagrams that the system refused, or had no room for. */
  refused: number;
  /** Times that the system had no room and had to be asked again. */
  backPressure: number;
}

export interface MulticastSender {
  readonly counters: SendCounters;
  /** Whether sending goes on behind `send`, in Node.js's event loop. */
  readonly usesEventLoop: boolean;
  /** What `send` sends: to be filled before. */
  readonly batch: SendBatch;
  /** Makes a group and port known; the number returned stands for them in the batch. */
  addDestination(group: string, port: number): number;
  /** The number may come to stand for another destination. */
  removeDestination(destination: number): void;
  /** Hands the batch to the system and empties it. Not after `close`. */
  send(): void;
  close(): Promise<void>;
}

export interface SenderOptions {
  /** IPv4 address of the interface that the datagrams leave by. */
  interfaceAddress: string;
  /** Routers a datagram may pass, plus one: 1 stays on the network segment. */
  ttl: number;
  /** Datagrams that a batch has room for. */
  capacity: number;
  /** Memory that the batch's datagrams lie in. */
  buffer: Buffer;
  /** Told when the system refuses a datagram for another reason than the one before. */
  onError(error: Error): void;
  /** Told how many of a destination's datagrams did not leave. */
  onRefused(destination: number, datagrams: number): void;
  /** Told whose datagrams had to wait because the system had no room. */
  onPressure(destination: number): void;
  /** Told, once each, what makes sending dearer than it could be. */
  onNote(line: string): void;
}

/** Destinations of one sender: those that its batches can name. */
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

/** Numbers for destinations; those given back are used again. */
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
