/**
 * Whether screens show the same picture at the same moment: windows of `msc watch --sync` and pages in Chromium, on one
 * screen whose pixels are looked at every few milliseconds. Needs Linux, ffmpeg, mpv, Chromium, Xvfb, xdotool, and a
 * network namespace. `--help` tells the options.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import type { ServerMessage } from '../src/contract/live.js';
import { COMMON_DELAY } from '../src/contract/timing.js';
import { Store } from '../src/reel/store.js';
import { makeNumberedFilm, NUMBERED_RATE, readNumber } from '../test/support/numbered-film.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { Program } from './support/processes.js';
import { prepare } from './support/reels.js';
import { Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { isInstalled, msc, report, scratch } from './support.js';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    windows: { type: 'string', default: '1' },
    pages: { type: 'string', default: '2' },
    settle: { type: 'string', default: '20' },
    out: { type: 'string' },
    picture: { type: 'string' },
    msc: { type: 'string', default: msc },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- sync [options]
  --minutes 10    how long
  --windows 1     of msc watch --sync
  --pages 2       in Chromium
  --settle 20     seconds before what is seen counts
  --out FILE      each picture's times as JSON
  --picture FILE  the screen at the end, PNG (needs imagemagick)
  --msc FILE      another build's bin/msc.js`);
  process.exit();
}
await ownNetwork();
for (const program of ['ffmpeg', 'mpv', 'chromium', 'Xvfb', 'xdotool']) {
  if (!isInstalled(program)) refuse(`bench sync needs ${program}`);
}
const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

/** Two beside each other, as many rows as it takes. */
const TILE = { width: 640, height: 360 };
const names = [
  ...Array.from({ length: Number(options.windows) }, (_, i) => `window ${i + 1}`),
  ...Array.from({ length: Number(options.pages) }, (_, i) => `page ${i + 1}`),
];
const tiles = names.map((name, i) => ({ name, x: (i % 2) * TILE.width, y: Math.floor(i / 2) * TILE.height }));
const size = { width: 2 * TILE.width, height: Math.ceil(names.length / 2) * TILE.height };

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
/** At 25 pictures a second, so that numbers are not to be mistaken. */
const LENGTH = 40;
say('Making the film');
const film = await prepare(store, makeNumberedFilm(join(folder, 'numbers.mp4'), LENGTH), options.msc);
const flags = ['--store', store.folder, '--control-port', '0', '--http', '127.0.0.1:0'];
const { server, stations, url } = await serveStations(options.msc, [film.source], flags);
if (url === undefined) throw new Error('msc serve said no address');
const filmFrom = await firstPicture();
const screen = await Screen.open(join(folder, 'screen'), size);

/** When the film's first picture was on the air, Unix epoch. */
function firstPicture(): Promise<number> {
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

/** mpv's windows, in the order in which they were opened. */
const windows: string[] = [];

/** Resolves when there is one more. */
async function nextWindow(program: Program): Promise<void> {
  for (;;) {
    const all = xdotool('search', '--onlyvisible', '--class', 'mpv').split('\n');
    const fresh = all.find((window) => window !== '' && !windows.includes(window));
    if (fresh !== undefined) {
      windows.push(fresh);
      return;
    }
    if (program.hasEnded) throw new Error(program.said);
    await sleep(100);
  }
}

const programs: Program[] = [];
for (const tile of tiles) {
  if (tile.name.startsWith('window')) {
    const words = [options.msc, 'watch', stations[0]!.id, '--sync', '--player', 'mpv', '--json', '--quiet'];
    const program = new Program(process.execPath, words, { env: screen.env });
    programs.push(program);
    await nextWindow(program);
  } else {
    const words = [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--test-type', '--autoplay-policy=no-user-gesture-required'],
      ...[`--user-data-dir=${join(folder, tile.name.replace(' ', '-'))}`, `--window-position=${tile.x},${tile.y}`],
      ...[`--window-size=${TILE.width},${TILE.height}`, `--app=${url}/#/${stations[0]!.id}`],
    ];
    programs.push(new Program('chromium', words, { env: screen.env }));
  }
}

/** A window takes the size that it likes when its first picture comes. */
const FIRST_PICTURES = 5_000;
await sleep(FIRST_PICTURES);
for (const [i, window] of windows.entries()) {
  xdotool('windowsize', window, String(TILE.width), String(TILE.height));
  xdotool('windowmove', window, String(tiles[i]!.x), String(tiles[i]!.y));
}

/** When each picture was first seen, by its count since the beginning. */
const seen = tiles.map(() => new Map<number, number>());
const last = tiles.map(() => ({ number: -1, count: -1 }));
const LOOK = 2;
/** From a picture's moment to its time stamp, and to the screen. */
const SHOWN_AFTER = 1_000 + COMMON_DELAY;
const PICTURES = LENGTH * NUMBERED_RATE;
const rows = [...new Set(tiles.map(({ y }) => y))];

function look(): void {
  const now = performance.now() - began;
  for (const y of rows) {
    const heights = [0.78, 1 - 30 / 360].map((part) => Math.floor(y + part * TILE.height));
    const [gray, bars] = heights.map((at) => Buffer.from(screen.row(at)));
    for (const [i, tile] of tiles.entries()) {
      if (tile.y !== y) continue;
      const lumaAt = (x: number, part: number) =>
        (part < 0.8 ? gray! : bars!)[(tile.x + Math.floor(x * TILE.width)) * 4 + 1]!;
      const number = readNumber(lumaAt);
      if (number === null || number === last[i]!.number) continue;
      const due = ((performance.timeOrigin + began + now - filmFrom - SHOWN_AFTER) / 1000) * NUMBERED_RATE;
      const count = number + PICTURES * Math.round((due - number) / PICTURES);
      last[i] = { number, count };
      if (!seen[i]!.has(count)) seen[i]!.set(count, now);
    }
  }
}

const end = performance.now() + Number(options.settle) * 1000 + Number(options.minutes) * 60_000;
let told = performance.now();
while (performance.now() < end) {
  look();
  if (performance.now() - told > 60_000) {
    told = performance.now();
    say(names.map((name, i) => `${name}: ${seen[i]!.size} pictures`).join(', '));
  }
  await sleep(LOOK);
}
if (options.picture !== undefined) {
  const words = ['-window', 'root', options.picture];
  spawnSync('import', words, { env: { ...process.env, ...screen.env } });
}
for (const program of programs) await program.end();
await screen.close();
await server.end();

const from = began + Number(options.settle) * 1000;
const isSettled = (time: number) => time + began > from;
const counts = [...seen[0]!.keys()].filter((count) => seen.every((times) => isSettled(times.get(count) ?? -began)));
const apart: number[] = [];
/** From the moment at which it is due. */
const offsets: number[][] = tiles.map(() => []);
for (const count of counts) {
  const times = seen.map((one) => one.get(count) as number);
  apart.push(Math.max(...times) - Math.min(...times));
  const due = filmFrom + SHOWN_AFTER + (count * 1000) / NUMBERED_RATE - performance.timeOrigin - began;
  for (const [i, time] of times.entries()) offsets[i]!.push(time - due);
}
const at = (values: readonly number[], share: number) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};
const within = (limit: number) => ((100 * apart.filter((value) => value <= limit).length) / apart.length).toFixed(2);
const possible = Math.max(...counts) - Math.min(...counts) + 1;
report(`${names.length} screens, ${counts.length} of ${possible} pictures seen on all of them`, [
  {
    what: 'first to last screen, ms',
    p50: at(apart, 0.5).toFixed(1),
    p95: at(apart, 0.95).toFixed(1),
    p99: at(apart, 0.99).toFixed(1),
    most: at(apart, 1).toFixed(1),
    'within 20 ms, %': within(20),
    'within 40 ms, %': within(40),
  },
  ...tiles.map(({ name }, i) => ({
    what: `${name}, from its moment`,
    p50: at(offsets[i]!, 0.5).toFixed(1),
    p95: at(offsets[i]!, 0.95).toFixed(1),
    p99: at(offsets[i]!, 0.99).toFixed(1),
    most: at(offsets[i]!, 1).toFixed(1),
    'within 20 ms, %': '',
    'within 40 ms, %': '',
  })),
]);
if (options.out !== undefined) {
  writeFileSync(options.out, JSON.stringify({ names, seen: seen.map((times) => [...times]) }));
}
process.exit();
