/** Programs that show a station, and the detection of their first picture. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../../src/base/units.js';
import { MpvPlayer } from '../../src/viewer/players/mpv.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { available } from './benchmark.js';
import { versionOf } from './contestants.js';
import { asNobody, HelperProcess, Program } from './processes.js';
import type { Screen } from './screen.js';

export interface Zapper {
  name: string;
  how: string;
  version: string;
  /**
   * Milliseconds from the command to the first picture of one of two stations with the same film. Rejects when there is
   * none within `patience`.
   */
  zap(stations: readonly StationInfo[], patience: number): Promise<number>;
  close?(): Promise<void>;
}

interface Command {
  name: string;
  /** The program, after a command that runs it. */
  command: readonly string[];
  /** The arguments before the address: those of all variants, and those of this variant. */
  common: readonly string[];
  how?: readonly string[];
  versionWord?: string;
  /** The arguments for a station. The default is its address. */
  choose?: (station: StationInfo) => readonly string[];
}

const urlOf = ({ group, port }: StationInfo) => `rtp://${group}:${port}`;

/** A program whose first picture `waitForPicture` detects. It is started for each try. */
function zapper(
  { name, command, common, how = [], versionWord = '--version', choose = (station) => [urlOf(station)] }: Command,
  screen: Screen,
  waitForPicture: (started: Program, patience: number) => Promise<boolean>,
): Zapper {
  const [program, ...words] = command;
  return {
    name,
    how: [command.at(-1), ...how].join(' '),
    version: versionOf(program!, [...words, versionWord]),
    async zap([station], patience) {
      const began = performance.now();
      const started = new Program(program!, [...words, ...common, ...how, ...choose(station!)], { env: screen.env });
      try {
        if (await waitForPicture(started, patience)) return performance.now() - began;
        throw new Error(`it shows no picture. ${started.errors}`);
      } finally {
        await started.end(Millis(300));
        await screen.empty();
      }
    },
  };
}

/** A program whose window is examined. */
const inWindow = (screen: Screen, command: Command): Zapper =>
  zapper(command, screen, (_, patience) => screen.picture(patience));

/** FFmpeg has no window: its first decoded picture counts. */
function ffmpeg(screen: Screen, name: string, how: readonly string[]): Zapper {
  const command: Command = {
    name,
    command: ['ffmpeg'],
    common: ['-nostdin', '-v', 'error'],
    how,
    versionWord: '-version',
    choose: (station) => [
      ...['-i', `${urlOf(station)}?localaddr=127.0.0.1`],
      ...['-map', '0:v', '-frames:v', '1', '-f', 'framecrc', '-'],
    ],
  };
  return zapper(command, screen, async ({ child }, patience) => {
    let printed = '';
    const decoded = new Promise<true>((resolve) => {
      child.stdout!.setEncoding('utf8').on('data', (text) => {
        printed += text;
        if (/^\d/m.test(printed)) resolve(true);
      });
    });
    const ended = once(child, 'close').then(() => false);
    return Promise.race([decoded, ended, sleep(patience, false, { ref: false })]);
  });
}

/** mpv with the options of `msc watch` and an open window, on the group alone. */
function openMpv(screen: Screen): Zapper {
  const events = { onKey: () => undefined, onPicture: () => undefined, onClosed: () => undefined };
  let opening: Promise<MpvPlayer> | undefined;
  const open = () => {
    Object.assign(process.env, screen.env);
    return MpvPlayer.start({ program: 'mpv', events, extraOptions: ['--ao=null'] });
  };
  return {
    name: 'mpv window open',
    how: 'mpv with the options of msc watch, loadfile',
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
      if (!isSeen) throw new Error('it shows no picture');
      return took;
    },
    async close() {
      await (await opening)?.close();
      opening = undefined;
    },
  };
}

/** A server of ours, from the viewer's side. */
export interface Side {
  /** A build's bin/msc.js. */
  program: string;
  /** A command that runs another command at the viewer's place, and the interface there. */
  before: readonly string[];
  on: string;
  /** Suffix of the names. */
  label: string;
}

/** Ours, which changes stations in one process. */
function ourViewer(screen: Screen, { program, before, on, label }: Side): Zapper[] {
  let opening: Promise<HelperProcess> | undefined;
  let turn = 0;
  const ways = [
    ['begin', 'msc first station', 'to the first whole picture, in a new session'],
    ['tune', 'msc other station', 'to the first whole picture'],
    ['watch', 'msc watch other station', 'to the picture in the open window'],
  ] as const;
  return ways.map(([word, name, how]) => ({
    name: `${name}${label}`,
    how,
    version: versionOf(process.execPath, [program, '--version']),
    async zap(stations) {
      opening ??= HelperProcess.start('our-viewer', null, { before, env: { ...screen.env, MSC_INTERFACE: on } });
      const viewer = await opening;
      return viewer.ask<number>(`${word} ${stations[turn++ % stations.length]!.id}`);
    },
    async close() {
      await (await opening)?.end();
      opening = undefined;
    },
  }));
}

/** Ours on this side; `withCommand`: also the whole `msc watch` command. */
export function ourZappers(screen: Screen, side: Side, { withCommand }: { withCommand: boolean }): Zapper[] {
  const watch: Command = {
    name: 'msc watch',
    command: [process.execPath, side.program],
    common: ['watch', '--quiet'],
    choose: ({ id }) => [id],
  };
  return [...ourViewer(screen, side), ...(withCommand ? [inWindow(screen, watch)] : [])];
}

/** The other programs that are installed. */
export function zappers(screen: Screen): Zapper[] {
  // With "-fflags nobuffer" it usually discards the first random access point.
  const quick = ['-flags', 'low_delay', '-analyzeduration', '300000'];
  const mpv = { command: ['mpv'], common: ['--no-config', '--ao=null', '--msg-level=all=error'] };
  const vlc = {
    command: [...(asNobody.length > 0 ? [...asNobody, 'env', 'HOME=/tmp'] : []), 'vlc'],
    common: ['-I', 'dummy', '-q', '--aout=adummy', '--no-video-title-show'],
  };
  const ffplay = { name: 'ffplay', command: ['ffplay'], versionWord: '-version', common: ['-v', 'error'] };
  return available([
    { needs: ['ffmpeg'], make: () => [ffmpeg(screen, 'ffmpeg', []), ffmpeg(screen, 'ffmpeg low delay', quick)] },
    { needs: ['ffplay'], make: () => [inWindow(screen, ffplay)] },
    {
      needs: ['mpv'],
      make: () => [
        inWindow(screen, { name: 'mpv', ...mpv }),
        inWindow(screen, { name: 'mpv low latency', ...mpv, how: ['--profile=low-latency'] }),
        openMpv(screen),
      ],
    },
    {
      needs: ['vlc'],
      make: () => [
        inWindow(screen, { name: 'VLC', ...vlc }),
        inWindow(screen, { name: 'VLC 200 ms', ...vlc, how: ['--network-caching=200'] }),
      ],
    },
  ]);
}
