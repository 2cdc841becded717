/** `msc watch`: table of stations, prompt, window. */

import { Problem } from '../base/problem.js';
import { Millis, millisToTicks } from '../base/units.js';
import { bitrateText, stationTable } from '../contract/station-text.js';
import { behindText } from '../contract/viewing.js';
import { changeText } from '../net/interface-state.js';
import { interfaceWatch } from '../net/interface-watch.js';
import { resolveInterface } from '../net/interfaces.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import { Tuner } from '../receiver/tuner.js';
import { chooseChannel, requireStations } from '../viewer/channels.js';
import { type Overlay, offsetText, receiverStatsText } from '../viewer/overlay.js';
import { findMpv } from '../viewer/players/find-mpv.js';
import type { GraphicsName } from '../viewer/players/graphics.js';
import type { PlayerName } from '../viewer/players/player.js';
import { startPlayer } from '../viewer/players/start-player.js';
import { currentChannel, type ViewerState } from '../viewer/state.js';
import { Terminal } from '../viewer/terminal.js';
import { Viewer } from '../viewer/viewer.js';
import { findChannels, listed, searchAgain } from './find.js';
import { readKey } from './key.js';
import { openOutput, printJson, printResult } from './output.js';

export interface WatchOptions {
  /** Number, id or name; undefined: ask. */
  station?: string;
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** File with the key of the servers that are believed; undefined: those without one. */
  key?: string;
  player: PlayerName;
  /** How the player `terminal` draws; undefined: the best that the terminal understands. */
  graphics?: GraphicsName;
  /** Leaves after this time; undefined: when the user does. */
  duration?: Millis;
  /** When the first picture was on the air (Unix epoch); undefined: now. */
  at?: Millis;
  /** Languages of the sound, the preferred one first; undefined: the stations' main sound. */
  audio?: string[];
  /** Languages of the subtitles, the preferred one first; undefined: none. */
  subtitles?: string[];
  /** Keeps the distance to the picture on the air that the first picture had. */
  stay?: boolean;
  /** How long after its time stamp each picture is shown; undefined: as soon as possible. */
  delay?: Millis;
  /** Names or addresses of further interfaces on which the station is received. */
  also?: string[];
  /** Megabytes (10^6 bytes) of the stream that are held for pausing; default 256 MiB. */
  buffer?: number;
  /** Reports as JSON lines on standard output. */
  json: boolean;
  /** No table, no status line. */
  quiet: boolean;
  /** Leaves when aborted. */
  signal: AbortSignal;
}

/** Exit code 0 when the user left. Rejects with a Problem: no station, none of that name, no player, no such interface. */
export async function runWatch(options: WatchOptions): Promise<number> {
  const { player, graphics } = options;
  const windowless = player === 'none';
  if (windowless && options.delay !== undefined) throw notInStep;
  if (player === 'terminal') requireTerminal(options.json);
  if (!windowless) findMpv(); // Fails before the user is asked for a station.
  const { print } = openOutput(options);
  const key = await readKey(options.key, print);
  const leftOut: string[] = [];
  const channels = await findChannels({ ...options, key, onLeftOut: (lines) => leftOut.push(...lines) });
  let before = channels;
  requireStations(channels, options.interface, leftOut);
  leftOut.forEach(print);
  const first = options.station === undefined ? null : chooseChannel(channels, options.station);
  if (!first && !options.quiet) {
    printResult([...stationTable(channels.map(listed), process.stdout.columns).split('\n'), '']);
  }
  // With JSON on standard output, text for people goes to standard error.
  const output = options.json ? process.stderr : process.stdout;
  const terminal = new Terminal({
    input: process.stdin,
    output,
    onKey: (key) => viewer.key(key),
    onEnd: () => {
      isUnanswered = !hasWatched;
      if (isUnanswered) viewer.stop();
    },
  });
  const reporter = windowless || options.json ? new Reporter(options.json, (line) => terminal.print(line)) : null;
  let hasWatched = first !== null;
  let isUnanswered = false;
  const viewer = new Viewer({
    channels,
    startPlayer: (events) => startPlayer({ name: player, events, terminal, output, graphics }),
    first: options.at === undefined ? null : millisToTicks(options.at),
    stay: options.stay,
    sound: options.audio,
    subtitles: options.subtitles,
    delay: options.delay,
    refresh: async () => {
      const { interface: at, also } = options;
      before = await findChannels({ interface: at, also, timeout: Millis(500), key, before });
      return before;
    },
    createTuner: (events) =>
      new Tuner(events, {
        buffer: options.buffer === undefined ? {} : { maxBytes: options.buffer * 1_000_000 },
        keepAlive: options.delay === undefined ? undefined : CLOCK_PERIOD,
        also: options.also?.map((name) => resolveInterface(name).address),
        search: searchAgain({ ...options, key }, before),
        key,
      }),
    show(overlay, state, stats) {
      if (state.current !== null) hasWatched = true;
      reporter?.report(state, stats);
      if (options.quiet || (windowless && overlay?.kind !== 'menu' && overlay?.kind !== 'list')) return;
      if (state.current === null) terminal.show(prompt(state), '');
      else terminal.show(overlay, statusLine(state, stats));
    },
  });
  const stop = (): void => viewer.stop();
  options.signal.addEventListener('abort', stop);
  if (player === 'terminal') process.on('SIGHUP', stop); // The terminal is gone.
  const stopWatching = interfaceWatch().onChange((change) => {
    if (player === 'terminal')
      viewer.notify(changeText(change)); // It draws on the whole terminal.
    else if (!options.quiet) terminal.print(changeText(change));
  });
  const timer = options.duration === undefined ? null : setTimeout(stop, options.duration);
  terminal.open();
  try {
    if (options.signal.aborted) stop();
    await viewer.run(first);
  } finally {
    terminal.close();
    stopWatching();
    options.signal.removeEventListener('abort', stop);
    process.off('SIGHUP', stop);
    if (timer) clearTimeout(timer);
  }
  if (isUnanswered) {
    throw new Problem('usage', 'No station was chosen', 'Name it: msc watch 1, or choose from the list in a terminal.');
  }
  reporter?.end();
  return 0;
}

/** Period of asking the server for its clock where pictures are kept in step. */
const CLOCK_PERIOD = Millis(2_000);

const notInStep = new Problem(
  'usage',
  'The player none shows no pictures that --sync could keep in step',
  'Leave out --sync and --delay, or --player none.',
);

/** Throws a Problem where no picture can be drawn, or where JSON would be written into it. */
function requireTerminal(isJson: boolean): void {
  const output = isJson ? process.stderr : process.stdout;
  if (!process.stdin.isTTY || !output.isTTY) {
    throw new Problem(
      'usage',
      'The player terminal needs a terminal, and standard input or output is not one',
      'Run it without redirection (over SSH: ssh -t HOST msc watch …), or receive without a picture: --player none.',
    );
  }
  if (isJson && process.stdout.isTTY) {
    const next = 'Redirect the JSON: msc watch … --player terminal --json > reports.jsonl.';
    throw new Problem('usage', 'The picture and the JSON would be written over each other', next);
  }
}

/** The line below the table of stations, before one is watched. */
function prompt(state: ViewerState): Overlay {
  const marked = state.channels[state.marked];
  const answer = state.typed === '' ? '' : `${state.typed}–`;
  const offer = marked ? `Enter: ${marked.info.number} ${marked.info.name} · ` : '';
  const hint = state.notice?.text ?? `${offer}↑ ↓ choose · q exits`;
  return { kind: 'number', title: `Which station? ${answer}`, rows: [], hint, badge: '' };
}

function statusLine(state: ViewerState, stats: ReceiverStats | null): string {
  const channel = currentChannel(state);
  if (!channel) return '';
  const badge = behindText(state.distance);
  const parts = [
    `${channel.info.number} ${channel.info.name}`,
    badge,
    state.offset === null ? '' : offsetText(state.offset),
    stats ? receiverStatsText(stats) : '',
  ];
  const help =
    badge === ''
      ? 'p pauses, ← goes back, c lists, i shows what is on, q exits'
      : 'p pauses, ← → seek, l goes back to live';
  return [...parts, help].filter((part) => part !== '').join(' · ');
}

/** Reports reception in a line a second: without a window, or for scripts. */
class Reporter {
  readonly #isJson: boolean;
  readonly #print: (line: string) => void;
  #last: { at: Millis; bytes: number; station: string } | null = null;
  #latest: ReceiverStats | null = null;

  constructor(isJson: boolean, print: (line: string) => void) {
    this.#isJson = isJson;
    this.#print = print;
  }

  report(state: ViewerState, stats: ReceiverStats | null): void {
    const channel = currentChannel(state);
    if (!channel || !stats) return;
    const now = Millis(performance.now());
    if (this.#last?.station !== channel.key) this.#last = { at: now, bytes: stats.bytes, station: channel.key };
    this.#latest = stats;
    const elapsed = now - this.#last.at;
    if (elapsed < 1000) return;
    const bitrate = ((stats.bytes - this.#last.bytes) * 8000) / elapsed;
    this.#last = { at: now, bytes: stats.bytes, station: channel.key };
    const { number, id, name } = channel.info;
    const { offset } = state;
    if (this.#isJson)
      printJson({ event: 'report', number, id, bitrate: Math.round(bitrate), ...numbersOf(stats), offset });
    else this.#print(`${number} ${name} · ${bitrateText(bitrate)} · ${receiverStatsText(stats)}`);
  }

  end(): void {
    if (this.#latest && this.#isJson) printJson({ event: 'end', ...numbersOf(this.#latest) });
    else if (this.#latest) this.#print(`Received: ${receiverStatsText(this.#latest)}.`);
  }
}

const numbersOf = ({ lastArrival: _, ...numbers }: ReceiverStats): object => numbers;
