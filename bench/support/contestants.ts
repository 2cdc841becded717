/** Programs that send a file to many groups, each in its cheapest configuration. */

import { spawnSync } from 'node:child_process';
import { Millis } from '../../src/base/units.js';
import type { Store } from '../../src/reel/store.js';
import { available } from './benchmark.js';
import type { BoundTask } from './bound.js';
import { HelperProcess, Program } from './processes.js';
import { type OffAir, serveStations } from './serve.js';

export interface Destination {
  group: string;
  port: number;
}

export interface Task {
  stations: number;
  /** Prepared sources of our stations. */
  sources: readonly string[];
  store: Store;
  /** The transport stream that the others play. */
  packets: string;
}

export interface OnAir {
  programs: Program[];
  destinations: Destination[];
  /** Seconds from the command to the last station on air; null when it is unknown. */
  onAirAfter: number | null;
  /** Resolves with its own totals, if it has any. */
  stop(): Promise<OffAir | null>;
}

export interface Contestant {
  name: string;
  /** Its configuration. */
  how: string;
  version: string;
  /** Whether RTP timestamps are the wall-clock times at which packets are due. */
  isClocked: boolean;
  /** Time to reach its permanent speed, ms: just-in-time compilers are slow at first. */
  warmUp?: number;
  /** With fewer stations it equals another contestant. */
  leastStations?: number;
  start(task: Task): Promise<OnAir>;
}

const PORT = 5_000;
const destination = (i: number): Destination => ({ group: `239.255.${i >> 8}.${i & 0xff}`, port: PORT });
const destinationsOf = (stations: number) => Array.from({ length: stations }, (_, i) => destination(i));

/** The version in the output of a program: after "version" or its name, or at the start. */
export function versionOf(command: string, words: string[]): string {
  const { stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  const [, named, bare] = /(?:version|mpv) (\S*\d[^\s,]*)|^(\d\S*)/.exec(`${stdout}${stderr}`) ?? [];
  return named ?? bare ?? '?';
}

async function endAll(programs: readonly Program[]): Promise<null> {
  await Promise.all(programs.map((program) => program.end(Millis(1_000))));
  return null;
}

const started = (programs: Program[], destinations: Destination[]): OnAir => ({
  programs,
  destinations,
  onAirAfter: null,
  stop: () => endAll(programs),
});

/** One process for all stations. `words`: its arguments. */
const inOneProcess = (command: string, words: (task: Task, destinations: Destination[]) => string[]) => ({
  start: async (task: Task): Promise<OnAir> => {
    const destinations = destinationsOf(task.stations);
    return started([new Program(command, words(task, destinations))], destinations);
  },
});

/** A process for each station. `words`: its arguments. */
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
    // Only Debian's package has a version: "multicat<tab>2.3-1".
    version: spawnSync('dpkg-query', ['--show', 'multicat'], { encoding: 'utf8' }).stdout?.split(/\s/)[1] ?? '?',
    isClocked: false,
    start: async (task) => {
      // Writes the due time of each packet to a file beside the packets, with the suffix .aux.
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

/** The other programs that are installed. */
export const peers = (): Contestant[] =>
  available([
    { needs: ['ffmpeg'], make: () => [ffmpeg(), ffmpegFanOut()] },
    { needs: ['multicat', 'ingests'], make: () => [multicat()] },
    { needs: ['tsplay'], make: () => [tsplay()] },
    { needs: ['gst-launch-1.0'], make: () => [gstreamer()] },
  ]);

/** `program`: a build's bin/msc.js. */
export function ours(program: string): Contestant {
  const help = spawnSync(process.execPath, [program, 'serve', '--help'], { encoding: 'utf8' }).stdout;
  const known = (option: string, ...words: string[]) => (help.includes(option) ? [option, ...words] : []);
  // What it does once for each film is not what a station costs.
  const workers = [...known('--workers', '1'), ...known('--no-decode-check')];
  return {
    name: 'msc',
    how: `msc serve ${workers.join(' ')}`.trim(),
    version: versionOf(process.execPath, [program, '--version']),
    isClocked: true,
    warmUp: 15_000,
    start: async ({ sources, store }) => {
      const flags = ['--control-port', '0', ...workers];
      const serving = await serveStations({ program, store: store.folder, sources, flags });
      return {
        programs: [serving.server],
        destinations: serving.stations,
        onAirAfter: serving.onAirAfter,
        stop: async () => {
          await serving.server.end();
          return serving.offAir();
        },
      };
    },
  };
}

/** A bare loop that sends the same messages as ours at the same pace: a lower bound of the cost. */
export function bound(pace: Omit<BoundTask, 'destinations'>): Contestant {
  return {
    name: 'sending alone',
    how: 'a loop around sendmmsg with prepared messages, at the pace of msc',
    version: '',
    isClocked: false,
    start: async ({ stations }) => {
      const destinations = destinationsOf(stations);
      return started([await HelperProcess.start('bound', { ...pace, destinations } satisfies BoundTask)], destinations);
    },
  };
}
