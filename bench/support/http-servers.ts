/** Programs that send one station to many viewers by TCP: ours, and others with the same packets. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from './processes.js';
import { BIT_RATE, type Prepared } from './reels.js';
import { serveStations } from './serve.js';

export interface HttpTask {
  /** A build's bin/msc.js. */
  msc: string;
  folder: string;
  /** Of the store. */
  store: string;
  reel: Prepared;
  /** Where there is enough of the stream for a whole measurement in one file. */
  long: string;
}

export interface HttpServer {
  name: string;
  command: string;
  /** Starts it; resolves with its processes and the address at which a viewer finds the station. */
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
    if (program.hasEnded) throw new Error(program.said);
    const isOpen = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD', signal: AbortSignal.timeout(500) }).then(
      () => true,
      (error: Error) => (error.cause as { code?: string })?.code !== 'ECONNREFUSED' && error.name !== 'TimeoutError',
    );
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}. ${program.said}`);
}

const ours = async ({ msc, store, reel }: HttpTask) => {
  const port = await freePort();
  const flags = ['--store', store, '--control-port', '0', '--http', `127.0.0.1:${port}`];
  const { server, stations } = await serveStations(msc, [reel.source], flags);
  return { server, stations, port };
};

export const httpServers: HttpServer[] = [
  {
    name: 'msc serve',
    command: process.execPath,
    async start(task) {
      const { server, stations, port } = await ours(task);
      return { programs: [server], url: `http://127.0.0.1:${port}/stations/${stations[0]!.id}.ts` };
    },
  },
  {
    name: 'msc gateway',
    command: process.execPath,
    async start(task) {
      const { server, stations } = await ours(task);
      const port = await freePort();
      const gateway = new Program(process.execPath, [task.msc, 'gateway', '--http', `127.0.0.1:${port}`]);
      await listening(port, gateway);
      const url = `http://127.0.0.1:${port}/stations/${stations[0]!.id}.ts`;
      for (let tries = 0; (await fetch(url, { method: 'HEAD' })).status !== 200; tries++) {
        if (tries === 200) throw new Error(`the gateway does not find the station. ${gateway.said}`);
        await sleep(50);
      }
      // What playing costs is not what is measured here.
      return { programs: [gateway, server], url };
    },
  },
  {
    name: 'nginx, a file at limit_rate',
    command: 'nginx',
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
    command: 'gst-launch-1.0',
    async start({ long }) {
      const port = await freePort();
      const pipeline =
        `filesrc location=${long} ! tsparse set-timestamps=true ! identity sync=true ! tcpserversink host=127.0.0.1 ` +
        `port=${port} sync=false recover-policy=keyframe`;
      const gst = new Program('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
      await sleep(1_500);
      if (gst.hasEnded) throw new Error(gst.said);
      return { programs: [gst], url: `tcp://127.0.0.1:${port}` };
    },
  },
  {
    name: 'VLC',
    command: 'cvlc',
    async start({ folder, long }) {
      const port = await freePort();
      const sout = `#standard{access=http,mux=ts,dst=127.0.0.1:${port}/film.ts}`;
      // It refuses to run as root.
      const nobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
      const [command, ...words] = [...nobody, 'cvlc', '-q', long, '--sout', sout];
      const vlc = new Program(command, words, { env: { HOME: folder } });
      await listening(port, vlc);
      return { programs: [vlc], url: `http://127.0.0.1:${port}/film.ts` };
    },
  },
];
