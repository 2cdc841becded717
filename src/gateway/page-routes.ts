/** The pages, `/` and `/operator`, and the files that they load. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { Routes } from './context.js';
import { HttpProblem } from './http-problem.js';

/** Page files by address. */
const pages: Readonly<Record<string, string>> = { '/': 'index.html', '/operator': 'operator.html' };

/** For files in `assets/`, whose names contain a hash of their content. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

const notBuilt = (): HttpProblem =>
  new HttpProblem(
    503,
    'The pages are not built',
    'Run `npm run build` where MultiStreamCast is installed, and restart it. Players can use /stations.m3u.',
  );

/**
 * Routes for the pages in `folder`, which is listed once. Every file is a route of its own, so an address of a request
 * never becomes a path. A file is sent compressed where the build has put its compressed form (`.br`, `.gz`) beside it.
 */
export const pageRoutesOf =
  (folder: string): Routes =>
  (app) => {
    void app.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      index: false,
      // Pages have addresses of their own; compressed forms have none.
      globIgnore: ['*.html', '**/*.{br,gz}'],
      preCompressed: true,
      cacheControl: false,
      setHeaders: (response, path) => {
        response.setHeader('cache-control', basename(dirname(path)) === 'assets' ? FOR_EVER : ASK_AGAIN);
        response.setHeader('vary', 'accept-encoding');
      },
    });
    const built = existsSync(folder);
    // Pages are sent whole each time. ETags come from size and modification time, which can stay the same from one
    // published version to the next: the assets in a page have other names, of the same length.
    for (const [address, name] of Object.entries(pages)) {
      app.get(address, (_request, reply) => {
        if (!built) throw notBuilt();
        return reply.sendFile(name, { etag: false, lastModified: false });
      });
    }
  };

/** The pages of the package: `dist/web`, beside this file's `dist/src/gateway`. */
export const pageRoutes: Routes = (app, context) =>
  pageRoutesOf(fileURLToPath(new URL('../../web/', import.meta.url)))(app, context);
