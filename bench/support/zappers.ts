/** Programs that show a station, and how each is seen to have its first picture. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MpvPlayer } from '../../src/viewer/players/mpv.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { isInstalled } from '../support.js';
import { versionOf } from './contestants.js';
import { Program } from './processes.js';
import type { Screen } from './screen.js';

export interface Zapper {
  name: string;
  how: string;
  version: string;
  /**
   * Milliseconds from the command to the first picture of one of two stations that are alike. Rejects when there is none
   * within `patience`.
   */
  zap(stations: readonly StationInfo[], patience: number): Promise<number>;
  close?(): Promise<void>;
}

interface Command {
  name: string;
  /** The program, and words that stand before it. */
  command: readonly string[];
  versionWord?: string;
  /** Words that it is always given, and those that make the difference. */
  common: readonly string[];
  how?: readonly string[];
  /** How it is told which station; undefined: by its address. */
  choose?: (station: StationInfo) => string;
}

const described = ({ command, versionWord = '--version', how = [] }: Command) => {
  const [first, ...words] = command;
  return { how: [command.at(-1), ...how].join(' '), version: versionOf(first!, [...words, versionWord]) };
};

const urlOf = ({ group, port }: StationInfo) => `rtp://${group}:${port}`;

/** A program that is started for each try, and whose window is looked at. */
function inWindow(screen: Screen, options: Command): Zapper {
  const { name, command, common, how = [], choose = urlOf } = options;
  return {
    name,
    ...described(options),
    async zap([station], patience) {
      const began = performance.now();
      const [first, ...words] = [...command, ...common, ...how, choose(station!)];
      const program = new Program(first, words, { env: screen.env });
      try {
        if (await screen.picture(patience)) return performance.now() - began;
        throw new Error(`it shows nothing. ${program.said}`);
      } finally {
        await program.end(300);
        await screen.empty();
      }
    },
  };
}

/** FFmpeg alone shows nothing: its first decoded picture counts. */
function decoder(options: Command): Zapper {
  const { name, command, common, how = [] } = options;
  return {
    name,
    ...described(options),
    async zap([station], patience) {
      const began = performance.now();
      const input = ['-i', `${urlOf(station!)}?localaddr=127.0.0.1`];
      const output = ['-map', '0:v', '-frames:v', '1', '-f', 'framecrc', '-'];
      const program = new Program(command[0]!, [...common, ...how, ...input, ...output]);
      let printed = '';
      const seen = new Promise<true>((resolve) => {
        program.child.stdout!.setEncoding('utf8').on('data', (text) => {
          printed += text;
          if (/^\d/m.test(printed)) resolve(true);
        });
      });
      const ended = once(program.child, 'close').then(() => false);
      const isSeen = await Promise.race([seen, ended, sleep(patience, false)]);
      const took = performance.now() - began;
      await program.end(300);
      if (!isSeen) throw new Error(`it decodes nothing. ${program.said}`);
      return took;
    },
  };
}

/** mpv with the options that `msc watch` gives it, its window open beforehand, on the group alone. */
function openMpv(screen: Screen): Zapper {
  const events = { onKey: () => undefined, onPicture: () => undefined, onClosed: () => undefined };
  let opening: Promise<MpvPlayer> | undefined;
  const open = () => {
    Object.assign(process.env, screen.env);
    return MpvPlayer.start({ program: 'mpv', events, extraOptions: ['--ao=null'] });
  };
  return {
    name: 'mpv window open',
    how: 'mpv as msc watch runs it, loadfile',
    version: versionOf('mpv', ['--version']),
    async zap([station], patience) {
      opening ??= open();
      const player = await opening;
      const began = performance.now();
      await player.command(['loadfile', urlOf(station!), 'replace']);
      const isSeen = await screen.picture(patience);
      const took = performance.now() - began;
      await player.command(['stop']);
      await screen.empty();
      if (!isSeen) throw new Error('it shows nothing');
      return took;
    },
    async close() {
      await (await opening)?.close();
      opening = undefined;
    },
  };
}

/** A server of ours as a viewer sees it. */
export interface Side {
  /** `bin/msc.js`, or another build's. */
  program: string;
  /** Words that, before a command, run it where the viewer is, and the interface there. */
  before: readonly string[];
  on: string;
  /** What stands behind the names of stats. */
  label: string;
}

/** Ours, changing stations in one process. */
function ourViewer(screen: Screen, { program, before, on, label }: Side): Zapper[] {
  let opening: Promise<Talker> | undefined;
  let turn = 0;
  const ways = [
    ['begin', 'msc first station', 'to the first whole picture, of a session that begins'],
    ['tune', 'msc other station', 'to the first whole picture'],
    ['watch', 'msc watch other station', 'to the picture in the window, which is open'],
  ] as const;
  return ways.map(([word, name, how]) => ({
    name: `${name}${label}`,
    how,
    version: versionOf(process.execPath, [program, '--version']),
    async zap(stations) {
      opening ??= Talker.start(before, { ...screen.env, MSC_INTERFACE: on });
      const viewer = await opening;
      return Number(await viewer.ask(`${word} ${stations[turn++ % stations.length]!.id}`));
    },
    async close() {
      await (await opening)?.end();
      opening = undefined;
    },
  }));
}

/** The process of our-viewer.ts. */
class Talker {
  readonly #program: Program;
  readonly #lines: AsyncIterator<string>;

  private constructor(program: Program) {
    this.#program = program;
    this.#lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(before: readonly string[], env: NodeJS.ProcessEnv): Promise<Talker> {
    const entry = fileURLToPath(new URL('our-viewer.js', import.meta.url));
    const [command, ...words] = [...before, process.execPath, entry];
    const talker = new Talker(new Program(command, words, { env }));
    await talker.#line();
    return talker;
  }

  ask(question: string): Promise<string> {
    this.#program.child.stdin!.write(`${question}\n`);
    return this.#line();
  }

  end(): Promise<void> {
    return this.#program.end();
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    await once(this.#program.child, 'close');
    throw new Error(`the viewer ended: ${this.#program.said}`);
  }
}

/** Ours on this side; with `isWhole` also from the command of all on. */
export function ourZappers(screen: Screen, side: Side, isWhole: boolean): Zapper[] {
  const watch: Command = {
    name: 'msc watch',
    command: [process.execPath, side.program],
    common: ['watch', '--quiet'],
    choose: ({ id }) => id,
  };
  return [...ourViewer(screen, side), ...(isWhole ? [inWindow(screen, watch)] : [])];
}

/** VLC refuses to run as root. */
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/tmp'];

/** Those that are installed, and the names of those that are not. */
export function zappers(screen: Screen): { found: Zapper[]; missing: string[] } {
  // With "-fflags nobuffer" it throws the first random access point away more often than not.
  const quick = ['-flags', 'low_delay', '-analyzeduration', '300000'];
  const ffmpeg = { command: ['ffmpeg'], versionWord: '-version', common: ['-nostdin', '-v', 'error'] };
  const ffplay = { command: ['ffplay'], versionWord: '-version', common: ['-v', 'error'] };
  const mpv = { command: ['mpv'], common: ['--no-config', '--ao=null', '--msg-level=all=error'] };
  const vlc = {
    command: process.getuid?.() === 0 ? [...asNobody, 'vlc'] : ['vlc'],
    common: ['-I', 'dummy', '-q', '--aout=adummy', '--no-video-title-show'],
  };
  const all: { needs: string; debian: string; make: () => Zapper[] }[] = [
    {
      needs: 'ffmpeg',
      debian: 'ffmpeg',
      make: () => [
        decoder({ name: 'ffmpeg', ...ffmpeg }),
        decoder({ name: 'ffmpeg low delay', ...ffmpeg, how: quick }),
      ],
    },
    {
      needs: 'ffplay',
      debian: 'ffmpeg',
      make: () => [inWindow(screen, { name: 'ffplay', ...ffplay })],
    },
    {
      needs: 'mpv',
      debian: 'mpv',
      make: () => [
        inWindow(screen, { name: 'mpv', ...mpv }),
        inWindow(screen, { name: 'mpv low latency', ...mpv, how: ['--profile=low-latency'] }),
        openMpv(screen),
      ],
    },
    {
      needs: 'vlc',
      debian: 'vlc-bin vlc-plugin-base vlc-plugin-video-output',
      make: () => [
        inWindow(screen, { name: 'VLC', ...vlc }),
        inWindow(screen, { name: 'VLC 200 ms', ...vlc, how: ['--network-caching=200'] }),
      ],
    },
  ];
  const isThere = ({ needs }: (typeof all)[number]) => isInstalled(needs);
  return {
    found: all.filter(isThere).flatMap(({ make }) => make()),
    missing: all.filter((each) => !isThere(each)).map(({ needs, debian }) => `${needs} (apt-get install ${debian})`),
  };
}
