/** `msc watch`: table of stations, prompt, window. */

import { Problem } from '../base/problem.js';
import { type Millis, millisToTicks } from '../base/units.js';
import { bitrateText, stationTable } from '../contract/station-text.js';
import { behindText } from '../contract/viewing.js';
import { resolveInterface } from '../net/interfaces.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import { Tuner } from '../receiver/tuner.js';
import { chooseChannel, requireStations } from '../viewer/channels.js';
import { type Overlay, offsetText, receiverStatsText } from '../viewer/overlay.js';
import { findPlayer } from '../viewer/players/find-player.js';
import { type PlayerName, steeredPlayer } from '../viewer/players/player.js';
import { startPlayer } from '../viewer/players/start-player.js';
import { currentChannel, type ViewerState } from '../viewer/state.js';
import { Terminal } from '../viewer/terminal.js';
import type { GraphicsName } from '../viewer/terminal-player/renderer.js';
import { TerminalPlayer } from '../viewer/terminal-player/terminal-player.js';
import { Viewer } from '../viewer/viewer.js';
import { findChannels, listed } from './find.js';

export interface WatchOptions {
  /** Number, id or name; undefined: ask. */
  station?: string;
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** undefined: the best that is installed. */
  player?: PlayerName;
  /** How the player terminal draws; undefined: the best that the terminal knows. */
  graphics?: GraphicsName;
  /** Ends after so long; undefined: when the user leaves. */
  duration?: Millis;
  /** When what is watched was on the air (Unix epoch); undefined: now. */
  at?: Millis;
  /** Pictures stay as far behind what is on the air as they begin. */
  stay?: boolean;
  /** How long after its time stamp each picture is shown; undefined: as near to what is on the air as can be. */
  delay?: Millis;
  /** Names or addresses of further interfaces on which the station is received. */
  also?: string[];
  /** Most megabytes (10^6 bytes) of the stream that are held for pausing; default 256 MiB. */
  buffer?: number;
  /** Reports as JSON lines on standard output. */
  json: boolean;
  /** No table, no status line. */
  quiet: boolean;
  /** Aborted: leave, as when the user does. */
  signal: AbortSignal;
}

/** Exit code 0 when the user left. Rejects with a Problem: no station, no such one, no player, no such interface. */
export async function runWatch(options: WatchOptions): Promise<number> {
  const player = options.delay === undefined ? options.player : steeredPlayer;
  if (options.player !== undefined && options.player !== player) throw notSteered(options.player);
  const { graphics } = options;
  if (player === 'terminal') requireTerminal(options.json);
  if (player !== 'none') findPlayer(player); // Said before anything is asked
  const channels = await findChannels(options);
  requireStations(channels, options.interface);
  const first = options.station === undefined ? null : chooseChannel(channels, options.station);
  if (!first && !options.quiet) {
    process.stdout.write(`${stationTable(channels.map(listed), process.stdout.columns)}\n\n`);
  }
  const windowless = player === 'none';
  // With JSON on standard output, people's lines go the other way.
  const output = options.json ? process.stderr : process.stdout;
  const terminal = new Terminal({
    input: process.stdin,
    output,
    onKey: (key) => viewer.key(key),
    onEnd: () => {
      unanswered = !watched;
      if (unanswered) viewer.stop();
    },
  });
  const report = windowless || options.json ? new Reporter(options.json, (line) => terminal.say(line)) : null;
  let watched = first !== null;
  let unanswered = false;
  const viewer = new Viewer({
    channels,
    startPlayer: (events) =>
      player === 'terminal'
        ? TerminalPlayer.start({ program: findPlayer(player).program, terminal, output, graphics, events })
        : startPlayer(player, events),
    first: options.at === undefined ? null : millisToTicks(options.at),
    stay: options.stay,
    delay: options.delay,
    refresh: () => findChannels({ interface: options.interface, timeout: 500 }),
    createTuner: (events) =>
      new Tuner(events, {
        buffer: options.buffer === undefined ? {} : { maxBytes: options.buffer * 1_000_000 },
        keepAlive: options.delay === undefined ? undefined : ASK_CLOCK,
        also: options.also?.map((name) => resolveInterface(name).address),
      }),
    show(overlay, state, counts) {
      if (state.current !== null) watched = true;
      if (report) report.report(state, counts);
      if (options.quiet || (windowless && overlay?.kind !== 'menu' && overlay?.kind !== 'list')) return;
      if (state.current === null) terminal.show(prompt(state), '');
      else terminal.show(overlay, statusLine(state, counts));
    },
  });
  const stop = (): void => viewer.stop();
  options.signal.addEventListener('abort', stop);
  if (player === 'terminal') process.on('SIGHUP', stop); // The window that it was drawn in is gone.
  const timer = options.duration === undefined ? null : setTimeout(stop, options.duration);
  terminal.open();
  try {
    if (options.signal.aborted) stop();
    await viewer.run(first);
  } finally {
    terminal.close();
    options.signal.removeEventListener('abort', stop);
    process.off('SIGHUP', stop);
    if (timer) clearTimeout(timer);
  }
  if (unanswered) {
    throw new Problem('usage', 'No station was chosen', 'Name it: msc watch 1, or choose from the list in a terminal.');
  }
  report?.end();
  return 0;
}

/** How often the server is asked what time it is where that matters to the millisecond. */
const ASK_CLOCK: Millis = 2_000;

const notSteered = (player: PlayerName): Problem =>
  new Problem(
    'usage',
    `The player ${player} cannot show pictures at their moments`,
    `Leave out --sync and --delay, or --player ${player}: mpv can, and the browser's page.`,
  );

/** Throws a Problem where nothing can be drawn, or where JSON would be written into it. */
function requireTerminal(json: boolean): void {
  const output = json ? process.stderr : process.stdout;
  if (!process.stdin.isTTY || !output.isTTY) {
    throw new Problem(
      'usage',
      'The player terminal needs a terminal: standard input or output is none',
      'Run it without redirection (over SSH: ssh -t HOST msc watch …), or receive without a picture: --player none.',
    );
  }
  if (json && process.stdout.isTTY) {
    const next = 'Send the JSON elsewhere: msc watch … --player terminal --json > reports.jsonl.';
    throw new Problem('usage', 'The picture and the JSON would be written over each other', next);
  }
}

/** Below the table, before anything is watched. */
function prompt(state: ViewerState): Overlay {
  const marked = state.channels[state.marked];
  const answer = state.typed === '' ? '' : `${state.typed}–`;
  const offer = marked ? `Enter: ${marked.info.number} ${marked.info.name} · ` : '';
  const hint = state.notice?.text ?? `${offer}↑ ↓ choose · q exits`;
  return { kind: 'number', title: `Which station? ${answer}`, rows: [], hint, badge: '' };
}

function statusLine(state: ViewerState, counts: ReceiverStats | null): string {
  const channel = currentChannel(state);
  if (!channel) return '';
  const badge = behindText(state.distance);
  const parts = [
    `${channel.info.number} ${channel.info.name}`,
    badge,
    state.offset === null ? '' : offsetText(state.offset),
    counts ? receiverStatsText(counts) : '',
  ];
  const help =
    badge === '' ? 'p pauses, ← goes back, c lists, i tells, q exits' : 'p pauses, ← → seek, l goes back to live';
  return [...parts, help].filter((part) => part !== '').join(' · ');
}

/** A line a second of what is received: without a window, or for scripts. */
class Reporter {
  private last: { at: Millis; bytes: number; station: string } | null = null;
  private latest: ReceiverStats | null = null;

  constructor(
    private readonly json: boolean,
    private readonly say: (line: string) => void,
  ) {}

  report(state: ViewerState, counts: ReceiverStats | null): void {
    const channel = currentChannel(state);
    if (!channel || !counts) return;
    const now = performance.now();
    if (this.last?.station !== channel.key) this.last = { at: now, bytes: counts.bytes, station: channel.key };
    this.latest = counts;
    const elapsed = now - this.last.at;
    if (elapsed < 1000) return;
    const bitrate = ((counts.bytes - this.last.bytes) * 8000) / elapsed;
    this.last = { at: now, bytes: counts.bytes, station: channel.key };
    const { number, id, name } = channel.info;
    const { offset } = state;
    if (this.json)
      this.line({ event: 'report', number, id, bitrate: Math.round(bitrate), ...numbersOf(counts), offset });
    else this.say(`${number} ${name} · ${bitrateText(bitrate)} · ${receiverStatsText(counts)}`);
  }

  end(): void {
    if (this.latest && this.json) this.line({ event: 'end', ...numbersOf(this.latest) });
    else if (this.latest) this.say(`Received: ${receiverStatsText(this.latest)}.`);
  }

  private line(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

const numbersOf = ({ lastArrival: _, ...numbers }: ReceiverStats): object => numbers;
