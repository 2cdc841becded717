/** Limits on connections and requests, and the replies to requests that exceed them. */
import { type ServerOptions, STATUS_CODES } from 'node:http';
import type { Server, Socket } from 'node:net';
import { systemCode } from '../base/problem.js';
import { HttpProblem } from './http-problem.js';

/** Most connections, in all and from one address. A proxy has one address for all of its viewers. */
const MOST_CONNECTIONS = 8_192;
const MOST_FROM_ADDRESS = 1_024;
/** Most bytes of a request's line and headers. */
const MOST_HEADERS = 16 * 1024;
const MOST_HEADER_LINES = 100;

/** Longest time for a request's headers, for the whole request, and between two requests of a connection; milliseconds. */
const TIMES = { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 15_000 };

/** Options of Node.js's HTTP server. */
export const serverOptions: ServerOptions = {
  ...TIMES,
  maxHeaderSize: MOST_HEADERS,
  connectionsCheckingInterval: 5_000,
};

/** Most bytes of a request's body: commands and passwords are short. */
export const MOST_BODY = 64 * 1024;
/** Most characters of a path segment: a station's id has at most 100, each up to 12 when encoded (`%F0%9F%93%BA`). */
export const MOST_PARAMETER = 1_200;

/** Closes connections beyond the limits without a reply, which would cost more than the connection. */
export function limitConnections(server: Server & { maxHeadersCount?: number | null }): void {
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = MOST_HEADER_LINES;
  const byAddress = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (byAddress.get(address) ?? 0) + 1;
    if (count > MOST_FROM_ADDRESS) {
      socket.destroy();
      return;
    }
    byAddress.set(address, count);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
  });
}

/** The problem of a request that Node.js cannot parse. */
function problemOf(error: Error): HttpProblem {
  switch (systemCode(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem(431, 'Headers too large', `A request has at most ${MOST_HEADERS} bytes of headers.`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpProblem(408, 'Request too slow', 'The request took too long to arrive.');
    default:
      return new HttpProblem(400, 'Not a request', 'This is not a valid HTTP request.');
  }
}

/** Answers an unparsable request, where the connection can still be written to, and closes it. */
export function refuseConnection(error: Error, socket: Socket): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = problemOf(error);
  const body = JSON.stringify(problem.body);
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
