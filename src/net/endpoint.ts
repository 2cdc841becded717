/** A socket that is not shared: for requests, answers and announcements. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { SocketAddress } from '../base/socket-address.js';
import { enlargeReceiveBuffer } from './receive.js';
import { socketProblem } from './socket-problem.js';

export interface EndpointOptions {
  /** IPv4 address to bind to; 0.0.0.0 for any. */
  address: string;
  /** 0 for any free port. */
  port?: number;
  /** For sockets that send to groups: the time to live of their packets, which leave through `address`. */
  multicastTtl?: number;
  /** Requested receive buffer in bytes, where the system's default is too small. */
  receiveBuffer?: number;
  onDatagram?: (datagram: Buffer, from: SocketAddress) => void;
  /** Called with errors after opening, those of sending included. */
  onError: (error: Error) => void;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Passes a datagram to the kernel; does nothing once closed. */
  send(datagram: Buffer, to: SocketAddress): void;
  /** Closes after the pending datagrams have been sent. Further calls do nothing. */
  close(): Promise<void>;
}

/** Opens a socket whose port is not shared. Rejects with a Problem. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { address, port = 0, multicastTtl, receiveBuffer, onDatagram, onError } = options;
  const socket = createSocket({ type: 'udp4' });
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
    if (receiveBuffer !== undefined) enlargeReceiveBuffer(socket, receiveBuffer);
    if (multicastTtl !== undefined) {
      socket.setMulticastTTL(multicastTtl);
      socket.setMulticastLoopback(true);
      socket.setMulticastInterface(address);
    }
  } catch (error) {
    socket.close();
    throw socketProblem(error, { address, port });
  }
  socket.on('error', onError);
  if (onDatagram !== undefined) {
    socket.on('message', (datagram, from) => onDatagram(datagram, { address: from.address, port: from.port }));
  }
  const bound = socket.address().port;
  let sending = 0;
  let closed: Promise<void> | undefined;
  let whenSent: (() => void) | undefined;
  return {
    address,
    port: bound,
    send: (datagram, to) => {
      if (closed !== undefined) return;
      sending++;
      socket.send(datagram, to.port, to.address, (error) => {
        sending--;
        if (error !== null) onError(socketProblem(error, to));
        if (sending === 0) whenSent?.();
      });
    },
    close: () => {
      closed ??= new Promise((resolve) => {
        const end = (): void => {
          socket.close(() => resolve());
        };
        if (sending === 0) end();
        else whenSent = end;
      });
      return closed;
    },
  };
}
