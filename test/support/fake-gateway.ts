/** The context of a gateway's routes without a server: the test turns the clock, the log is a list. */

import { type FastifyInstance, fastify } from 'fastify';
import { Millis } from '../../src/base/units.js';
import type { CredentialsData, CredentialsFile } from '../../src/gateway/access/credentials.js';
import { apiRoutes } from '../../src/gateway/api/api-routes.js';
import { type GatewayContext, routeContextOf } from '../../src/gateway/context.js';
import { type GatewayViewer, Viewers } from '../../src/gateway/viewers.js';
import { FakeCatalogue, FakeStation } from './fake-catalogue.js';
import { FakeOperator } from './fake-operator.js';
import { HandTimers } from './hand-timers.js';
import { makeStation } from './stations.js';

/** A Sunday in March 2026. */
export const EPOCH = Millis(1_772_366_400_000);

export interface FakeGateway {
  context: GatewayContext & { catalogue: FakeCatalogue };
  operator: FakeOperator;
  viewers: Viewers;
  timers: HandTimers;
  lines: string[];
  credentials: { data: CredentialsData };
}

/** Two stations on the air. */
export function fakeGateway(): FakeGateway {
  const infos = [makeStation(1), makeStation(2, { name: 'Lobby "west" \\ Größe' })];
  const timers = new HandTimers();
  const lines: string[] = [];
  const credentials = { data: { version: 1, password: null, tokens: [] } as CredentialsData };
  const operator = new FakeOperator(...infos);
  const viewers = new Viewers();
  const now = () => Millis(EPOCH + timers.now());
  const context = {
    catalogue: new FakeCatalogue(...infos.map((info) => new FakeStation(info, now))),
    viewers,
    server: 'projector',
    ttl: 1,
    timers,
    operator,
    credentials: { read: async () => credentials.data } as CredentialsFile,
    now,
    log: (line: string) => void lines.push(line),
    delay: Millis(200),
  };
  return { context, operator, viewers, timers, lines, credentials };
}

/** The API's routes without a port: `inject` sends requests from any address. */
export function openApi(test: { after(run: () => Promise<unknown>): void }, context: GatewayContext): FastifyInstance {
  const app = fastify();
  apiRoutes(app, routeContextOf(context));
  test.after(() => app.close());
  return app;
}

export const fakeViewer = (changes: Partial<GatewayViewer> = {}): GatewayViewer => ({
  kind: 'live',
  address: '192.0.2.17',
  station: 'station-1',
  since: EPOCH,
  bytes: 0,
  behind: Millis(20),
  moved: 0,
  report: null,
  close: () => {},
  ...changes,
});
