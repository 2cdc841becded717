/**
 * Holds the connection apart from the page: the timers of a hidden page are throttled, and a busy page would distort the
 * measurement of the server's clock.
 */
import { GatewayLink, type LinkSocket } from './gateway-link.js';
import { pageTimers } from './timers.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

const scope = globalThis as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: 'online', listener: () => void): void;
};

let link: GatewayLink | null = null;

function openSocket(url: string): LinkSocket {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return socket as unknown as LinkSocket;
}

scope.addEventListener('message', ({ data }) => {
  switch (data.type) {
    case 'connect':
      link = new GatewayLink({
        open: () => openSocket(data.url),
        timers: pageTimers,
        onConnection: (connection) => scope.postMessage({ type: 'connection', connection }),
        onClock: (offset) => scope.postMessage({ type: 'clock', offset }),
        onMessage: (message) => scope.postMessage({ type: 'message', message }),
        onMedia: (frame) => scope.postMessage({ type: 'media', frame }, [frame]),
      });
      break;
    case 'send':
      link?.send(data.message);
      break;
    case 'wake':
      link?.wake();
      break;
  }
});
scope.addEventListener('online', () => link?.wake());
