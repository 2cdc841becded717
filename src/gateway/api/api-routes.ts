/** `/api/v1` and `/metrics`. */
import fastifySwagger from '@fastify/swagger';
import { z } from 'zod';
import { Problem, type ProblemCode } from '../../base/problem.js';
import type { RouteContext, Routes } from '../context.js';
import { HttpProblem, replyProblem, statusOfTrouble, systemProblem } from '../http-problem.js';
import { metricsText } from '../metrics/metrics.js';
import { Monitor } from '../monitor/monitor.js';
import { processLoad } from '../monitor/process-load.js';
import { actionOperations } from './action-operations.js';
import type { ApiContext, ApiScope, Operations } from './api-context.js';
import { EventHub } from './event-hub.js';
import { openApiOf } from './openapi.js';
import { operatorOperations } from './operator-operations.js';
import { sessionOperations } from './session-operations.js';
import { stationOperations } from './station-operations.js';

export const API = '/api/v1';

const operations: readonly Operations[] = [stationOperations, sessionOperations, operatorOperations, actionOperations];

export const apiRoutes: Routes = (app, context) => {
  const api = contextOf(context);
  app.addHook('onClose', async () => {
    api.events.close();
    api.monitor.close();
  });
  app.get('/metrics', (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(metricsText(api, api.monitor.stats)),
  );
  void app.register(
    async (scope: ApiScope) => {
      await scope.register(fastifySwagger, openApiOf(API, processLoad.version));
      addChecks(scope, api);
      for (const add of operations) add(scope, api);
      scope.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
        reply.header('cache-control', 'no-cache').send(scope.swagger()),
      );
    },
    { prefix: API },
  );
};

function contextOf(context: RouteContext): ApiContext {
  const parts = { ...context, monitor: new Monitor(context) };
  return { ...parts, events: new EventHub(parts) };
}

/** Access and validation of all operations. */
function addChecks(scope: ApiScope, { access, connections, clientOf }: ApiContext): void {
  // A form of a foreign page can send text, but no JSON.
  scope.removeContentTypeParser('text/plain');
  scope.setErrorHandler((error, _request, reply) => replyProblem(reply, asHttpProblem(error)));
  scope.setValidatorCompiler<z.ZodType>(({ schema }) => (value) => {
    const { data, error } = schema.safeParse(value);
    return error ? { error } : { value: data };
  });
  scope.setSerializerCompiler(() => (reply) => JSON.stringify(reply));
  scope.decorateRequest('caller', null);
  scope.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  // Before validation: other clients learn nothing about faults of the request.
  scope.addHook('preValidation', async (request) => {
    if (!request.routeOptions.config.operator) return;
    request.caller = await access.operator(clientOf(request.raw));
    connections.setOperator(request.raw.socket);
  });
}

const statusOfProblem: Partial<Record<ProblemCode, number>> = { station: 404, usage: 409, source: 422, prepare: 422 };
const titles: Record<number, string> = {
  400: 'Bad request',
  404: 'No such station',
  409: 'Not possible now',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Not usable',
  507: 'No room',
};

/** Rethrows unexpected errors. */
function asHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof z.ZodError) {
    // The path comes from the schema, not from the client.
    const where = error.issues.at(0)?.path.join('.') ?? '';
    const detail = `${where === '' ? 'The body' : `"${where}"`} does not match /api/v1/openapi.json.`;
    return new HttpProblem(400, 'Bad request', detail);
  }
  if (error instanceof Problem) {
    const status = statusOfProblem[error.code] ?? statusOfTrouble(error);
    const { message, next } = error;
    return new HttpProblem(status, titles[status] ?? 'Not possible now', `${sentence(message)} ${next}`);
  }
  const refused = systemProblem(error);
  if (refused) return refused;
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
