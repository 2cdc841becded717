/** `/live`: the pages' WebSocket. `/stations/{id}/thumbnail.jpg`: a small picture of the stream. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { COMMON_DELAY } from '../../contract/timing.js';
import type { Routes } from '../context.js';
import { HttpProblem } from '../http-problem.js';
import { thumbnailRoute } from '../thumbnails/thumbnail-route.js';
import { Thumbnails } from '../thumbnails/thumbnails.js';
import { LiveSession } from './live-session.js';
import { serveLive } from './live-socket.js';
import { CloseCode } from './live-transport.js';
import { StationList } from './station-list.js';

const LONGEST_MESSAGE = 64 * 1024;

export const liveRoutes: Routes = (app, context) => {
  const { catalogue, timers, connections, delay = COMMON_DELAY } = context;
  const thumbnails = new Thumbnails({
    catalogue,
    maker: context.thumbnailMaker,
    timers,
    log: (line) => context.log(line),
  });
  const stations = new StationList({ catalogue, timers });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LONGEST_MESSAGE,
    autoPong: false,
  });
  const open = new Map<Duplex, (code: number) => void>();
  let isClosing = false;

  app.server.on('upgrade', (request, socket: Duplex, head) => {
    socket.on('error', () => socket.destroy());
    if (!isForWebSocket(request)) {
      connections.ignoreUpgrade(request, socket, head);
      return;
    }
    const problem = isClosing ? shuttingDown() : refusal(request);
    if (problem) connections.refuse(socket, problem);
    else
      void connections.admitUpgrade(request, socket).then((isAdmitted) => isAdmitted && upgrade(request, socket, head));
  });

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { address } = context.clientOf(request);
      const end = serveLive({
        webSocket,
        socket,
        timers,
        begin: (transport) => new LiveSession({ context, transport, address, stations, thumbnails, delay }),
      });
      open.set(socket, end);
      webSocket.on('close', () => open.delete(socket));
    });
  };

  thumbnailRoute(app, context, thumbnails);

  app.addHook('preClose', async () => {
    isClosing = true;
    stations.close();
    thumbnails.close();
    const gone = [...open.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const end of open.values()) end(CloseCode.goingAway);
    await Promise.all(gone);
  });
};

const shuttingDown = (): HttpProblem =>
  new HttpProblem(503, 'Shutting down', 'Try again in a moment.', { 'retry-after': '1' });

/** Other protocols are h2c and TLS/1.0. */
const isForWebSocket = ({ headers }: IncomingMessage): boolean =>
  /(^|,)\s*websocket\s*(,|$)/i.test(headers.upgrade ?? '');

/** The reason why a request may not become a WebSocket; null: it may. */
function refusal({ url, headers }: IncomingMessage): HttpProblem | null {
  if (url?.split('?')[0] !== '/live') return new HttpProblem(404, 'Not found', 'The only WebSocket is /live.');
  // Browsers send the origin of the page; other programs send none.
  if (headers.origin === undefined || hostOf(headers.origin) === headers.host?.toLowerCase()) return null;
  return new HttpProblem(403, 'Another site', 'Only pages of this gateway may connect here.');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
