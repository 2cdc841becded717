/** A socket that is not shared: for requests, answers and announcements. */
import { createSocket, type Socket } from 'node:dgram';
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
  /**
   * Binds to this address from now on, by another socket: to the same port where one was asked for. Rejects with a Problem
   * where that fails; until it succeeds, nothing is sent or received.
   */
  reopen(address: string): Promise<void>;
  /** Closes after the pending datagrams have been sent. Further calls do nothing. */
  close(): Promise<void>;
}

/** Opens a socket whose port is not shared. Rejects with a Problem. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { address, port = 0, onError } = options;
  let bound = await Bound.open(options, { address, port });
  const { port: kept } = bound;
  let at = address;
  let closed: Promise<void> | undefined;
  return {
    get address() {
      return at;
    },
    get port() {
      return bound.port;
    },
    send: (datagram, to) => {
      if (closed === undefined) bound.send(datagram, to, onError);
    },
    reopen: async (address) => {
      if (closed !== undefined) return;
      at = address;
      await bound.close(); // first, for the port may be the same
      const opened = await Bound.open(options, { address, port: port === 0 ? 0 : kept });
      if (closed === undefined) bound = opened;
      else await opened.close();
    },
    close: () => {
      closed ??= bound.close();
      return closed;
    },
  };
}

/** Responsible for: one socket, until its pending datagrams have been sent. */
class Bound {
  readonly port: number;
  readonly #socket: Socket;
  #sending = 0;
  #closed: Promise<void> | undefined;
  #whenSent: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async open(options: EndpointOptions, where: { address: string; port: number }): Promise<Bound> {
    const { multicastTtl, receiveBuffer, onDatagram, onError } = options;
    const socket = createSocket({ type: 'udp4' });
    try {
      socket.bind({ ...where, exclusive: true });
      await once(socket, 'listening');
      if (receiveBuffer !== undefined) enlargeReceiveBuffer(socket, receiveBuffer);
      if (multicastTtl !== undefined) {
        socket.setMulticastTTL(multicastTtl);
        socket.setMulticastLoopback(true);
        socket.setMulticastInterface(where.address);
      }
    } catch (error) {
      socket.close();
      throw socketProblem(error, where);
    }
    socket.on('error', onError);
    if (onDatagram !== undefined) {
      socket.on('message', (datagram, from) => onDatagram(datagram, { address: from.address, port: from.port }));
    }
    return new Bound(socket);
  }

  send(datagram: Buffer, to: SocketAddress, onError: (error: Error) => void): void {
    if (this.#closed !== undefined) return; // It is being opened again: lost on the way.
    this.#sending++;
    this.#socket.send(datagram, to.port, to.address, (error) => {
      this.#sending--;
      if (error !== null) onError(socketProblem(error, to));
      if (this.#sending === 0) this.#whenSent?.();
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const end = (): void => {
        this.#socket.close(() => resolve());
      };
      if (this.#sending === 0) end();
      else this.#whenSent = end;
    });
    return this.#closed;
  }
}
