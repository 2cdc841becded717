/** `msc watch --player browser`: the viewer's page, for the stations that are received here. */
import { spawn } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';
import type { Millis } from '../base/units.js';
import { chooseChannel, requireStations } from '../viewer/channels.js';
import type { StationInfo } from '../wire/station-info.js';
import { aborted } from './aborted.js';
import { findChannels } from './find.js';
import { openNetworkGateway } from './gateway.js';
import { openOutput } from './output.js';

export interface BrowserOptions {
  /** Number, id or name; undefined: the page shows them all. */
  station?: string;
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** Names or addresses of further interfaces on which stations are received. */
  also?: string[];
  /** When what is watched was on the air (Unix epoch); undefined: now. */
  at?: Millis;
  /** How long after its time stamp each picture is shown; undefined: COMMON_DELAY. */
  delay?: Millis;
  /** Ends after so long; undefined: when the user ends it. */
  duration?: Millis;
  json: boolean;
  quiet: boolean;
  /** Ends it. */
  signal: AbortSignal;
}

/** Runs until `signal`; returns the exit code. Rejects with a Problem: no station, no such one, no such interface. */
export async function runInBrowser(options: BrowserOptions): Promise<number> {
  const output = openOutput(options);
  const channels = await findChannels(options);
  requireStations(channels, options.interface);
  const chosen = options.station === undefined ? null : chooseChannel(channels, options.station);
  const gateway = await openNetworkGateway({ ...options, http: { host: '127.0.0.1', port: 0 } }, output);
  try {
    await gateway.catalogue.open();
    const page = new URL(gateway.url);
    const isChosen = ({ group, port }: StationInfo) => group === chosen?.info.group && port === chosen.info.port;
    const there = gateway.catalogue.stations.find(({ info }) => isChosen(info));
    if (there) page.hash = hashOf(there.info.id, options.at);
    output.say(`In the browser: ${page.href}`);
    output.event({ event: 'http', url: page.href });
    openBrowser(page.href, (trouble) => output.say(`${trouble}: open that address yourself.`));
    const over = [aborted(options.signal)];
    if (options.duration !== undefined) over.push(after(options.duration, undefined, { ref: false }));
    await Promise.race(over);
    return 0;
  } finally {
    await gateway.close();
  }
}

/** As the page's links are: a station, and a moment of it. */
const hashOf = (id: string, at: Millis | undefined): string =>
  `/${encodeURIComponent(id)}${at === undefined ? '' : `?t=${new Date(at).toISOString()}`}`;

/** Opens an address as the user's system does, or with the program in MSC_BROWSER; which goes on without us. */
function openBrowser(url: string, onTrouble: (trouble: string) => void): void {
  const own = process.env.MSC_BROWSER;
  const usual: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', '""'],
  };
  const [program, ...words] = own ? [own] : (usual[process.platform] ?? ['xdg-open']);
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true });
  child.on('error', () => onTrouble(`${program} cannot be started`));
  child.on('exit', (code) => {
    if (code) onTrouble(`${program} opened no browser`);
  });
  child.unref();
}
