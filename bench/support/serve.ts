/** `msc serve` at work for a benchmark. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { StationInfo } from '../../src/wire/station-info.js';
import { Program } from './processes.js';

export interface Serving {
  server: Program;
  /** In the order of the sources. */
  stations: StationInfo[];
  /** Of its gateway, where it has one. */
  url?: string;
}

/**
 * Puts each source on the air as a station; `program` is a build's bin/msc.js. Rejects when it ends before all are.
 */
export async function serveStations(
  program: string,
  sources: readonly string[],
  flags: readonly string[],
): Promise<Serving> {
  const names = sources.map((source, i) => `S${i + 1}=${source}`);
  const server = new Program(process.execPath, [program, 'serve', ...names, ...flags, '--json', '--quiet']);
  const stations: StationInfo[] = [];
  let url: string | undefined;
  const onAir = new Promise<true>((resolve) => {
    createInterface({ input: server.child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'on-air') stations.push(event.station);
      if (event.event === 'http') url = event.url;
      if (stations.length === sources.length) resolve(true);
    });
  });
  if (await Promise.race([onAir, once(server.child, 'close').then(() => false)])) {
    return { server, stations: stations.sort((a, b) => a.number - b.number), url };
  }
  throw new Error(`msc serve: ${stations.length} of ${sources.length} stations came on the air. ${server.said}`);
}
