/** `msc watch --player browser`: the viewer's page, with the stations that this machine receives. */
import { spawn } from 'node:child_process';
import { setTimeout as after } from 'node:timers/promises';
import type { Millis } from '../base/units.js';
import { chooseChannel, requireStations } from '../viewer/channels.js';
import type { StationInfo } from '../wire/station-info.js';
import { aborted } from './aborted.js';
import { findChannels } from './find.js';
import { openNetworkGateway } from './gateway.js';
import { readKey } from './key.js';
import { openOutput } from './output.js';

export interface BrowserOptions {
  /** Number, id or name; undefined: the page lists all. */
  station?: string;
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** File with the key of the servers that are believed; undefined: those without one. */
  key?: string;
  /** Names or addresses of further interfaces on which stations are received. */
  also?: string[];
  /** When the first picture was on the air (Unix epoch); undefined: now. */
  at?: Millis;
  /** Languages of the sound, the preferred one first; undefined: what the page's viewer chose last. */
  audio?: string[];
  /** Languages of the subtitles, the preferred one first; undefined: what the page's viewer chose last. */
  subtitles?: string[];
  /** How long after its time stamp each picture is shown; undefined: COMMON_DELAY. */
  delay?: Millis;
  /** Ends after this time; undefined: when the user ends it. */
  duration?: Millis;
  json: boolean;
  quiet: boolean;
  /** Ends it. */
  signal: AbortSignal;
}

/** Runs until `signal`; returns the exit code. Rejects with a Problem: no station, none of that name, no such interface. */
export async function runInBrowser(options: BrowserOptions): Promise<number> {
  const output = openOutput(options);
  const key = await readKey(options.key, output.print);
  const leftOut: string[] = [];
  const channels = await findChannels({ ...options, key, onLeftOut: (lines) => leftOut.push(...lines) });
  requireStations(channels, options.interface, leftOut);
  const chosen = options.station === undefined ? null : chooseChannel(channels, options.station);
  const gateway = await openNetworkGateway({ ...options, key, http: { host: '127.0.0.1', port: 0 } }, output);
  try {
    await gateway.catalogue.open();
    const page = new URL(gateway.url);
    const { audio, subtitles } = options;
    for (const [name, languages] of Object.entries({ audio, subtitles })) {
      if (languages) page.searchParams.set(name, languages.join());
    }
    const isChosen = ({ group, port }: StationInfo) => group === chosen?.info.group && port === chosen.info.port;
    const source = gateway.catalogue.stations.find(({ info }) => isChosen(info));
    if (source) page.hash = hashOf(source.info.id, options.at);
    output.print(`In the browser: ${page.href}`);
    output.event({ event: 'http', url: page.href });
    openBrowser(page.href, (failure) => output.print(`${failure}: open that address yourself.`));
    const ends = [aborted(options.signal)];
    if (options.duration !== undefined) ends.push(after(options.duration, undefined, { ref: false }));
    await Promise.race(ends);
    return 0;
  } finally {
    await gateway.close();
  }
}

/** The form of the page's links: a station, and a moment of it. */
const hashOf = (id: string, at: Millis | undefined): string =>
  `/${encodeURIComponent(id)}${at === undefined ? '' : `?t=${new Date(at).toISOString()}`}`;

function browserCommand(): [program: string, words?: readonly string[]] {
  const own = process.env.MSC_BROWSER;
  if (own) return [own];
  if (process.platform === 'darwin') return ['open'];
  return process.platform === 'win32' ? ['cmd', ['/c', 'start', '""']] : ['xdg-open'];
}

/** Opens an address with the program in MSC_BROWSER, or as the user's system does. The browser outlives this process. */
function openBrowser(url: string, onFailure: (failure: string) => void): void {
  const [program, words = []] = browserCommand();
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true });
  child.on('error', () => onFailure(`${program} cannot be started`));
  child.on('exit', (code) => {
    if (code) onFailure(`${program} opened no browser`);
  });
  child.unref();
}
