/** The operations of `/api/v1` as the gateway's OpenAPI document describes them. */
import type { FastifyInstance, HTTPMethods } from 'fastify';

type Content = Record<string, { schema: { $ref?: string } }>;
interface Described {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: 'path' | 'query'; example?: unknown }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, { examples?: object[] }> };
}

export const documentOf = async (app: FastifyInstance): Promise<ApiDocument> =>
  (await app.inject('/api/v1/openapi.json')).json();

/** The name of the schema of JSON content. */
export const schemaName = (content?: Content): string | undefined =>
  content?.['application/json']?.schema.$ref?.split('/').at(-1);

const ids: Readonly<Record<string, string>> = { id: 'station-1', station: 'station-1', viewer: '1' };

/** With a request for each, made of the examples, for `station-1` and viewer 1. */
export const operationsOf = ({ paths, components }: ApiDocument) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const { parameters = [], requestBody, security } = described;
      const query = parameters.flatMap((each) =>
        each.in === 'query' ? [`${each.name}=${ids[each.name] ?? each.example}`] : [],
      );
      const request = {
        method: method.toUpperCase() as HTTPMethods,
        url: `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!)}?${query.join('&')}`,
        payload: components.schemas[schemaName(requestBody?.content) ?? '']?.examples?.[0],
      };
      return { ...described, parameters, path, isOperators: security.length > 0, request };
    }),
  );
