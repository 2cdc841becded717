/** Stats, line-up and viewers for the operator. */
import { z } from 'zod';
import { historySchema, lineUpSchema, serverSchema, viewersSchema } from '../../contract/api.js';
import { noSuchStation } from '../http-problem.js';
import type { Operations } from './api-context.js';
import { stationId } from './station-operations.js';
import { lineUpOf, viewersOf } from './views.js';

const historyQuery = z.object({
  station: stationId.optional().meta({ description: 'Id of a station; default: the server.' }),
});

export const operatorOperations: Operations = (scope, context) => {
  scope.get(
    '/server',
    {
      schema: {
        operationId: 'getServer',
        summary: 'Stats and checks of the server',
        response: { 200: serverSchema },
      },
      config: { operator: true },
    },
    async () => context.monitor.stats.server,
  );
  scope.get(
    '/line-up',
    {
      schema: {
        operationId: 'getLineUp',
        summary: 'All stations of the line-up, on the air or not',
        response: { 200: lineUpSchema },
      },
      config: { operator: true },
    },
    async () => lineUpOf(context),
  );
  scope.get(
    '/viewers',
    {
      schema: {
        operationId: 'listViewers',
        summary: 'Viewers of this gateway, and receivers with a session',
        description: 'Receivers that only join a group are unknown.',
        response: { 200: viewersSchema },
      },
      config: { operator: true },
    },
    async () => viewersOf(context),
  );
  scope.get(
    '/history',
    {
      schema: {
        operationId: 'getHistory',
        summary: 'Samples of the last 15 minutes',
        querystring: historyQuery,
        response: { 200: historySchema },
      },
      config: { operator: true, problems: [404] },
    },
    async ({ query }) => {
      const history = context.monitor.history(query.station ?? null);
      if (!history) throw noSuchStation();
      return history;
    },
  );
  scope.get(
    '/events',
    {
      schema: {
        operationId: 'followEvents',
        summary: 'Stats and changes as Server-Sent Events',
        description:
          'Events with JSON: `line-up` as /line-up, at first and after changes; `stats` every second, {server, stations} ' +
          'with the server as /server; `viewers` as /viewers, the first 200, at first and after changes.',
        produces: ['text/event-stream'],
        response: { 200: z.string() },
      },
      config: { operator: true },
      exposeHeadRoute: false,
    },
    (request, reply) => {
      // The headers of every response.
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value) reply.raw.setHeader(name, value);
      context.events.add(context.clientOf(request.raw), reply.raw);
      reply.hijack();
    },
  );
};
