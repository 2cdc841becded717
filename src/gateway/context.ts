/** The context that all routes of a gateway share. */
import type { FastifyInstance } from 'fastify';
import type { Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import type { Operator } from '../contract/server-view.js';
import type { CredentialsFile } from './access/credentials.js';
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
  /** The gateway's clock (Unix epoch). */
  now(): Millis;
  /** One line for the log: never text of a client, and never as often as clients like. */
  log(line: string): void;
}

/** Adds the routes of one feature. */
export type Routes = (app: FastifyInstance, context: GatewayContext) => void;
