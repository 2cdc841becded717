import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import type { ServerMessage } from '../src/contract/live.js';
import { COMMON_DELAY } from '../src/contract/timing.js';
import { makeNumberedFilm, NUMBERED_RATE, readNumber } from '../test/support/numbered-film.js';
import { finish, log, openBenchmark } from './support/benchmark.js';
import { mscOption, outOption, readOptions } from './support/options.js';
import { Program } from './support/processes.js';
import { prepare } from './support/reels.js';
import { CHROMIUM_FLAGS, Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { quantile } from './support/stats.js';

const options = readOptions(
  'Synchronism of screens: windows of msc watch --sync and pages in Chromium, by the pixels on one screen. Needs Linux ' +
    'and root.',
  {
    minutes: [10, 'length of the measurement'],
    windows: [1, 'windows of msc watch --sync'],
    pages: [2, 'pages in Chromium'],
    settle: [20, 'seconds before the measurement'],
    ...outOption,
    ...mscOption,
  },
);
const { folder, store } = await openBenchmark(['ffmpeg', 'mpv', 'chromium', 'Xvfb', 'xdotool']);

/** Two windows in a row. */
const TILE = { width: 640, height: 360 };
const names = [
  ...Array.from({ length: options.windows }, (_, i) => `window ${i + 1}`),
  ...Array.from({ length: options.pages }, (_, i) => `page ${i + 1}`),
];
const tiles = names.map((name, i) => ({
  name,
  x: (i % 2) * TILE.width,
  y: Math.floor(i / 2) * TILE.height,
  last: -1,
  /** When each picture appeared, ms of this process, by its count since the item began. */
  seen: new Map<number, number>(),
}));
const size = { width: 2 * TILE.width, height: Math.ceil(names.length / 2) * TILE.height };

/** Seconds: longer than any delay, so that a picture's number identifies it. */
const LENGTH = 40;
log('Making the film and its reel');
const film = await prepare(store, makeNumberedFilm(join(folder, 'numbers.mp4'), LENGTH), options.msc);
const { server, stations, url } = await serveStations({
  program: options.msc,
  store: store.folder,
  sources: [film.source],
  flags: ['--control-port', '0', '--http', '127.0.0.1:0'],
});
const { id } = stations[0]!;
const filmFrom = await findFilmStart();
const screen = await Screen.open(join(folder, 'screen'), size);

/** When the film's first picture was on air, Unix epoch. */
function findFilmStart(): Promise<number> {
  const socket = new WebSocket(`${url}/live`.replace('http', 'ws'));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ServerMessage;
      const from = message.type === 'stations' ? message.stations[0]?.itemFrom : undefined;
      if (typeof from !== 'number') return;
      socket.close();
      resolve(from);
    });
  });
}

const xdotool = (...words: string[]): string =>
  spawnSync('xdotool', words, { env: { ...process.env, ...screen.env }, encoding: 'utf8' }).stdout;

/** The windows of mpv, in the order of their opening. */
const windows: string[] = [];

/** Resolves when mpv has opened another window. */
async function nextWindow(program: Program): Promise<void> {
  while (!program.hasEnded) {
    const all = xdotool('search', '--onlyvisible', '--class', 'mpv').split('\n');
    const opened = all.find((window) => window !== '' && !windows.includes(window));
    if (opened !== undefined) {
      windows.push(opened);
      return;
    }
    await sleep(100);
  }
  throw new Error(program.errors);
}

const programs: Program[] = [];
for (const { name, x, y } of tiles) {
  if (name.startsWith('window')) {
    const words = [options.msc, 'watch', id, '--sync', '--player', 'mpv', '--json', '--quiet'];
    const program = new Program(process.execPath, words, { env: screen.env });
    programs.push(program);
    await nextWindow(program);
  } else {
    const words = [
      ...[...CHROMIUM_FLAGS, `--user-data-dir=${join(folder, name.replace(' ', '-'))}`, `--window-position=${x},${y}`],
      ...[`--window-size=${TILE.width},${TILE.height}`, `--app=${url}/#/${id}`],
    ];
    programs.push(new Program('chromium', words, { env: screen.env }));
  }
}

/** Time for the first pictures, ms: mpv resizes its window for them. */
const FIRST_PICTURES = 5_000;
await sleep(FIRST_PICTURES);
for (const [i, window] of windows.entries()) {
  xdotool('windowsize', window, String(TILE.width), String(TILE.height));
  xdotool('windowmove', window, String(tiles[i]!.x), String(tiles[i]!.y));
}

/** Time between two looks at the screen, ms. */
const LOOK = 2;
/** Delay of a picture on the screen, ms: to its time stamp, and COMMON_DELAY. */
const SHOWN_AFTER = 1_000 + COMMON_DELAY;
const PICTURES = LENGTH * NUMBERED_RATE;
/** When a picture is due on the screen, ms of this process. */
const dueOf = (count: number) => filmFrom + SHOWN_AFTER + (count * 1000) / NUMBERED_RATE - performance.timeOrigin;

function look(): void {
  const now = performance.now();
  for (const y of new Set(tiles.map((tile) => tile.y))) {
    const heights = [0.78, 1 - 30 / 360].map((part) => Math.floor(y + part * TILE.height));
    const [gray, bars] = heights.map((at) => Buffer.from(screen.row(at)));
    for (const tile of tiles) {
      if (tile.y !== y) continue;
      const lumaAt = (x: number, part: number) =>
        (part < 0.8 ? gray! : bars!)[(tile.x + Math.floor(x * TILE.width)) * 4 + 1]!;
      const number = readNumber(lumaAt);
      if (number === null || number === tile.last) continue;
      tile.last = number;
      const expected = ((now - dueOf(0)) / 1000) * NUMBERED_RATE;
      const count = number + PICTURES * Math.round((expected - number) / PICTURES);
      if (!tile.seen.has(count)) tile.seen.set(count, now);
    }
  }
}

const LOG_PERIOD = 60_000;
const from = performance.now() + options.settle * 1000;
const end = from + options.minutes * 60_000;
let loggedAt = performance.now();
while (performance.now() < end) {
  look();
  if (performance.now() - loggedAt > LOG_PERIOD) {
    loggedAt = performance.now();
    log(tiles.map(({ name, seen }) => `${name}: ${seen.size} pictures`).join(', '));
  }
  await sleep(LOOK);
}
for (const program of programs) await program.end();
await screen.close();
await server.end();

const isMeasured = (count: number) => tiles.every(({ seen }) => (seen.get(count) ?? 0) > from);
const counts = [...(tiles[0]?.seen.keys() ?? [])].filter(isMeasured);
const spreads = counts.map((count) => {
  const times = tiles.map(({ seen }) => seen.get(count)!);
  return Math.max(...times) - Math.min(...times);
});
const row = (times: string, values: readonly number[]) => ({
  times,
  p50: quantile(values, 0.5).toFixed(1),
  p95: quantile(values, 0.95).toFixed(1),
  p99: quantile(values, 0.99).toFixed(1),
  max: quantile(values, 1).toFixed(1),
});
const within = (limit: number) =>
  ((100 * spreads.filter((value) => value <= limit).length) / spreads.length).toFixed(2);
const possible = Math.max(...counts) - Math.min(...counts) + 1;
const rows = [
  { ...row('first to last screen, ms', spreads), 'within 20 ms, %': within(20), 'within 40 ms, %': within(40) },
  ...tiles.map(({ name, seen }) =>
    row(
      `${name}, from its due time`,
      counts.map((count) => seen.get(count)! - dueOf(count)),
    ),
  ),
];
finish({
  tables: [[`${names.length} screens, ${counts.length} of ${possible} pictures seen on all of them`, rows]],
  data: { names, seen: tiles.map(({ seen }) => [...seen]) },
  out: options.out,
});
