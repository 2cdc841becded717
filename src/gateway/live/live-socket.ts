/** A page's WebSocket as its session's transport, and what keeps dead ones from staying. */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Timers } from '../../base/timers.js';
import { TokenBucket } from '../../base/token-bucket.js';
import type { Millis } from '../../base/units.js';
import type { FrameHeader } from '../../wire/live-frame.js';
import type { LiveSession } from './live-session.js';
import { CloseCode, type LiveTransport } from './live-transport.js';
import { mediaHead } from './web-socket-frame.js';

/** A page that has not answered a ping by the next one is gone. */
const HEARTBEAT: Millis = 30_000;
/** How long a page may take to say goodbye. */
const FAREWELL: Millis = 1_000;
/** A page's own pings, which browsers do not send. */
const PINGS = { rate: 1, capacity: 5 };

export interface LiveSocketOptions {
  webSocket: WebSocket;
  /** What it lies on. */
  socket: Duplex;
  timers: Timers;
  begin(transport: LiveTransport): LiveSession;
}

/** Runs a session over a WebSocket; the returned function ends it. */
export function serveLive({ webSocket, socket, timers, begin }: LiveSocketOptions): (code: number) => void {
  const close = (code: number, reason: string) => {
    webSocket.close(code, reason);
    timers.after(FAREWELL, () => webSocket.terminate());
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
      // Written past ws, which never holds back anything itself without compression: two thirds of the processor time
      // that sending header and media as two fragments takes, and the page gets one frame.
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
  // Only the answer to the newest ping counts: it says that the page takes what it is sent.
  webSocket.on('pong', (data) => {
    if (String(data) === String(beat)) isAlive = true;
  });
  const pings = new TokenBucket(PINGS, timers.now());
  webSocket.on('ping', (data) => {
    if (pings.tryTake(1, timers.now()) && webSocket.readyState === webSocket.OPEN) webSocket.pong(data);
  });
  // Frames that are wrong or too long: ws closes the connection, and 'close' follows.
  webSocket.on('error', () => {});
  webSocket.on('close', () => {
    cancelBeat();
    session.closed();
  });
  return (code) => close(code, '');
}
