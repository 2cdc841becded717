/** The OpenAPI document (3.1) of the table of operations. */
import { z } from 'zod';
import * as contract from '../../contract/api.js';
import type { Operation } from './operation.js';

/** Every exported schema by its name in the document: `stationSchema` is `Station`. */
const components: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(contract).flatMap(([name, value]) =>
    value instanceof z.ZodType ? [[name.charAt(0).toUpperCase() + name.slice(1, -'Schema'.length), value]] : [],
  ),
);

const pathOf = (name: string): string => `#/components/schemas/${name}`;

/** Every named schema; schemas within others are references. */
function namedSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: pathOf, io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema)]));
}

/** Drops the keywords that only a document of its own needs. */
function plain({ $id: _id, $schema: _schema, ...rest }: z.core.JSONSchema.BaseSchema): object {
  return rest;
}

function referTo(schema: z.ZodType): object {
  const name = Object.entries(components).find(([, each]) => each === schema)?.[0];
  if (name === undefined) throw new Error('a body or reply of the API has no name in its document');
  return { $ref: pathOf(name) };
}

function parametersOf({ params, query, examples = {} }: Operation): object[] {
  const kinds = [
    ['path', params, examples.params],
    ['query', query, examples.query],
  ] as const;
  return kinds.flatMap(([where, schema, example]) =>
    Object.entries(schema?.shape ?? {}).map(([name, each]) => ({
      name,
      in: where,
      required: where === 'path',
      schema: plain(z.toJSONSchema(each as z.ZodType, { io: 'input', unrepresentable: 'any' })),
      example: example?.[name],
    })),
  );
}

const problemContent = { 'application/problem+json': { schema: { $ref: pathOf('Problem') } } };
const problemTexts: Record<number, string> = {
  400: 'The request does not match its schema',
  401: 'Not logged in, or the wrong password',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Not possible in the current state',
  422: 'A file cannot be used',
  429: 'Too many attempts',
  501: 'Not available on this gateway',
  503: 'Not possible now',
};

/** Status codes of all problems of an operation. */
export function problemsOf({ params, query, body, right, problems = [] }: Operation): number[] {
  const own = [
    ...problems,
    ...(params || query || body ? [400] : []),
    ...(right === 'operator' ? [401, 403, 503] : []),
  ];
  return [...new Set(own)].sort((a, b) => a - b);
}

function goodReply({ reply }: Operation): Record<string, object> {
  if (reply === null) return { 204: { description: 'Done' } };
  if (reply === 'event-stream') {
    return { 200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } } };
  }
  const content = { 'application/json': { schema: referTo(reply) } };
  return { 200: { description: 'Success', content } };
}

function describe(operation: Operation): object {
  const { id, summary, description, body, right, examples = {} } = operation;
  const problems = problemsOf(operation).map((status) => [
    status,
    { description: problemTexts[status], content: problemContent },
  ]);
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    security: right === 'operator' ? [{ token: [] }, { session: [] }, {}] : [],
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: referTo(body), example: examples.body } },
      },
    }),
    responses: { ...goodReply(operation), ...Object.fromEntries(problems) },
  };
}

/** The document of `/api/v1`. */
export function openApiOf(operations: readonly Operation[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'MultiStreamCast',
      version,
      description:
        'Times are milliseconds since the Unix epoch, rates bit/s. Until a password is set, every client on the server’s ' +
        'machine is the operator; after that, a token or a session is required.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Create one with: msc operator token add NAME' },
        session: { type: 'apiKey', in: 'cookie', name: 'msc-operator' },
      },
    },
  };
}
