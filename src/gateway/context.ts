/** What a gateway is made of, and what all of its routes share. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import type { Operator } from '../contract/server-view.js';
import { Access, type Client } from './access/access.js';
import type { CredentialsFile } from './access/credentials.js';
import { Proxies } from './access/proxies.js';
import { Answers } from './connections/answers.js';
import { Connections } from './connections/connections.js';
import type { Catalogue } from './source.js';
import type { ThumbnailMaker } from './thumbnails/thumbnails.js';
import type { Viewers } from './viewers.js';

export interface GatewayContext {
  readonly catalogue: Catalogue;
  readonly viewers: Viewers;
  /** The server's name, or the gateway's own. */
  readonly server: string;
  /** TTL of the stations' multicast packets, for their SDP. */
  readonly ttl: number;
  readonly timers: Timers;
  /** Undefined: posters are the only thumbnails. */
  readonly thumbnailMaker?: ThumbnailMaker;
  /** The server of this process; undefined: the stations come from other hosts. */
  readonly operator?: Operator;
  /** The operator's password and tokens; undefined: every client on this machine is the operator, and no other. */
  readonly credentials?: CredentialsFile;
  /** Presentation time minus time stamp of every picture, in every player; default COMMON_DELAY. */
  readonly delay?: Millis;
  /** Addresses of proxies that name their clients; default none. */
  readonly trustedProxies?: readonly string[];
  /** Most connections that the process has descriptors for now; undefined: any number. */
  mostConnections?(): number;
  /** The gateway's clock (Unix epoch). */
  now(): Millis;
  /** One line for the log: never text of a client, and never as often as clients like. */
  log(line: string): void;
}

/** The context that the routes share. */
export interface RouteContext extends GatewayContext {
  readonly access: Access;
  readonly connections: Connections;
  readonly answers: Answers;
  /** The client of a request; a trusted proxy's, not the proxy. */
  clientOf(request: IncomingMessage): Client;
}

/** Adds the routes of one feature. */
export type Routes = (app: FastifyInstance, context: RouteContext) => void;

export function routeContextOf(context: GatewayContext): RouteContext {
  const { credentials, timers, trustedProxies } = context;
  const log = (line: string) => context.log(line);
  const proxies = new Proxies(trustedProxies);
  const access = new Access({ credentials, log, proxies, now: () => timers.now() });
  const clientOf = (request: IncomingMessage): Client => {
    const { headers, httpVersion } = request;
    return { address: proxies.clientOf(request), headers, httpVersion };
  };
  const connections = new Connections({
    timers,
    proxies,
    log,
    mostNow: context.mostConnections && (() => context.mostConnections!()),
    isPrivileged: (request) => access.isPrivileged(clientOf(request)),
  });
  return { ...context, now: () => context.now(), log, access, connections, answers: new Answers(), clientOf };
}
