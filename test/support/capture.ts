/** Captures a station's group on the loopback interface, by sender. */
import { createSocket } from 'node:dgram';
import type { TestContext } from 'node:test';
import type { StationInfo } from '../../src/wire/station-info.js';

export interface Capture {
  /** Datagrams in the order of arrival, by the port they were sent from. */
  bySender: Map<number, Buffer[]>;
  /** Resolves once `enough` returns true; it is called after every datagram. */
  until(enough: () => boolean): Promise<void>;
  close(): void;
}

export async function capture(context: TestContext, station: Pick<StationInfo, 'group' | 'port'>): Promise<Capture> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: 4 << 20 });
  const bySender = new Map<number, Buffer[]>();
  const waiting = new Set<() => void>();
  socket.on('message', (datagram, { port }) => {
    const kept = bySender.get(port);
    if (kept) kept.push(datagram);
    else bySender.set(port, [datagram]);
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => {
    // Bound to the group, so that other groups of the port are not received; not so on Windows.
    socket.bind(station.port, process.platform === 'win32' ? '0.0.0.0' : station.group, resolve);
  });
  socket.addMembership(station.group, '127.0.0.1');
  let open = true;
  const close = () => {
    if (open) socket.close();
    open = false;
  };
  context.after(close);
  return {
    bySender,
    close,
    until: (enough) =>
      new Promise((resolve) => {
        const look = () => {
          if (!enough()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      }),
  };
}
