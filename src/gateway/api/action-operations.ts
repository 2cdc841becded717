/** What the operator can do. */
import { z } from 'zod';
import { nameSchema, orderSchema, showSchema } from '../../contract/api.js';
import type { Operator } from '../../contract/server-view.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { ApiContext } from './operation.js';
import { operation } from './operation.js';
import { stationExample, stationParams } from './station-operations.js';

/** 409: it cannot be done to this station, or not now. 422: a file cannot be used. */
const PROBLEMS = [404, 409, 422, 501, 503];

function operatorOf({ operator }: ApiContext): Operator {
  if (operator) return operator;
  throw new HttpProblem(501, 'Not here', 'The stations come from another host: act there.');
}

/** The id of an existing station, as the server writes it. */
function idOf(operator: Operator, id: string): string {
  const known = operator.view().stations.find(({ info }) => info.id === id);
  if (!known) throw noSuchStation();
  return known.info.id;
}

/** A name that somebody gave, for a line in the log: on one line, in quotes, and not long. */
const quoted = (name: string): string =>
  JSON.stringify(name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 60));

const simpleActions = {
  start: ['Put a station on the air again', 'starts'],
  stop: ['Take a station off the air', 'stops'],
  skip: ['Go on with the station’s next item', 'skips an item of'],
  reload: ['Look at the station’s files again', 'reloads'],
  resume: ['Go back from the slate to what the station plays', 'resumes'],
} as const;

const simpleOperations = (Object.keys(simpleActions) as (keyof typeof simpleActions)[]).map((action) => {
  const [summary, does] = simpleActions[action];
  return operation({
    id: `${action}Station`,
    method: 'POST',
    path: `/stations/{id}/${action}`,
    summary,
    right: 'operator',
    params: stationParams,
    reply: null,
    problems: PROBLEMS,
    examples: { params: stationExample },
    run: async ({ context, params, audit }) => {
      const operator = operatorOf(context);
      const id = idOf(operator, params.id);
      audit(`${does} ${id}`);
      await operator.execute({ do: action, station: id });
      return undefined;
    },
  });
});

export const actionOperations = [
  ...simpleOperations,
  operation({
    id: 'renameStation',
    method: 'PUT',
    path: '/stations/{id}/name',
    summary: 'Call a station otherwise; its id and its group stay',
    right: 'operator',
    params: stationParams,
    body: nameSchema,
    reply: null,
    problems: PROBLEMS,
    examples: { params: stationExample, body: { name: 'Lobby' } },
    run: async ({ context, params, body, audit }) => {
      const operator = operatorOf(context);
      const id = idOf(operator, params.id);
      audit(`renames ${id} to ${quoted(body.name)}`);
      await operator.execute({ do: 'rename', station: id, name: body.name });
      return undefined;
    },
  }),
  operation({
    id: 'reorderStation',
    method: 'PUT',
    path: '/stations/{id}/order',
    summary: 'Play the station’s items in this order from the next one on',
    description: 'All of its items as /line-up tells them, each once.',
    right: 'operator',
    params: stationParams,
    body: orderSchema,
    reply: null,
    problems: PROBLEMS,
    examples: { params: stationExample, body: { items: ['1', '0'] } },
    run: async ({ context, params, body, audit }) => {
      const operator = operatorOf(context);
      const id = idOf(operator, params.id);
      audit(`reorders ${id}`);
      await operator.execute({ do: 'reorder', station: id, items: body.items });
      return undefined;
    },
  }),
  operation({
    id: 'showOnStation',
    method: 'POST',
    path: '/stations/{id}/show',
    summary: 'Show a slate in place of what the station plays',
    right: 'operator',
    params: stationParams,
    body: showSchema,
    reply: null,
    problems: PROBLEMS,
    examples: { params: stationExample, body: { slate: 'back-soon' } },
    run: async ({ context, params, body, audit }) => {
      const operator = operatorOf(context);
      const id = idOf(operator, params.id);
      const slate = slateOf(operator, body.slate);
      audit(`shows ${slate} on ${id}`);
      await operator.execute({ do: 'show', station: id, slate });
      return undefined;
    },
  }),
  operation({
    id: 'showEverywhere',
    method: 'POST',
    path: '/show',
    summary: 'Show a slate on all stations, as in an emergency',
    right: 'operator',
    body: showSchema,
    reply: null,
    problems: PROBLEMS,
    examples: { body: { slate: 'leave-the-building' } },
    run: async ({ context, body, audit }) => {
      const operator = operatorOf(context);
      const slate = slateOf(operator, body.slate);
      audit(`shows ${slate} on all stations`);
      await operator.execute({ do: 'show', station: null, slate });
      return undefined;
    },
  }),
  operation({
    id: 'resumeEverywhere',
    method: 'POST',
    path: '/resume',
    summary: 'Go back from slates to what all stations play',
    right: 'operator',
    reply: null,
    problems: PROBLEMS,
    examples: {},
    run: async ({ context, audit }) => {
      const operator = operatorOf(context);
      audit('resumes all stations');
      await operator.execute({ do: 'resume', station: null });
      return undefined;
    },
  }),
  operation({
    id: 'disconnectViewer',
    method: 'DELETE',
    path: '/viewers/{viewer}',
    summary: 'Disconnect somebody whom the gateway sends a stream',
    description: 'Nobody is kept from coming back. Receivers of a group take it from the network: they cannot be.',
    right: 'operator',
    params: z.object({
      viewer: z.coerce
        .number()
        .int()
        .min(1)
        .max(2 ** 53)
        .describe('Its number in /viewers.'),
    }),
    reply: null,
    problems: [404],
    examples: { params: { viewer: 7 } },
    run: ({ context, params, audit }) => {
      const viewer = context.viewers.list.find(([id]) => id === params.viewer)?.[1];
      if (!viewer) throw new HttpProblem(404, 'No such viewer', 'Whoever it was has gone. /api/v1/viewers lists them.');
      audit(`disconnects ${viewer.address} from ${viewer.station}`);
      context.viewers.close(params.viewer);
      return undefined;
    },
  }),
];

function slateOf(operator: Operator, id: string): string {
  const slate = operator.view().slates.find((each) => each.id === id);
  if (!slate) throw new HttpProblem(404, 'No such slate', 'There is none of that id. /api/v1/line-up lists them.');
  return slate.id;
}
