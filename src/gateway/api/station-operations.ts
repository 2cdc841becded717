/** Stations and their programmes, open to all clients. */
import { z } from 'zod';
import { Millis } from '../../base/units.js';
import { type ApiStation, guideSchema, MOST_PROGRAMMES, stationSchema, stationsSchema } from '../../contract/api.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { StationSource } from '../source.js';
import type { Operations } from './api-context.js';

const HOUR = Millis(3_600_000);
const GUIDE_TIME = Millis(6 * HOUR);
const MOST_GUIDE_TIME = Millis(48 * HOUR);

export const stationId = z
  .string()
  .max(400)
  .meta({ description: 'Id of a station.', examples: ['big-buck-bunny'] });
export const stationParams = z.object({ id: stationId });
/** A Sunday in March 2026. */
const EXAMPLE_TIME = Millis(1_772_366_400_000);

const moment = z.coerce.number().min(0).max(1e15).optional();
const guideQuery = z.object({
  from: moment.meta({ description: 'Milliseconds since the Unix epoch; default: now.', examples: [EXAMPLE_TIME] }),
  to: moment.meta({
    description: 'At most 48 hours after `from`; default: 6 hours after it.',
    examples: [EXAMPLE_TIME + HOUR],
  }),
});

const described = ({ info, oldest }: StationSource): ApiStation => ({ ...info, oldest });

export const stationOperations: Operations = (scope, { catalogue, now }) => {
  scope.get(
    '/stations',
    {
      schema: {
        operationId: 'listStations',
        summary: 'All stations on the air, in order of number',
        response: { 200: stationsSchema },
      },
    },
    async () => ({ stations: catalogue.stations.map(described) }),
  );
  scope.get(
    '/stations/:id',
    {
      schema: {
        operationId: 'getStation',
        summary: 'One station',
        params: stationParams,
        response: { 200: stationSchema },
      },
      config: { problems: [404] },
    },
    async ({ params }) => {
      const station = catalogue.find(params.id);
      if (!station) throw noSuchStation();
      return described(station);
    },
  );
  scope.get(
    '/guide',
    {
      schema: {
        operationId: 'getGuide',
        summary: 'Programmes of all stations within a time',
        description: `Programmes that overlap the time, in full; the first ${MOST_PROGRAMMES} of each station.`,
        querystring: guideQuery,
        response: { 200: guideSchema },
      },
    },
    async ({ query }) => {
      const from = Millis(query.from ?? now());
      const to = Millis(query.to ?? from + GUIDE_TIME);
      if (to < from || to - from > MOST_GUIDE_TIME) {
        throw new HttpProblem(400, 'Bad request', '"to" must not be before "from", nor more than 48 hours after it.');
      }
      const programmesOf = (station: StationSource) => station.programmes(from, to).slice(0, MOST_PROGRAMMES);
      return {
        stations: catalogue.stations.map((station) => ({
          id: station.info.id,
          programmes: programmesOf(station),
        })),
      };
    },
  );
};
