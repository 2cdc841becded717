/** What the operator may know: how it goes, and who is watching. */
import { z } from 'zod';
import { historySchema, lineUpSchema, serverSchema, viewersSchema } from '../../contract/api.js';
import { noSuchStation } from '../http-problem.js';
import {
  exampleHistory,
  exampleLineUpStation,
  exampleReceiver,
  exampleServer,
  exampleStation,
  exampleViewer,
} from './examples.js';
import { operation } from './operation.js';
import { lineUpOf, viewersOf } from './views.js';

const historyQuery = z.object({
  station: z.string().max(400).optional().describe('Id of a station; without it, the server.'),
});

export const operatorOperations = [
  operation({
    id: 'getServer',
    method: 'GET',
    path: '/server',
    summary: 'How the server is',
    right: 'operator',
    reply: serverSchema,
    examples: { reply: exampleServer },
    run: ({ context }) => context.monitor.stats.server,
  }),
  operation({
    id: 'getLineUp',
    method: 'GET',
    path: '/line-up',
    summary: 'All stations as their operator knows them, those that are not on the air too',
    right: 'operator',
    reply: lineUpSchema,
    examples: { reply: { stations: [exampleLineUpStation], slates: [{ id: 'slate', name: 'Back soon' }] } },
    run: ({ context }) => lineUpOf(context),
  }),
  operation({
    id: 'listViewers',
    method: 'GET',
    path: '/viewers',
    summary: 'Who is watching, as far as is known',
    description: 'Receivers that only listen to a group tell nobody: they are not in it.',
    right: 'operator',
    reply: viewersSchema,
    examples: {
      reply: { viewers: [exampleViewer], receivers: [exampleReceiver], totals: { viewers: 1, receivers: 1 } },
    },
    run: ({ context }) => viewersOf(context),
  }),
  operation({
    id: 'getHistory',
    method: 'GET',
    path: '/history',
    summary: 'The last quarter of an hour in samples',
    right: 'operator',
    query: historyQuery,
    reply: historySchema,
    problems: [404],
    examples: { query: { station: exampleStation.id }, reply: exampleHistory },
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
    summary: 'How it goes, once a second, as Server-Sent Events',
    description:
      'Events, each with JSON: `line-up` as of /line-up, at first and whenever it changed; `stats` every second, ' +
      '{server, stations} with the server as of /server; `viewers` as of /viewers, the first 200, whenever they changed.',
    right: 'operator',
    reply: 'event-stream',
    problems: [503],
    examples: {},
    run: ({ context, client, reply }) => {
      // What stands in the head of every answer.
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value) reply.raw.setHeader(name, value);
      context.events.add(client, reply.raw);
      reply.hijack();
      return undefined;
    },
  }),
];
