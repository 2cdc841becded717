/** `/stations/{id}/thumbnail.jpg`: a small picture of the stream, at most five seconds old. */
import type { FastifyInstance } from 'fastify';
import type { GatewayContext } from '../context.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import type { Thumbnails } from './thumbnails.js';

/** Seconds that caches may keep it. */
const MAX_AGE = 3;

export function thumbnailRoute(app: FastifyInstance, { catalogue }: GatewayContext, thumbnails: Thumbnails): void {
  app.get<{ Params: { id: string } }>('/stations/:id/thumbnail.jpg', async (request, reply) => {
    const { id } = request.params;
    if (!catalogue.find(id)) throw noSuchStation();
    const thumbnail = await thumbnails.latest(id);
    if (thumbnail === null) {
      throw new HttpProblem(404, 'No picture', 'The station has sent no picture yet. Try again later.');
    }
    return reply
      .type('image/jpeg')
      .header('cache-control', `public, max-age=${MAX_AGE}`)
      .header('last-modified', new Date(thumbnail.time).toUTCString())
      .send(thumbnail.jpeg);
  });
}
