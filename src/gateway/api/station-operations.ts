/** Stations and their programmes, open to all clients. */
import { z } from 'zod';
import { Millis } from '../../base/units.js';
import {
  type ApiStation,
  guideSchema,
  MOST_PROGRAMMES,
  sessionSchema,
  stationSchema,
  stationsSchema,
} from '../../contract/api.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { StationSource } from '../source.js';
import { operation } from './operation.js';

const HOUR = Millis(3_600_000);
const GUIDE_TIME = Millis(6 * HOUR);
const MOST_GUIDE_TIME = Millis(48 * HOUR);

export const stationParams = z.object({ id: z.string().max(400).describe('Id of a station.') });
export const stationExample = { id: 'big-buck-bunny' };
/** A Sunday in March 2026. */
const EXAMPLE_TIME = Millis(1_772_366_400_000);

const moment = z.coerce.number().min(0).max(1e15).optional();
const guideQuery = z.object({
  from: moment.describe('Milliseconds since the Unix epoch; default: now.'),
  to: moment.describe('At most 48 hours after `from`; default: 6 hours after it.'),
});

const described = ({ info, oldest }: StationSource): ApiStation => ({ ...info, oldest });

export const stationOperations = [
  operation({
    id: 'listStations',
    method: 'GET',
    path: '/stations',
    summary: 'All stations on the air, in order of number',
    right: 'anybody',
    reply: stationsSchema,
    run: ({ context }) => ({ stations: context.catalogue.stations.map(described) }),
  }),
  operation({
    id: 'getStation',
    method: 'GET',
    path: '/stations/{id}',
    summary: 'One station',
    right: 'anybody',
    params: stationParams,
    reply: stationSchema,
    problems: [404],
    examples: { params: stationExample },
    run: ({ context, params }) => {
      const station = context.catalogue.find(params.id);
      if (!station) throw noSuchStation();
      return described(station);
    },
  }),
  operation({
    id: 'getGuide',
    method: 'GET',
    path: '/guide',
    summary: 'Programmes of all stations within a time',
    description: `Programmes that overlap the time, in full; the first ${MOST_PROGRAMMES} of each station.`,
    right: 'anybody',
    query: guideQuery,
    reply: guideSchema,
    examples: { query: { from: EXAMPLE_TIME, to: EXAMPLE_TIME + HOUR } },
    run: ({ context, query }) => {
      const from = Millis(query.from ?? context.now());
      const to = Millis(query.to ?? from + GUIDE_TIME);
      if (to < from || to - from > MOST_GUIDE_TIME) {
        throw new HttpProblem(400, 'Bad request', '"to" must not be before "from", nor more than 48 hours after it.');
      }
      const programmesOf = (station: StationSource) => station.programmes(from, to).slice(0, MOST_PROGRAMMES);
      return {
        stations: context.catalogue.stations.map((station) => ({
          id: station.info.id,
          programmes: programmesOf(station),
        })),
      };
    },
  }),
  operation({
    id: 'getSession',
    method: 'GET',
    path: '/session',
    summary: 'Whether the client is the operator',
    right: 'anybody',
    reply: sessionSchema,
    run: async ({ context: { access }, client }) => ({
      operator: (await access.callerOf(client))?.by ?? null,
      password: await access.hasPassword(),
    }),
  }),
];
