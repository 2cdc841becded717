/** `/api/v1` and `/metrics`: the routes of the table of operations. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Problem, type ProblemCode } from '../../base/problem.js';
import { Access, type Caller, type Client } from '../access/access.js';
import type { GatewayContext, Routes } from '../context.js';
import { HttpProblem, replyProblem } from '../http-problem.js';
import { metricsText } from '../metrics/metrics.js';
import { Monitor } from '../monitor/monitor.js';
import { processLoad } from '../monitor/process-load.js';
import { actionOperations } from './action-operations.js';
import { EventHub } from './event-hub.js';
import { openApiOf } from './openapi.js';
import type { ApiContext, Operation } from './operation.js';
import { operatorOperations } from './operator-operations.js';
import { sessionOperations } from './session-operations.js';
import { stationOperations } from './station-operations.js';

export const API = '/api/v1';

export const operations: readonly Operation[] = [
  ...stationOperations,
  ...sessionOperations,
  ...operatorOperations,
  ...actionOperations,
];

/** Most bytes of a body: the order of ten thousand items. */
const MOST_BODY = 256 * 1024;

export const apiRoutes: Routes = (app, context) => {
  const api = contextOf(context);
  app.addHook('onClose', async () => {
    api.events.close();
    api.monitor.close();
  });
  const document = JSON.stringify(openApiOf(operations, processLoad.version));
  void app.register(async (scope) => {
    // A form of a foreign page can send text, but no JSON.
    scope.removeContentTypeParser('text/plain');
    scope.setErrorHandler((error, _request, reply) => replyProblem(reply, asHttpProblem(error)));
    for (const operation of operations) addRoute(scope, api, operation);
    scope.get(`${API}/openapi.json`, (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8').send(document),
    );
    scope.get('/metrics', (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .type('text/plain; version=0.0.4; charset=utf-8')
        .send(metricsText(api, api.monitor.stats)),
    );
  });
};

function contextOf(context: GatewayContext): ApiContext {
  const { credentials, log, timers } = context;
  const access = new Access({ credentials, log, now: () => timers.now() });
  const monitor = new Monitor(context);
  const parts = { ...context, now: () => context.now(), log, access, monitor };
  return { ...parts, events: new EventHub(parts) };
}

function addRoute(app: FastifyInstance, context: ApiContext, operation: Operation): void {
  app.route({
    method: operation.method,
    url: API + operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    exposeHeadRoute: operation.reply !== 'event-stream' && operation.method === 'GET',
    bodyLimit: MOST_BODY,
    handler: (request, reply) => handle(context, operation, request, reply),
  });
}

async function handle(context: ApiContext, operation: Operation, request: FastifyRequest, reply: FastifyReply) {
  const { access } = context;
  const client: Client = { address: request.socket.remoteAddress ?? '', headers: request.headers };
  // Checked first: other clients learn nothing about faults of the request.
  const caller = operation.right === 'operator' ? await access.operator(client) : null;
  const answer = await operation.run({
    context,
    client,
    caller,
    params: checked(operation.params, request.params),
    query: checked(operation.query, request.query),
    body: checked(operation.body, request.body),
    reply,
    audit: (what) => context.log(`Operator (${nameOf(caller)}) ${what}`),
  });
  if (operation.reply === 'event-stream') return reply;
  void reply.header('cache-control', 'no-store');
  return operation.reply === null ? reply.code(204).send() : reply.send(answer);
}

function checked(schema: z.ZodObject | undefined, value: unknown): never {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return result?.data as never;
  // The path comes from the schema, not from the client.
  const where = result.error.issues.at(0)?.path.join('.') ?? '';
  const detail = `${where === '' ? 'The body' : `"${where}"`} does not match /api/v1/openapi.json.`;
  throw new HttpProblem(400, 'Bad request', detail);
}

function nameOf(caller: Caller | null): string {
  if (caller?.by === 'token') return `token ${caller.name}`;
  return caller?.by ?? 'anonymous';
}

const statusOfProblem: Partial<Record<ProblemCode, number>> = { station: 404, usage: 409, source: 422, prepare: 422 };
const titles: Record<number, string> = {
  400: 'Bad request',
  404: 'No such station',
  409: 'Not possible now',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Not usable',
};

/** Rethrows unexpected errors. */
function asHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Problem) {
    const status = statusOfProblem[error.code] ?? 503;
    const { message, next } = error;
    return new HttpProblem(status, titles[status] ?? 'Not possible now', `${sentence(message)} ${next}`);
  }
  const status = statusOf(error);
  if (status === undefined) throw error;
  const detail = 'The body cannot be read. Send JSON that matches /api/v1/openapi.json.';
  return new HttpProblem(status, titles[status] ?? 'Bad request', detail);
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

/** The status of Fastify's errors about requests; undefined: another error. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}
