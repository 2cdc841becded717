/** Batches for senders, and sockets that receive them. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { MulticastSender, SenderOptions } from '../../src/net/sender.js';

export interface ToSend {
  /** Number of the destination. */
  to: number;
  bytes: Buffer;
}

const PATTERN = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 251));

/** Datagrams of these lengths, up to 9,000 bytes, each unlike its neighbours. */
export const datagrams = (to: number, lengths: readonly number[]): ToSend[] =>
  lengths.map((length, i) => {
    const from = (i * 7) % 251;
    return { to, bytes: PATTERN.subarray(from, from + length) };
  });

/** Puts them into the batch, contiguously, and sends it. */
export function send(sender: MulticastSender, toSend: readonly ToSend[]): void {
  const { batch } = sender;
  let at = 0;
  toSend.forEach(({ to, bytes }, i) => {
    batch.offsets[i] = at;
    batch.lengths[i] = bytes.length;
    batch.destinations[i] = to;
    at += bytes.copy(batch.buffer, at);
  });
  batch.count = toSend.length;
  sender.send();
}

/** Collects the reports of a sender under test; `refused` and `pressed` by destination. */
export function listener() {
  const byDestination = (): Record<number, number> => ({});
  const reports = { errors: [] as string[], notes: [] as string[], refused: byDestination(), pressed: byDestination() };
  const callbacks = {
    onError: ({ message }) => reports.errors.push(message),
    onNote: (line) => reports.notes.push(line),
    onRefused: (destination, count) => {
      reports.refused[destination] = (reports.refused[destination] ?? 0) + count;
    },
    onPressure: (destination) => {
      reports.pressed[destination] = (reports.pressed[destination] ?? 0) + 1;
    },
  } satisfies Partial<SenderOptions>;
  return { reports, callbacks };
}

const END = Buffer.from('the end');

export interface Receiver {
  port: number;
  /**
   * Datagrams since the last call, up to an end marker that is sent now. Datagrams do not overtake each other, so none
   * is still on its way.
   */
  all(sender: MulticastSender, destination: number): Promise<Buffer[]>;
}

/** A socket that is closed with the test; `group` is joined on `address`, if given. */
export async function openReceiver(context: TestContext, address: string, group?: string): Promise<Receiver> {
  const socket: Socket = createSocket('udp4');
  context.after(() => socket.close());
  socket.bind(0, group ?? address);
  await once(socket, 'listening');
  if (group) socket.addMembership(group, address);
  socket.setRecvBufferSize(1 << 20); // Linux grants less silently
  let arrived: Buffer[] = [];
  let ended: (() => void) | null = null;
  socket.on('message', (datagram) => {
    if (datagram.equals(END)) ended?.();
    else arrived.push(datagram);
  });
  return {
    port: socket.address().port,
    async all(sender, destination) {
      const end = new Promise<void>((resolve) => {
        ended = resolve;
      });
      send(sender, [{ to: destination, bytes: END }]);
      await end;
      const all = arrived;
      arrived = [];
      return all;
    },
  };
}
