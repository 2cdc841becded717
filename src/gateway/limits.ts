/** Limits on requests, and the replies to requests that exceed them. Those on connections: connections/. */
import { type IncomingMessage, type ServerOptions, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { systemCode } from '../base/problem.js';
import { Times } from './connections/times.js';
import { HttpProblem } from './http-problem.js';

/** Most bytes of a request's line and headers. */
const MOST_HEADERS = 16 * 1024;
const MOST_HEADER_LINES = 100;

/** Options of Node.js's HTTP server. Its own time-outs are off, but for the one that a header announces: connections/times.ts. */
export const serverOptions: ServerOptions = {
  headersTimeout: 0,
  requestTimeout: 0,
  keepAliveTimeout: Times.idle,
  maxHeaderSize: MOST_HEADERS,
};

/** Most bytes of a request's body: commands and passwords are short. */
export const MOST_BODY = 64 * 1024;
/** Most characters of a path segment: a station's id has at most 100, each up to 12 when encoded (`%F0%9F%93%BA`). */
export const MOST_PARAMETER = 1_200;

/** The problem of a request that Node.js cannot parse. */
function problemOf(error: Error): HttpProblem {
  switch (systemCode(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem(431, 'Headers too large', `A request has at most ${MOST_HEADERS} bytes of headers.`);
    default:
      return new HttpProblem(400, 'Not a request', 'This is not a valid HTTP request.');
  }
}

/**
 * The problem of a request with too many lines of headers; null: there is none. Node.js would drop those beyond its own limit, such
 * as the last one, by which a proxy shows that it has forwarded the request.
 */
export function headersProblem({ rawHeaders }: IncomingMessage): HttpProblem | null {
  if (rawHeaders.length <= 2 * MOST_HEADER_LINES) return null;
  return new HttpProblem(431, 'Headers too large', `A request has at most ${MOST_HEADER_LINES} lines of headers.`, {
    connection: 'close',
  });
}

/** Answers an unparsable request, where the connection can still be written to, and closes it. */
export function refuseConnection(error: Error, socket: Duplex): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') socket.destroy();
  else sendAndEnd(socket, problemOf(error));
}

/** Answers on a connection itself, without a response, and ends it. */
export function sendAndEnd(socket: Duplex, { status, headers, body }: HttpProblem): void {
  const text = JSON.stringify(body);
  const all = {
    ...headers,
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
}
