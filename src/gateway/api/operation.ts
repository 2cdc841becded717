/** An operation of `/api/v1`: one table yields the routes, the validation of requests and the OpenAPI document. */
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { Access, Caller, Client } from '../access/access.js';
import type { GatewayContext } from '../context.js';
import type { Monitor } from '../monitor/monitor.js';
import type { EventHub } from './event-hub.js';

/** The context that all operations share. */
export interface ApiContext extends GatewayContext {
  readonly access: Access;
  readonly monitor: Monitor;
  readonly events: EventHub;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
type Input = z.ZodObject;
type Shape<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface Call<Params, Query, Body> {
  readonly context: ApiContext;
  readonly client: Client;
  /** Null: the operation is open to all clients. */
  readonly caller: Caller | null;
  readonly params: Shape<Params>;
  readonly query: Shape<Query>;
  readonly body: Shape<Body>;
  readonly reply: FastifyReply;
  /** Logs who does `what`, which must contain no free text of a client. */
  audit(what: string): void;
}

export interface OperationSpec<Params, Query, Body, Reply> {
  /** Unique: a verb and its object. */
  readonly id: string;
  readonly method: Method;
  /** After /api/v1, with {names} of `params`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may call it. */
  readonly right: 'anybody' | 'operator';
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Null: no content (204). */
  readonly reply: Reply | 'event-stream' | null;
  /** Status codes of its problems, besides those of validation and access. */
  readonly problems?: readonly number[];
  /** Of requests. */
  readonly examples?: {
    readonly params?: Shape<Params>;
    readonly query?: Shape<Query>;
    readonly body?: Shape<Body>;
  };
  run(call: Call<Params, Query, Body>): Promise<Shape<Reply> | undefined> | Shape<Reply> | undefined;
}

/** An operation of any types. */
export type Operation = OperationSpec<Input, Input, Input, z.ZodType>;

/** Checks the types of an operation against each other. */
export function operation<
  Params extends Input | undefined = undefined,
  Query extends Input | undefined = undefined,
  Body extends Input | undefined = undefined,
  Reply extends z.ZodType | undefined = undefined,
>(spec: OperationSpec<Params, Query, Body, Reply>): Operation {
  return spec as unknown as Operation;
}
