/** The operator's commands, and disconnecting a viewer. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { messageOf } from '../../base/problem.js';
import { nameSchema, orderSchema, showSchema } from '../../contract/api.js';
import type { OperatorCommand } from '../../contract/commands.js';
import type { ServerView } from '../../contract/server-view.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { ApiContext, ApiScope, Operations } from './api-context.js';
import { stationParams } from './station-operations.js';

/** 409: not possible for this station, or not now. 422: a file cannot be used. 507: a disk is full. */
const PROBLEMS = [404, 409, 422, 501, 503, 507];

/** Most bytes of a body: the order of ten thousand items. */
const MOST_BODY = 256 * 1024;

interface CommandInput<Body> {
  /** Id of the path's station; empty for all stations. */
  station: string;
  body: Body;
  view: ServerView;
}

interface CommandSpec<Schema extends z.ZodType> {
  id: string;
  method?: 'POST' | 'PUT';
  /** With `:id` for commands to one station. */
  path: string;
  summary: string;
  description?: string;
  body?: Schema;
  /** The command, and its text in the log (“starts lobby”). Throws an HttpProblem for an unknown slate. */
  commandOf(input: CommandInput<z.output<Schema>>): [command: OperatorCommand, audit: string];
}

/** Adds a command as an operation. */
function addCommand<Schema extends z.ZodType>(
  scope: ApiScope,
  { operator, log }: ApiContext,
  { id, method = 'POST', path, summary, description, body, commandOf }: CommandSpec<Schema>,
): void {
  const isOfStation = path.includes(':id');
  scope.route({
    method,
    url: path,
    bodyLimit: MOST_BODY,
    schema: {
      operationId: id,
      summary,
      description,
      // Fastify warns of keys without a schema.
      ...(isOfStation && { params: stationParams }),
      ...(body && { body }),
    },
    config: { operator: true, problems: PROBLEMS },
    handler: async (request, reply) => {
      if (!operator) throw new HttpProblem(501, 'Not here', 'The stations come from another host: use its API.');
      const view = operator.view();
      const station = isOfStation ? stationIn(view, (request.params as { id: string }).id) : '';
      const [command, what] = commandOf({ station, body: request.body as z.output<Schema>, view });
      log(auditLine(request, what));
      try {
        await operator.execute(command);
      } catch (error) {
        log(auditLine(request, `${what}: failed, ${messageOf(error)}`));
        throw error;
      }
      return reply.code(204).send();
    },
  });
}

/** A line of the log. `what` must contain no free text of a client. */
function auditLine({ caller }: FastifyRequest, what: string): string {
  const name = caller?.by === 'token' ? `token ${caller.name}` : caller?.by;
  return `Operator (${name}) ${what}`;
}

/** The id as the server writes it, so that the log holds no text of a client. */
function stationIn({ stations }: ServerView, id: string): string {
  const known = stations.find(({ info }) => info.id === id);
  if (!known) throw noSuchStation();
  return known.info.id;
}

function slateIn({ slates }: ServerView, id: string): string {
  const slate = slates.find((each) => each.id === id);
  if (!slate) throw new HttpProblem(404, 'No such slate', 'No slate has this id. /api/v1/line-up lists all slates.');
  return slate.id;
}

/** A name that a client chose, for a line of the log: printable, in quotes, and short. */
const quoted = (name: string): string =>
  JSON.stringify(name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 60));

const simpleCommands = {
  start: ['Put a station on the air', 'starts'],
  stop: ['Take a station off the air', 'stops'],
  skip: ['Continue with the station’s next item', 'skips an item of'],
  reload: ['Read the station’s files again', 'reloads'],
  resume: ['Return from the slate to the station’s programme', 'resumes'],
} as const;

const viewerParams = z.object({
  viewer: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 53)
    .meta({ description: 'The viewer’s id in /viewers.', examples: [7] }),
});

export const actionOperations: Operations = (scope, context) => {
  const add = <Schema extends z.ZodType>(spec: CommandSpec<Schema>) => addCommand(scope, context, spec);
  for (const action of Object.keys(simpleCommands) as (keyof typeof simpleCommands)[]) {
    const [summary, does] = simpleCommands[action];
    add({
      id: `${action}Station`,
      path: `/stations/:id/${action}`,
      summary,
      commandOf: ({ station }) => [{ do: action, station }, `${does} ${station}`],
    });
  }
  add({
    id: 'renameStation',
    method: 'PUT',
    path: '/stations/:id/name',
    summary: 'Change the name of a station; its id and its group stay',
    body: nameSchema,
    commandOf: ({ station, body: { name } }) => [
      { do: 'rename', station, name },
      `renames ${station} to ${quoted(name)}`,
    ],
  });
  add({
    id: 'reorderStation',
    method: 'PUT',
    path: '/stations/:id/order',
    summary: 'Play the station’s items in this order, from the next one on',
    description: 'All items that /line-up lists, each once.',
    body: orderSchema,
    commandOf: ({ station, body: { items } }) => [{ do: 'reorder', station, items }, `reorders ${station}`],
  });
  add({
    id: 'showOnStation',
    path: '/stations/:id/show',
    summary: 'Show a slate in place of the station’s programme',
    body: showSchema,
    commandOf: ({ station, body, view }) => {
      const slate = slateIn(view, body.slate);
      return [{ do: 'show', station, slate }, `shows ${slate} on ${station}`];
    },
  });
  add({
    id: 'showEverywhere',
    path: '/show',
    summary: 'Show a slate on all stations, as in an emergency',
    body: showSchema,
    commandOf: ({ body, view }) => {
      const slate = slateIn(view, body.slate);
      return [{ do: 'show', station: null, slate }, `shows ${slate} on all stations`];
    },
  });
  add({
    id: 'resumeEverywhere',
    path: '/resume',
    summary: 'Return from slates to the programmes of all stations',
    commandOf: () => [{ do: 'resume', station: null }, 'resumes all stations'],
  });
  scope.delete(
    '/viewers/:viewer',
    {
      schema: {
        operationId: 'disconnectViewer',
        summary: 'Disconnect a viewer of this gateway',
        description:
          'The viewer may connect again. Receivers of a group cannot be disconnected: the network delivers to them.',
        params: viewerParams,
      },
      config: { operator: true, problems: [404] },
    },
    async (request, reply) => {
      const id = request.params.viewer;
      const viewer = context.viewers.list.find(([each]) => each === id)?.[1];
      if (!viewer)
        throw new HttpProblem(404, 'No such viewer', 'The viewer has left. /api/v1/viewers lists all viewers.');
      context.log(auditLine(request, `disconnects ${viewer.address} from ${viewer.station}`));
      context.viewers.close(id);
      return reply.code(204).send();
    },
  );
};
