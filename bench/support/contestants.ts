/** Programs that put a file on the air in many groups, each run as cheaply as we know how. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Store } from '../../src/reel/store.js';
import { isInstalled, msc } from '../support.js';
import type { BoundOptions } from './bound.js';
import { Program } from './processes.js';

export interface Destination {
  group: string;
  port: number;
}

export interface Task {
  stations: number;
  /** What ours plays: a source for each station, all prepared. */
  sources: readonly string[];
  store: Store;
  /** What the others play: a transport stream. */
  packets: string;
}

/** A contestant at work. */
export interface OnAir {
  programs: Program[];
  destinations: Destination[];
  /** Seconds from the command until every station was on the air; null where it does not say. */
  onAirAfter: number | null;
  /** What it said of itself when it ended. */
  stop(): Promise<OffAir | null>;
}

export interface OffAir {
  packets: number;
  droppedLate: number;
  lateness: { median: number; p99: number; max: number };
}

export interface Contestant {
  name: string;
  /** How it is run. */
  how: string;
  version: string;
  /** RTP timestamps are the wall-clock times at which packets are due. */
  isClocked: boolean;
  /** Milliseconds after which it runs as it will for hours: programs that are compiled while they run take their time. */
  warmUp?: number;
  /** With fewer stations it is as another contestant. */
  leastStations?: number;
  start(task: Task): Promise<OnAir>;
}

const PORT = 5_000;
const destination = (i: number): Destination => ({ group: `239.255.${i >> 8}.${i & 0xff}`, port: PORT });
const destinationsOf = (stations: number) => Array.from({ length: stations }, (_, i) => destination(i));

/** What stands behind "version" or its name, or first, when the program is asked. */
export function versionOf(command: string, words: string[]): string {
  const { stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  const [, named, bare] = /(?:version|mpv) (\S*\d[^\s,]*)|^(\d\S*)/.exec(`${stdout}${stderr}`) ?? [];
  return named ?? bare ?? '?';
}

async function endAll(programs: readonly Program[]): Promise<null> {
  await Promise.all(programs.map((program) => program.end(1_000)));
  return null;
}

/** Programs that need no more than to be started. */
const started = (programs: Program[], destinations: Destination[]): OnAir => ({
  programs,
  destinations,
  onAirAfter: null,
  stop: () => endAll(programs),
});

/** One process for all stations; `words` gives its command line. */
const inOneProcess = (command: string, words: (task: Task, destinations: Destination[]) => string[]) => ({
  start: async (task: Task): Promise<OnAir> => {
    const destinations = destinationsOf(task.stations);
    return started([new Program(command, words(task, destinations))], destinations);
  },
});

/** A process for each station. */
const inManyProcesses = (command: string, words: (task: Task, destination: Destination) => string[]) => ({
  start: async (task: Task): Promise<OnAir> => {
    const destinations = destinationsOf(task.stations);
    return started(
      destinations.map((to) => new Program(command, words(task, to))),
      destinations,
    );
  },
});

const ffmpegInput = (task: Task) => ['-re', '-stream_loop', '-1', '-i', task.packets];
const ffmpegOutput = (input: number, { group, port }: Destination) => [
  ...['-map', String(input), '-c', 'copy', '-f', 'mpegts'],
  `udp://${group}:${port}?pkt_size=1316&localaddr=127.0.0.1`,
];
const ffmpegQuiet = ['-nostdin', '-v', 'error'];

/** The PID of video, and of the PCR with it, in our transport streams. */
const PCR_PID = '256';

function ffmpeg(): Contestant {
  return {
    name: 'ffmpeg',
    how: '-re -c copy -f mpegts, one process, an input and an output a station',
    version: versionOf('ffmpeg', ['-version']),
    isClocked: false,
    ...inOneProcess('ffmpeg', (task, destinations) => [
      ...ffmpegQuiet,
      ...destinations.flatMap(() => ffmpegInput(task)),
      ...destinations.flatMap((to, i) => ffmpegOutput(i, to)),
    ]),
  };
}

function ffmpegFanOut(): Contestant {
  return {
    ...ffmpeg(),
    name: 'ffmpeg, one input',
    leastStations: 2,
    how: '-re -c copy -f mpegts, one process, one input for all: one programme under many addresses',
    ...inOneProcess('ffmpeg', (task, destinations) => [
      ...ffmpegQuiet,
      ...ffmpegInput(task),
      ...destinations.flatMap((to) => ffmpegOutput(0, to)),
    ]),
  };
}

function multicat(): Contestant {
  return {
    name: 'multicat',
    how: 'ingests -p, then multicat -p, a process a station',
    // It does not say; Debian does, where it comes from there: "multicat<tab>2.3-1".
    version: spawnSync('dpkg-query', ['--show', 'multicat'], { encoding: 'utf8' }).stdout?.split(/\s/)[1] ?? '?',
    isClocked: false,
    start: async (task) => {
      // When each packet leaves, for multicat to look up: beside the packets, with .aux behind the name.
      const { status, stderr } = spawnSync('ingests', ['-p', PCR_PID, task.packets], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`ingests: ${stderr}`);
      const words = (to: Destination) => ['-p', PCR_PID, task.packets, `${to.group}:${to.port}@127.0.0.1`];
      return inManyProcesses('multicat', (_, to) => words(to)).start(task);
    },
  };
}

function tsplay(): Contestant {
  return {
    name: 'tsplay',
    how: '-loop, two processes a station',
    version: versionOf('tsplay', []),
    isClocked: false,
    ...inManyProcesses('tsplay', ({ packets }, { group, port }) => [
      ...[packets, `${group}:${port}`, '-mcastif', '127.0.0.1', '-loop', '-quiet'],
    ]),
  };
}

function gstreamer(): Contestant {
  // Without auto-multicast=false the sink would join the group and receive what it sends.
  const pipeline = (packets: string, { group, port }: Destination) =>
    `filesrc location=${packets} blocksize=65800 ! tsparse set-timestamps=true alignment=7 ! ` +
    `udpsink host=${group} port=${port} multicast-iface=lo auto-multicast=false`;
  return {
    name: 'GStreamer',
    how: 'filesrc ! tsparse set-timestamps=true alignment=7 ! udpsink, one process, a pipeline a station',
    version: versionOf('gst-launch-1.0', ['--version']),
    isClocked: false,
    ...inOneProcess('gst-launch-1.0', ({ packets }, destinations) => [
      '--quiet',
      ...destinations.flatMap((to) => pipeline(packets, to).split(' ')),
    ]),
  };
}

/** Those of the others that are installed, and the names of those that are not. */
export function peers(): { found: Contestant[]; missing: string[] } {
  const all: [needs: string[], make: () => Contestant][] = [
    [['ffmpeg'], ffmpeg],
    [['ffmpeg'], ffmpegFanOut],
    [['multicat', 'ingests'], multicat],
    [['tsplay'], tsplay],
    [['gst-launch-1.0'], gstreamer],
  ];
  const isThere = ([needs]: (typeof all)[number]) => needs.every(isInstalled);
  const missing = all.filter((peer) => !isThere(peer)).flatMap(([needs]) => needs);
  return { found: all.filter(isThere).map(([, make]) => make()), missing: [...new Set(missing)] };
}

const ON_AIR_PATIENCE = 45_000;

/** `program` is the file that Node.js runs: `bin/msc.js`, or another build's. */
export function ours(program = msc): Contestant {
  const help = spawnSync(process.execPath, [program, 'serve', '--help'], { encoding: 'utf8' }).stdout;
  const workers = help.includes('--workers') ? ['--workers', '1'] : [];
  return {
    name: 'msc',
    how: `msc serve ${workers.join(' ')}`.trim(),
    version: spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' }).stdout.trim(),
    isClocked: true,
    warmUp: 15_000,
    start: async ({ stations, sources, store }) => {
      const names = sources.slice(0, stations).map((source, i) => `S${i + 1}=${source}`);
      const flags = [
        '--interface',
        'lo',
        '--store',
        store.folder,
        '--control-port',
        '0',
        '--json',
        '--quiet',
        ...workers,
      ];
      const began = performance.now();
      const server = new Program(process.execPath, [program, 'serve', ...names, ...flags]);
      const destinations: Destination[] = [];
      let offAir: OffAir | null = null;
      const allOnAir = new Promise<void>((resolve) => {
        createInterface({ input: server.child.stdout! }).on('line', (line) => {
          const event = JSON.parse(line);
          if (event.event === 'on-air') destinations.push({ group: event.station.group, port: event.station.port });
          if (event.event === 'off-air') offAir = { ...event, event: undefined, stations: undefined };
          if (destinations.length === stations) resolve();
        });
      });
      const failed = Promise.race([once(server.child, 'close'), sleep(ON_AIR_PATIENCE, null, { ref: false })]);
      const isOnAir = await Promise.race([allOnAir.then(() => true), failed.then(() => false)]);
      if (!isOnAir) {
        await server.end();
        throw new Error(`msc serve: ${destinations.length} of ${stations} stations came on the air. ${server.said}`);
      }
      return {
        programs: [server],
        destinations,
        onAirAfter: (performance.now() - began) / 1000,
        stop: async () => {
          await server.end();
          return offAir;
        },
      };
    },
  };
}

/** A bare loop that sends what ours sends at the pace of ours: nobody who sends this can cost less. */
export function bound(pace: Omit<BoundOptions, 'destinations'>): Contestant {
  return {
    name: 'sending alone',
    how: 'the same messages at the pace of msc, filled beforehand: a loop around sendmmsg',
    version: '',
    isClocked: false,
    start: async ({ stations }) => {
      const destinations = destinationsOf(stations);
      const entry = fileURLToPath(new URL('bound.js', import.meta.url));
      const program = new Program(process.execPath, [entry, JSON.stringify({ ...pace, destinations })]);
      return started([program], destinations);
    },
  };
}
