/** A page's WebSocket as the transport of its session, with a heartbeat that ends dead connections. */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Timers } from '../../base/timers.js';
import { TokenBucket } from '../../base/token-bucket.js';
import { Millis } from '../../base/units.js';
import type { FrameHeader } from '../../wire/live-frame.js';
import type { LiveSession } from './live-session.js';
import { CloseCode, type LiveTransport } from './live-transport.js';
import { mediaHead } from './web-socket-frame.js';

/** Time between pings; a page that has not answered one by the next is disconnected. */
const HEARTBEAT = Millis(30_000);
/** Longest wait for the close handshake. */
const CLOSE_TIMEOUT = Millis(1_000);
/** Limit on a client's own pings; browsers send none. */
const PINGS = { rate: 1, capacity: 5 };

export interface LiveSocketOptions {
  webSocket: WebSocket;
  /** The connection below it. */
  socket: Duplex;
  timers: Timers;
  begin(transport: LiveTransport): LiveSession;
}

/** Runs a session over a WebSocket; the returned function ends it. */
export function serveLive({ webSocket, socket, timers, begin }: LiveSocketOptions): (code: number) => void {
  const close = (code: number, reason: string) => {
    webSocket.close(code, reason);
    timers.after(CLOSE_TIMEOUT, () => webSocket.terminate());
  };
  const session = begin({
    get queued() {
      return socket.writableLength;
    },
    sendMessage(json) {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(json, { binary: false });
    },
    sendFrame(header: FrameHeader, media: Buffer) {
      if (webSocket.readyState !== webSocket.OPEN) return;
      // Written without ws, which buffers nothing itself without compression: one frame, in two thirds of the processor
      // time that header and media as two fragments take.
      socket.cork();
      socket.write(mediaHead(header, media.length));
      socket.write(media);
      socket.uncork();
    },
    close,
  });
  socket.on('drain', () => session.drained());
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) close(CloseCode.unsupportedData, 'messages are text');
    else session.receive(String(data));
  });

  let beat = 0;
  let isAlive = true;
  let cancelBeat = () => {};
  const heartbeat = () => {
    if (!isAlive) {
      webSocket.terminate();
      return;
    }
    isAlive = false;
    webSocket.ping(String(++beat));
    cancelBeat = timers.after(HEARTBEAT, heartbeat);
  };
  cancelBeat = timers.after(HEARTBEAT, heartbeat);
  // Only the answer to the newest ping counts: it proves that the page takes its data.
  webSocket.on('pong', (data) => {
    if (String(data) === String(beat)) isAlive = true;
  });
  const pings = new TokenBucket(PINGS, timers.now());
  webSocket.on('ping', (data) => {
    if (pings.tryTake(1, timers.now()) && webSocket.readyState === webSocket.OPEN) webSocket.pong(data);
  });
  // Malformed or oversized frames: ws closes the connection, and 'close' follows.
  webSocket.on('error', () => {});
  webSocket.on('close', () => {
    cancelBeat();
    session.closed();
  });
  return (code) => close(code, '');
}
