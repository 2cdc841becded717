/** Receiving the stream of a multicast group: many datagrams at a time, in the least costly way that the system has. */

import type { SocketAddress } from '../base/socket-address.js';
import { systemTimers, type Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import { loadLibc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';
import { checkGroup } from './interfaces.js';
import { type GroupAddress, type GroupSocket, openGroup } from './receive.js';
import { ReceivePoller } from './receive-poller.js';

/** Datagrams that have come, in order. Lent: what is to be kept is copied before the call that hands them over returns. */
export interface ReceivedBatch {
  readonly buffer: Buffer;
  /** Offset, length and source of each. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
  readonly sources: readonly SocketAddress[];
  /** How many of them there are. */
  readonly count: number;
}

export interface BatchedGroupOptions extends GroupAddress {
  /** How long datagrams may wait in the system's buffer to be taken together. Less is waited where that is small. */
  latency?: Millis;
  /**
   * Called with what has come, and with nothing when nothing has, so that whoever waits for datagrams learns that time
   * passes.
   */
  onDatagrams: (batch: ReceivedBatch) => void;
  /** Called with a Problem for an error that comes after opening. */
  onError: (error: Error) => void;
}

/** Half of what a picture lasts, so nobody sees it; at 10 ms one stream takes as much of the processor as plain sockets. */
const LATENCY: Millis = 20;

/** How often `onDatagrams` is called when nothing comes, where datagrams are not looked for but announced. */
const QUIET: Millis = 20;

let shared: Promise<ReceivePoller | null> | undefined;

/** The one of the process, where the system has what it takes. */
function sharedPoller(): Promise<ReceivePoller | null> {
  shared ??= loadLibc().then(({ libc }) => (libc === null ? null : new ReceivePoller(libc)));
  return shared;
}

/**
 * Joins `group` and delivers what is sent to it on `port`, as `openGroup` does, but in batches. Rejects with the same
 * Problems.
 */
export async function openGroupBatched(
  options: BatchedGroupOptions,
  polling: Promise<ReceivePoller | null> = sharedPoller(),
): Promise<GroupSocket> {
  checkGroup(options.group);
  const poller = await polling;
  if (poller !== null) {
    try {
      return poller.open({ ...options, latency: options.latency ?? LATENCY });
    } catch (error) {
      // Either this system does not allow these calls, or nobody can receive there: the plain way knows, and says it.
      if (!(error instanceof SystemCallError)) throw error;
    }
  }
  return openGroupPlain(options);
}

/** The same one by one: for other systems, and where this one does not allow it. */
export async function openGroupPlain(
  options: BatchedGroupOptions,
  timers: Timers = systemTimers,
): Promise<GroupSocket> {
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
  return {
    receiveBuffer: socket.receiveBuffer,
    close: () => {
      cancel();
      return socket.close();
    },
  };
}
