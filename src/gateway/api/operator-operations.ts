/** Stats, line-up and viewers for the operator. */
import { z } from 'zod';
import { historySchema, lineUpSchema, serverSchema, viewersSchema } from '../../contract/api.js';
import { noSuchStation } from '../http-problem.js';
import { operation } from './operation.js';
import { stationExample } from './station-operations.js';
import { lineUpOf, viewersOf } from './views.js';

const historyQuery = z.object({
  station: z.string().max(400).optional().describe('Id of a station; default: the server.'),
});

export const operatorOperations = [
  operation({
    id: 'getServer',
    method: 'GET',
    path: '/server',
    summary: 'Stats and checks of the server',
    right: 'operator',
    reply: serverSchema,
    run: ({ context }) => context.monitor.stats.server,
  }),
  operation({
    id: 'getLineUp',
    method: 'GET',
    path: '/line-up',
    summary: 'All stations of the line-up, on the air or not',
    right: 'operator',
    reply: lineUpSchema,
    run: ({ context }) => lineUpOf(context),
  }),
  operation({
    id: 'listViewers',
    method: 'GET',
    path: '/viewers',
    summary: 'Viewers of this gateway, and receivers with a session',
    description: 'Receivers that only join a group are unknown.',
    right: 'operator',
    reply: viewersSchema,
    run: ({ context }) => viewersOf(context),
  }),
  operation({
    id: 'getHistory',
    method: 'GET',
    path: '/history',
    summary: 'Samples of the last 15 minutes',
    right: 'operator',
    query: historyQuery,
    reply: historySchema,
    problems: [404],
    examples: { query: { station: stationExample.id } },
    run: ({ context, query }) => {
      const history = context.monitor.history(query.station ?? null);
      if (!history) throw noSuchStation();
      return history;
    },
  }),
  operation({
    id: 'followEvents',
    method: 'GET',
    path: '/events',
    summary: 'Stats and changes as Server-Sent Events',
    description:
      'Events with JSON: `line-up` as /line-up, at first and after changes; `stats` every second, {server, stations} with ' +
      'the server as /server; `viewers` as /viewers, the first 200, at first and after changes.',
    right: 'operator',
    reply: 'event-stream',
    problems: [503],
    run: ({ context, client, reply }) => {
      // The headers of every response.
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value) reply.raw.setHeader(name, value);
      context.events.add(client, reply.raw);
      reply.hijack();
      return undefined;
    },
  }),
];
