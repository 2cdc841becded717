/** The context and the types that the operations of `/api/v1` share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../access/access.js';
import type { RouteContext } from '../context.js';
import type { Monitor } from '../monitor/monitor.js';
import type { EventHub } from './event-hub.js';

export interface ApiContext extends RouteContext {
  readonly monitor: Monitor;
  readonly events: EventHub;
}

/** Requests and replies have the types of their zod schemas. */
interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}

/** Where routes become operations: their schemas validate the requests, and are in the OpenAPI document. */
export type ApiScope = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

/** Adds operations. */
export type Operations = (scope: ApiScope, context: ApiContext) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Only the operator may call it; default: all clients. */
    operator?: boolean;
    /** Status codes of its problems, besides those of validation and access. */
    problems?: readonly number[];
  }
  interface FastifyRequest {
    /** Null: the operation is open to all clients. */
    caller: Caller | null;
  }
}
