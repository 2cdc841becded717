/** Receives the stream of a multicast group: many datagrams at a time, in the cheapest way that the system has. */

import type { SocketAddress } from '../base/socket-address.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { loadLibc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';
import type { InterfaceWatch } from './interface-watch.js';
import { checkGroup } from './interfaces.js';
import { addressesOf, type GroupAddress, openGroup, type SourceSocket } from './receive.js';
import { ReceivePoller } from './receive-poller.js';
import { followInterface } from './reopening.js';

/** Received datagrams, in order. Lent: the callee copies what it keeps before it returns. */
export interface ReceivedBatch {
  readonly buffer: Buffer;
  /** Offset, length and source of each. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
  readonly sources: readonly SocketAddress[];
  /** Number of datagrams. */
  readonly count: number;
}

export interface BatchedGroupOptions extends GroupAddress {
  /** Longest wait of datagrams in the socket's buffer, to be received together. Shorter where that buffer is small. */
  latency?: Millis;
  /**
   * Called with the received datagrams, and with an empty batch when there are none, so that the callee notices the
   * passing of time.
   */
  onDatagrams: (batch: ReceivedBatch) => void;
  /** Called with a Problem for an error that comes after opening. */
  onError: (error: Error) => void;
}

/**
 * Half the duration of a picture, so invisible; at 10 ms one stream takes as much of the processor as plain sockets.
 */
const LATENCY = Millis(20);

/** Interval of calls without datagrams, where sockets are not polled. */
const QUIET = Millis(20);

let shared: Promise<ReceivePoller | null> | undefined;

/** The poller of the process, where the system supports it. */
function sharedPoller(): Promise<ReceivePoller | null> {
  shared ??= loadLibc().then(({ libc }) => (libc === null ? null : new ReceivePoller(libc)));
  return shared;
}

/**
 * Joins `group` and delivers the datagrams sent to it on `port`, as `openGroup` does, but in batches. Rejects with the
 * same Problems. Joins again when the interface of one of the addresses returns or has another address.
 */
export async function openGroupBatched(
  options: BatchedGroupOptions,
  polling: Promise<ReceivePoller | null> = sharedPoller(),
  watch?: InterfaceWatch,
): Promise<SourceSocket> {
  checkGroup(options.group);
  const socket = await openBatched(options, await polling);
  const addresses = [...addressesOf(options)];
  const following = addresses.map((address, i) =>
    followInterface(
      address,
      {
        reopen: async (now) => {
          addresses[i] = now;
          await socket.reopen(addresses);
        },
        onError: options.onError,
      },
      watch,
    ),
  );
  return closingWith(socket, () => {
    for (const stop of following) stop();
  });
}

/** The same socket; `end` is called when it is closed. */
const closingWith = (socket: SourceSocket, end: () => void): SourceSocket => ({
  get receiveBuffer() {
    return socket.receiveBuffer;
  },
  leave: () => socket.leave(),
  setSources: (changed) => socket.setSources(changed),
  reopen: (localAddress) => socket.reopen(localAddress),
  close: () => {
    end();
    return socket.close();
  },
});

async function openBatched(options: BatchedGroupOptions, poller: ReceivePoller | null): Promise<SourceSocket> {
  if (poller !== null) {
    try {
      return poller.open({ ...options, latency: options.latency ?? LATENCY });
    } catch (error) {
      // Either the system does not allow these calls, or the group cannot be received at all: the plain way finds out.
      if (!(error instanceof SystemCallError)) throw error;
    }
  }
  return openGroupPlain(options);
}

/** The same one by one, for other systems and where batches are not allowed. */
export async function openGroupPlain(
  options: BatchedGroupOptions,
  timers: Timers = systemTimers,
): Promise<SourceSocket> {
  const { onDatagrams } = options;
  const sources: SocketAddress[] = [];
  const batch = {
    buffer: Buffer.alloc(0) as Buffer,
    offsets: Uint32Array.of(0),
    lengths: Uint16Array.of(0),
    sources,
    count: 0,
  };
  const socket = await openGroup({
    ...options,
    onDatagram(datagram, from) {
      batch.buffer = datagram;
      batch.lengths[0] = datagram.length;
      sources[0] = from;
      batch.count = 1;
      onDatagrams(batch);
    },
  });
  let cancel: () => void;
  const tick = (): void => {
    cancel = timers.after(QUIET, tick);
    batch.count = 0;
    onDatagrams(batch);
  };
  cancel = timers.after(QUIET, tick);
  return closingWith(socket, () => cancel());
}
