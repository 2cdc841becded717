/** The gateway's HTTP server: its limits, its errors, and the routes put together. */
import { type FastifyError, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { messageOf, Problem, systemCode } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { apiRoutes } from './api/api-routes.js';
import { unreadAnswers } from './connections/answers.js';
import { type GatewayContext, type Routes, routeContextOf } from './context.js';
import { healthRoutes } from './health-routes.js';
import { hlsRoutes } from './hls/hls-routes.js';
import { HttpProblem, replyProblem, systemProblem } from './http-problem.js';
import { MOST_BODY, MOST_PARAMETER } from './limits.js';
import { listRoutes } from './lists/list-routes.js';
import { liveRoutes } from './live/live-routes.js';
import { pageRoutes } from './page-routes.js';
import { streamRoutes } from './stream-routes.js';

const routes: readonly Routes[] = [
  healthRoutes,
  streamRoutes,
  hlsRoutes,
  listRoutes,
  liveRoutes,
  apiRoutes,
  pageRoutes,
];

export interface GatewayOptions {
  context: GatewayContext;
  host: string;
  /** 0: any free port. */
  port: number;
}

export interface Gateway {
  /** Its address, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends all connections; resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Headers of every response. Pages load nothing from other origins and cannot be framed; their pictures and thumbnails come
 * from memory (`blob:`).
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'content-security-policy':
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; " +
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
};

/** Shortest time between two log lines about faults of the gateway. */
const FAULT_PERIOD = Millis(10_000);

/** Rejects with a Problem where the port cannot be listened on. */
export async function openGateway({ context: given, host, port }: GatewayOptions): Promise<Gateway> {
  const context = routeContextOf(given);
  const { answers, connections } = context;
  const app = fastify({
    serverFactory: (handler) => connections.createServer(handler),
    bodyLimit: MOST_BODY,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => replyProblem(reply as FastifyReply, badAddress(error)),
    routerOptions: { maxParamLength: MOST_PARAMETER },
  });
  app.addHook('onClose', async () => connections.close());
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    const { raw } = reply;
    const end = answers.begin(context.clientOf(request.raw).address, payload.length, {
      unread: () => (raw.writableEnded ? raw.writableLength : payload.length),
      close: () => raw.destroy(),
    });
    if (end) {
      raw.once('close', end);
      return payload;
    }
    const { status, headers, body } = unreadAnswers();
    void reply.code(status).type('application/problem+json; charset=utf-8').headers(headers);
    return JSON.stringify(body);
  });
  app.setNotFoundHandler((request, reply) => replyProblem(reply, notFound(request)));
  let loggedAt = Number.NEGATIVE_INFINITY;
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = error instanceof HttpProblem ? error : (systemProblem(error) ?? problemOf(error));
    if (problem.status >= 500 && !(error instanceof HttpProblem) && context.timers.now() - loggedAt >= FAULT_PERIOD) {
      loggedAt = context.timers.now();
      context.log(`A request could not be answered: ${messageOf(error)}`);
    }
    return replyProblem(reply, problem);
  });
  for (const add of routes) add(app, context);
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw listenProblem(error, host, port);
  }
}

function badAddress({ code }: FastifyError): HttpProblem {
  if (code === 'FST_ERR_MAX_PARAM_LENGTH')
    return new HttpProblem(414, 'Address too long', 'Station ids have at most 100 characters.');
  const detail = 'The address is malformed: percent signs stand before two hexadecimal digits.';
  return new HttpProblem(400, 'Not an address', detail);
}

function notFound({ method }: FastifyRequest): HttpProblem {
  if (method === 'GET' || method === 'HEAD')
    return new HttpProblem(404, 'Not found', 'There is nothing at this address.');
  return new HttpProblem(405, 'Not allowed', 'Addresses other than those of the API can only be read.', {
    allow: 'GET, HEAD',
  });
}

/** For errors of Fastify and unexpected errors. Their messages may contain text of the request, so they are not repeated. */
function problemOf({ statusCode = 500 }: FastifyError): HttpProblem {
  if (statusCode === 413) return new HttpProblem(413, 'Too large', `A request has at most ${MOST_BODY} bytes.`);
  if (statusCode === 415) return new HttpProblem(415, 'Not understood', 'Requests are sent as application/json.');
  if (statusCode < 500)
    return new HttpProblem(statusCode, 'Bad request', 'The request is malformed. See docs/gateway.md.');
  return new HttpProblem(500, 'Fault', 'The gateway could not answer. Its log has the reason.');
}

function listenProblem(error: unknown, host: string, port: number): Problem {
  const at = `${host}:${port}`;
  const cause = { cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new Problem('network', `${at} is in use by another program`, 'Choose another port with --http.', cause);
    case 'EACCES':
      return new Problem(
        'network',
        `this user may not listen on ${at}`,
        'Choose a port above 1023 with --http.',
        cause,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Problem('network', `this machine has no address ${host}`, 'Name one of its own with --http.', cause);
    default:
      return new Problem(
        'network',
        `cannot listen on ${at}: ${messageOf(error)}`,
        'Choose another with --http.',
        cause,
      );
  }
}
