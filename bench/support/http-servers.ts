/** Programs that send one station to many TCP viewers: ours, and others with the same packets. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asNobody, Program } from './processes.js';
import { BIT_RATE, type Prepared } from './reels.js';
import { serveStations } from './serve.js';

export interface HttpTask {
  /** A build's bin/msc.js. */
  msc: string;
  folder: string;
  /** Folder of the store. */
  store: string;
  reel: Prepared;
  /** A file with enough of the stream for a measurement. */
  long: string;
}

export interface HttpServer {
  name: string;
  needs: readonly string[];
  /** Resolves with its processes, the measured one first, and the station's address. */
  start(task: HttpTask): Promise<{ programs: Program[]; url: string }>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, program: Program): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (program.hasEnded) throw new Error(program.errors);
    const isOpen = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD', signal: AbortSignal.timeout(500) }).then(
      () => true,
      (error: Error) => (error.cause as { code?: string })?.code !== 'ECONNREFUSED' && error.name !== 'TimeoutError',
    );
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}. ${program.errors}`);
}

const ours = ({ msc, store, reel }: HttpTask) =>
  serveStations({
    program: msc,
    store,
    sources: [reel.source],
    flags: ['--control-port', '0', '--http', '127.0.0.1:0'],
  });

export const httpServers: HttpServer[] = [
  {
    name: 'msc serve',
    needs: [],
    async start(task) {
      const { server, stations, url } = await ours(task);
      return { programs: [server], url: `${url}/stations/${stations[0]!.id}.ts` };
    },
  },
  {
    name: 'msc gateway',
    needs: [],
    async start(task) {
      const { server, stations } = await ours(task);
      const port = await freePort();
      const gateway = new Program(process.execPath, [task.msc, 'gateway', '--http', `127.0.0.1:${port}`]);
      await listening(port, gateway);
      const url = `http://127.0.0.1:${port}/stations/${stations[0]!.id}.ts`;
      for (let tries = 0; (await fetch(url, { method: 'HEAD' })).status !== 200; tries++) {
        if (tries === 200) throw new Error(`the gateway did not find the station. ${gateway.errors}`);
        await sleep(50);
      }
      return { programs: [gateway, server], url };
    },
  },
  {
    name: 'nginx, a file at limit_rate',
    needs: ['nginx'],
    async start({ folder, long }) {
      const port = await freePort();
      const home = join(folder, 'nginx');
      mkdirSync(home, { recursive: true });
      const configuration = `daemon off; worker_processes 1; user root; pid ${home}/pid; error_log stderr warn;
events { worker_connections 2048; }
http { access_log off; sendfile on; client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy;
fastcgi_temp_path ${home}/fastcgi; uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
server { listen 127.0.0.1:${port}; location = /film.ts { alias ${long}; limit_rate ${BIT_RATE / 8}; } } }`;
      writeFileSync(join(home, 'nginx.conf'), configuration);
      const nginx = new Program('nginx', ['-c', join(home, 'nginx.conf'), '-p', home]);
      await listening(port, nginx);
      return { programs: [nginx], url: `http://127.0.0.1:${port}/film.ts` };
    },
  },
  {
    name: 'GStreamer tcpserversink',
    needs: ['gst-launch-1.0'],
    async start({ long }) {
      const port = await freePort();
      const pipeline =
        `filesrc location=${long} ! tsparse set-timestamps=true ! identity sync=true ! tcpserversink host=127.0.0.1 ` +
        `port=${port} sync=false recover-policy=keyframe`;
      const gst = new Program('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
      await sleep(1_500);
      if (gst.hasEnded) throw new Error(gst.errors);
      return { programs: [gst], url: `tcp://127.0.0.1:${port}` };
    },
  },
  {
    name: 'VLC',
    needs: ['vlc'],
    async start({ folder, long }) {
      const port = await freePort();
      const sout = `#standard{access=http,mux=ts,dst=127.0.0.1:${port}/film.ts}`;
      const vlc = new Program('cvlc', ['-q', long, '--sout', sout], { before: asNobody, env: { HOME: folder } });
      await listening(port, vlc);
      return { programs: [vlc], url: `http://127.0.0.1:${port}/film.ts` };
    },
  },
];
