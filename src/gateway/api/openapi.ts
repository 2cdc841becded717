/** The OpenAPI document (3.1) of the operations, made of their routes by @fastify/swagger. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { z } from 'zod';
import * as contract from '../../contract/api.js';

/** Every exported schema by its name in the document: `stationSchema` is `Station`. */
const components = z.registry<{ id: string }>();
for (const [name, value] of Object.entries(contract)) {
  if (!(value instanceof z.ZodType)) continue;
  components.add(value, { id: name.charAt(0).toUpperCase() + name.slice(1, -'Schema'.length) });
}

const pathOf = (name: string): string => `#/components/schemas/${name}`;

/** Every named schema; schemas within others are references. */
function namedSchemas(): Record<string, object> {
  const { schemas } = z.toJSONSchema(components, { uri: pathOf, io: 'input' });
  // The plugin would take it for a title.
  for (const each of Object.values(schemas)) delete each.$id;
  return schemas as Record<string, object>;
}

function jsonSchemaOf(schema: unknown): object {
  const name = components.get(schema as z.ZodType)?.id;
  if (name !== undefined) return { $ref: pathOf(name) };
  return z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' });
}

const problemTexts: Readonly<Record<number, string>> = {
  400: 'The request does not match its schema',
  401: 'Not logged in, or the wrong password',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Not possible in the current state',
  422: 'A file cannot be used',
  429: 'Too many attempts',
  501: 'Not available on this gateway',
  503: 'Not possible now',
  507: 'The disk is full',
};

function problemReplies({ params, querystring, body }: FastifySchema, config: FastifyContextConfig): object {
  const statuses = [
    ...(config.problems ?? []),
    ...(params || querystring || body ? [400] : []),
    ...(config.operator ? [401, 403, 503] : []),
  ];
  const content = { 'application/problem+json': { schema: { $ref: pathOf('Problem') } } };
  return Object.fromEntries(statuses.map((status) => [status, { description: problemTexts[status], content }]));
}

function goodReply({ response, produces = ['application/json'] }: FastifySchema): object {
  const schema = (response as { 200?: z.ZodType } | undefined)?.[200];
  if (schema === undefined) return { 204: { description: 'Done', type: 'null' } };
  return { 200: { description: 'Success', content: { [produces[0]!]: { schema: jsonSchemaOf(schema) } } } };
}

function describe(schema: FastifySchema, config: FastifyContextConfig): FastifySchema {
  const { params, querystring, body } = schema;
  return {
    ...schema,
    security: config.operator ? [{ token: [] }, { session: [] }, {}] : [],
    ...(params !== undefined && { params: jsonSchemaOf(params) }),
    ...(querystring !== undefined && { querystring: jsonSchemaOf(querystring) }),
    ...(body !== undefined && { body: jsonSchemaOf(body) }),
    response: { ...goodReply(schema), ...problemReplies(schema, config) },
  };
}

/** Options of @fastify/swagger for the operations behind `url`. */
export const openApiOf = (url: string, version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'MultiStreamCast',
      version,
      description:
        'Times are milliseconds since the Unix epoch, rates bit/s. Until a password is set, every client on the server’s ' +
        'machine is the operator; after that, a token or a session is required.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Create one with: msc operator token add NAME' },
        session: { type: 'apiKey', in: 'cookie', name: 'msc-operator' },
      },
    },
  },
  transform: ({ schema, url: path, route }) => ({
    url: path,
    schema: schema.hide ? schema : describe(schema, route.config ?? {}),
  }),
});
