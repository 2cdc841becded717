/** The operator's commands, and disconnecting a viewer. */
import { z } from 'zod';
import { messageOf } from '../../base/problem.js';
import { nameSchema, orderSchema, showSchema } from '../../contract/api.js';
import type { OperatorCommand } from '../../contract/commands.js';
import type { ServerView } from '../../contract/server-view.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import { type Operation, operation } from './operation.js';
import { stationExample, stationParams } from './station-operations.js';

/** 409: not possible for this station, or not now. 422: a file cannot be used. */
const PROBLEMS = [404, 409, 422, 501, 503];

interface CommandInput<Body> {
  /** Id of the path's station; empty for all stations. */
  station: string;
  body: Body;
  view: ServerView;
}

interface CommandSpec<Schema extends z.ZodObject> {
  id: string;
  method?: 'POST' | 'PUT';
  /** With `{id}` for commands to one station. */
  path: string;
  summary: string;
  description?: string;
  body?: Schema;
  example?: z.output<Schema>;
  /** The command, and its text in the log (“starts lobby”). Throws an HttpProblem for an unknown slate. */
  commandOf(input: CommandInput<z.output<Schema>>): [command: OperatorCommand, audit: string];
}

/** A command as an operation. */
function commandOperation<Schema extends z.ZodObject>(spec: CommandSpec<Schema>): Operation {
  const { id, method = 'POST', path, summary, description, body, example, commandOf } = spec;
  const ofStation = path.includes('{id}');
  return operation({
    id,
    method,
    path,
    summary,
    description,
    right: 'operator',
    params: ofStation ? stationParams : undefined,
    body,
    reply: null,
    problems: PROBLEMS,
    examples: { params: ofStation ? stationExample : undefined, body: example } as object,
    run: async ({ context: { operator }, params, body, audit }) => {
      if (!operator) throw new HttpProblem(501, 'Not here', 'The stations come from another host: use its API.');
      const view = operator.view();
      const station = params === undefined ? '' : stationIn(view, params.id);
      const [command, what] = commandOf({ station, body: body as z.output<Schema>, view });
      audit(what);
      try {
        await operator.execute(command);
      } catch (error) {
        audit(`${what}: failed, ${messageOf(error)}`);
        throw error;
      }
      return undefined;
    },
  });
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

const simpleOperations = (Object.keys(simpleCommands) as (keyof typeof simpleCommands)[]).map((action) => {
  const [summary, does] = simpleCommands[action];
  return commandOperation({
    id: `${action}Station`,
    path: `/stations/{id}/${action}`,
    summary,
    commandOf: ({ station }) => [{ do: action, station }, `${does} ${station}`],
  });
});

export const actionOperations = [
  ...simpleOperations,
  commandOperation({
    id: 'renameStation',
    method: 'PUT',
    path: '/stations/{id}/name',
    summary: 'Change the name of a station; its id and its group stay',
    body: nameSchema,
    example: { name: 'Lobby' },
    commandOf: ({ station, body: { name } }) => [
      { do: 'rename', station, name },
      `renames ${station} to ${quoted(name)}`,
    ],
  }),
  commandOperation({
    id: 'reorderStation',
    method: 'PUT',
    path: '/stations/{id}/order',
    summary: 'Play the station’s items in this order, from the next one on',
    description: 'All items that /line-up lists, each once.',
    body: orderSchema,
    example: { items: ['1', '0'] },
    commandOf: ({ station, body: { items } }) => [{ do: 'reorder', station, items }, `reorders ${station}`],
  }),
  commandOperation({
    id: 'showOnStation',
    path: '/stations/{id}/show',
    summary: 'Show a slate in place of the station’s programme',
    body: showSchema,
    example: { slate: 'back-soon' },
    commandOf: ({ station, body, view }) => {
      const slate = slateIn(view, body.slate);
      return [{ do: 'show', station, slate }, `shows ${slate} on ${station}`];
    },
  }),
  commandOperation({
    id: 'showEverywhere',
    path: '/show',
    summary: 'Show a slate on all stations, as in an emergency',
    body: showSchema,
    example: { slate: 'leave-the-building' },
    commandOf: ({ body, view }) => {
      const slate = slateIn(view, body.slate);
      return [{ do: 'show', station: null, slate }, `shows ${slate} on all stations`];
    },
  }),
  commandOperation({
    id: 'resumeEverywhere',
    path: '/resume',
    summary: 'Return from slates to the programmes of all stations',
    commandOf: () => [{ do: 'resume', station: null }, 'resumes all stations'],
  }),
  operation({
    id: 'disconnectViewer',
    method: 'DELETE',
    path: '/viewers/{viewer}',
    summary: 'Disconnect a viewer of this gateway',
    description:
      'The viewer may connect again. Receivers of a group cannot be disconnected: the network delivers to them.',
    right: 'operator',
    params: z.object({
      viewer: z.coerce
        .number()
        .int()
        .min(1)
        .max(2 ** 53)
        .describe('The viewer’s id in /viewers.'),
    }),
    reply: null,
    problems: [404],
    examples: { params: { viewer: 7 } },
    run: ({ context: { viewers }, params, audit }) => {
      const viewer = viewers.list.find(([id]) => id === params.viewer)?.[1];
      if (!viewer)
        throw new HttpProblem(404, 'No such viewer', 'The viewer has left. /api/v1/viewers lists all viewers.');
      audit(`disconnects ${viewer.address} from ${viewer.station}`);
      viewers.close(params.viewer);
      return undefined;
    },
  }),
];
