import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StationInfo } from '../../src/wire/station-info.js';
import { Program, type ProgramOptions } from './processes.js';

/** Time for all stations to go on air, ms. */
const PATIENCE = 45_000;

export interface Serving {
  server: Program;
  /** In the order of the sources. */
  stations: StationInfo[];
  /** Of its gateway, with --http. */
  url: string;
  /** Seconds from the command to the last station on air. */
  onAirAfter: number;
  /** The server's last event, once it has ended: the totals of its playout. */
  offAir(): OffAir | null;
}

export interface OffAir {
  packets: number;
  droppedLate: number;
  lateness: { median: number; p99: number; max: number };
}

/**
 * Puts each source on the air as a station. `program`: a build's bin/msc.js; `store`: a folder. Rejects
 * when the server ends, or time is up, before all are on air.
 */
export async function serveStations(options: {
  program: string;
  store: string;
  sources: readonly string[];
  flags: readonly string[];
  /** Its environment, and a command that runs it. */
  spawning?: ProgramOptions;
}): Promise<Serving> {
  const { program, store, sources, flags, spawning } = options;
  const names = sources.map((source, i) => `S${i + 1}=${source}`);
  const words = [program, 'serve', ...names, '--store', store, ...flags, '--json', '--quiet'];
  const began = performance.now();
  const server = new Program(process.execPath, words, spawning);
  const stations: StationInfo[] = [];
  let url = '';
  let totals: OffAir | null = null;
  const onAir = new Promise<true>((resolve) => {
    createInterface({ input: server.child.stdout! }).on('line', (line) => {
      const { event, ...fields } = JSON.parse(line);
      if (event === 'on-air') stations.push(fields.station);
      if (event === 'http') url = fields.url;
      if (event === 'off-air') totals = { ...fields, stations: undefined };
      if (stations.length === sources.length) resolve(true);
    });
  });
  const ended = once(server.child, 'close').then(() => false);
  if (await Promise.race([onAir, ended, sleep(PATIENCE, false, { ref: false })])) {
    const onAirAfter = (performance.now() - began) / 1000;
    return { server, stations: stations.sort((a, b) => a.number - b.number), url, onAirAfter, offAir: () => totals };
  }
  await server.end();
  throw new Error(`msc serve: ${stations.length} of ${sources.length} stations went on air. ${server.errors}`);
}
