/** The viewer's page with the made-up stations of web/dev, built and served as by a gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fastify } from 'fastify';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import type { RouteContext } from '../../src/gateway/context.js';
import { pageRoutesOf } from '../../src/gateway/page-routes.js';

const config = fileURLToPath(new URL('../../../web/dev/vite.config.js', import.meta.url));

/** As strict as a gateway's own. */
const POLICY = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:";

/** Serves the page until the test ends; returns its address. */
export async function servePage(context: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'msc-page-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  await build({ configFile: config, logLevel: 'error', build: { outDir: folder } });
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', POLICY);
  });
  // There are no posters, only thumbnails.
  app.get('/stations/:station/poster.jpg', async (_request, reply) => reply.code(204).send());
  pageRoutesOf(folder)(app, {} as RouteContext);
  context.after(() => app.close());
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** `click NAME` clicks the button of that name; anything else is a key. */
export async function press(page: Page, key: string): Promise<void> {
  if (key.startsWith('click ')) await page.getByRole('button', { name: key.slice(6), exact: true }).click();
  else await page.keyboard.press(key);
}
