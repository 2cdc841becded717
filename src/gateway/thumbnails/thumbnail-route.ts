/** `/stations/{id}/still.jpg`: what the station sends now, as a small picture. */
import type { FastifyInstance } from 'fastify';
import type { GatewayContext } from '../context.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { Thumbnails } from './thumbnails.js';

/** Seconds. */
const FRESH = 3;

export function thumbnailRoute(app: FastifyInstance, { catalogue }: GatewayContext, thumbnails: Thumbnails): void {
  app.get<{ Params: { id: string } }>('/stations/:id/still.jpg', async (request, reply) => {
    const { id } = request.params;
    if (!catalogue.find(id)) throw noSuchStation();
    const still = await thumbnails.latest(id);
    if (still === null) throw new HttpProblem(404, 'No picture', 'The station has sent none yet. Try again later.');
    return reply
      .type('image/jpeg')
      .header('cache-control', `public, max-age=${FRESH}`)
      .header('last-modified', new Date(still.time).toUTCString())
      .send(still.jpeg);
  });
}
