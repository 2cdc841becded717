/** What every route of a gateway is given. */
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
  /** Of the stations' multicast packets, for their descriptions. */
  readonly ttl: number;
  readonly timers: Timers;
  /** Undefined: posters are the only thumbnails. */
  readonly thumbnailMaker?: ThumbnailMaker;
  /** What the server itself knows of its stations; nothing where they come from another host. */
  readonly operator?: Operator;
  /** Where the operator's password and tokens are; nothing: only whoever sits at this machine is the operator. */
  readonly credentials?: CredentialsFile;
  /** How long after its own time stamp each picture is shown, everywhere; COMMON_DELAY unless told otherwise. */
  readonly delay?: Millis;
  /** The gateway's clock (Unix epoch). */
  now(): Millis;
  /** One line for the log: never what a client sent, or as often as clients like. */
  log(line: string): void;
}

/** Adds routes for one thing. */
export type Routes = (app: FastifyInstance, context: GatewayContext) => void;
