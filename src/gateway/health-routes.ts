/** `/healthz`: the process answers. `/readyz`: there are stations to watch. */
import type { Routes } from './context.js';
import { HttpProblem } from './http-problem.js';

export const healthRoutes: Routes = (app, { catalogue }) => {
  app.get('/healthz', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const stations = catalogue.stations.length;
    if (stations === 0) {
      const detail = 'No station is on the air yet. Try again in a moment.';
      throw new HttpProblem(503, 'Not ready', detail, { 'retry-after': '1' });
    }
    return reply.header('cache-control', 'no-store').send({ status: 'ok', stations });
  });
};
