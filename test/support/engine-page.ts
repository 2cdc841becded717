/**
 * Serves the page of web/dev/engine and relays its connections to a gateway, so that a test can interrupt them as networks
 * do.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { extname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { sharedFolder } from './spool.js';

const root = fileURLToPath(new URL('../../../web/dev/engine', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
/** As strict as a gateway's own. */
const POLICY = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:";

export interface EnginePage {
  /** Of the page. */
  readonly url: string;
  /** The gateway's address, for connections from now on. */
  target: string;
  /** Number of connections made. */
  readonly connections: number;
  /** Ends all connections. */
  cut(): void;
  /** Connections stay open, but deliver nothing any more. */
  freeze(): void;
}

let built: Promise<string> | undefined;

/** The folder of the built page: built once for all tests of a process. */
function buildPage(): Promise<string> {
  built ??= (async () => {
    const folder = sharedFolder();
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true, target: 'es2022' },
      worker: { format: 'es' },
    });
    return folder;
  })();
  return built;
}

export async function serveEnginePage(context: TestContext, gateway: string): Promise<EnginePage> {
  const folder = await buildPage();
  let connections = 0;
  const pairs = new Set<[Socket, Socket]>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    const file = join(folder, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.setHeader('content-security-policy', POLICY);
    response.end(readFileSync(file));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const { hostname, port } = new URL(page.target);
    const there = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [socket, there];
    pairs.add(pair);
    connections++;
    for (const [each, other] of [pair, [there, socket] as const]) {
      each.setNoDelay(true);
      each.on('error', () => each.destroy());
      each.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
    const lines = [`GET ${request.url} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(request.rawHeaders.slice(i, i + 2).join(': '));
    there.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.pipe(there).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const page: EnginePage = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    target: gateway,
    get connections() {
      return connections;
    },
    cut: () => {
      for (const [socket] of pairs) socket.destroy();
    },
    freeze: () => {
      for (const [socket, there] of pairs) {
        socket.unpipe(there);
        there.unpipe(socket);
      }
    },
  };
  context.after(async () => {
    page.cut();
    server.closeAllConnections();
    server.close();
  });
  return page;
}
