/**
 * How long the viewer's page takes: from opening it to the first picture, and from a key to another station's picture, in
 * Chromium, on a screen whose pixels are looked at. Needs Linux, ffmpeg, chromium, Xvfb, and a network namespace.
 * `--help` tells the options.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { COMMON_DELAY } from '../src/contract/timing.js';
import { Store } from '../src/reel/store.js';
import { leadsOf } from './support/leads.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { prepare } from './support/reels.js';
import { Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { isInstalled, msc, report, scratch, spread } from './support.js';

const { values: options } = parseArgs({
  options: {
    tries: { type: 'string', default: '50' },
    visits: { type: 'string', default: '10' },
    gop: { type: 'string', default: '2' },
    msc: { type: 'string', default: msc },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- pages [options]
  --tries 50     changes of the station, of each kind
  --visits 10    times that the page is opened
  --gop 2        seconds between random access points
  --msc FILE     another build's bin/msc.js
  --json         stats as JSON`);
  process.exit();
}

await ownNetwork();
for (const program of ['ffmpeg', 'chromium', 'Xvfb']) {
  if (!isInstalled(program)) refuse(`bench pages needs ${program} (apt-get install ${program.toLowerCase()})`);
}
const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

/** Each station has a colour of its own, by which it is known on the screen. */
const colours = {
  red: [255, 0, 0],
  lime: [0, 255, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
  fuchsia: [255, 0, 255],
};
const names = Object.keys(colours);
const LENGTH = 20;

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
say('Making the films and their reels');
const prepared = [];
for (const name of names) {
  const film = join(folder, `${name}.mp4`);
  const frames = String(Math.round(25 * Number(options.gop)));
  const { status, stderr } = spawnSync('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=${name}:s=1280x720:r=25,noise=alls=12:allf=t`],
    ...['-f', 'lavfi', '-i', 'sine=440:r=48000', '-t', String(LENGTH), '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-g', frames, '-keyint_min', frames, '-sc_threshold', '0', '-b:v', '4600k'],
    ...['-maxrate', '4600k', '-bufsize', '2300k', '-c:a', 'aac', '-b:a', '128k', film],
  ]);
  if (status !== 0) throw new Error(String(stderr));
  prepared.push(await prepare(store, film, options.msc));
}
const flags = ['--store', store.folder, '--control-port', '0', '--http', '127.0.0.1:0'];
const { server, stations, url } = await serveStations(
  options.msc,
  prepared.map(({ source }) => source),
  flags,
);
if (url === undefined) throw new Error('msc serve said no address');

const SIZE = { width: 1280, height: 720 };
const screen = await Screen.open(join(folder, 'screen'), SIZE);

/** In the page: when the last key was pressed, and the page was opened, Unix epoch. */
const script = `
  globalThis.keyAt = performance.timeOrigin;
  addEventListener('keydown', (event) => { keyAt = performance.timeOrigin + event.timeStamp; }, true);
`;

const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: false,
    env: { ...process.env, ...screen.env } as Record<string, string>,
    args: [
      ...['--no-sandbox', '--test-type', '--disable-gpu', '--disable-quic', '--no-first-run', '--kiosk'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--autoplay-policy=no-user-gesture-required', '--window-position=0,0'],
      `--window-size=${SIZE.width},${SIZE.height}`,
    ],
  });

/** Pixels whose mean is looked at: the films have noise. Below and above them the page's buttons may shade the picture. */
const MIDDLE = { y: Math.round(0.38 * SIZE.height), from: SIZE.width / 2 - 50, to: SIZE.width / 2 + 50 };

function isShown(colour: readonly number[]): boolean {
  const row = screen.row(MIDDLE.y);
  return [2, 1, 0].every((byte, i) => {
    let sum = 0;
    for (let x = MIDDLE.from; x < MIDDLE.to; x++) sum += row[4 * x + byte]!;
    return Math.abs(sum / (MIDDLE.to - MIDDLE.from) - colour[i]!) < 60;
  });
}

/** Milliseconds. */
const PATIENCE = 10_000;

/** Resolves with when the station's picture is on the screen, Unix epoch. */
async function shown(station: number): Promise<number> {
  const colour = colours[names[station] as keyof typeof colours];
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(2)) {
    if (isShown(colour)) return performance.timeOrigin + performance.now();
  }
  throw new Error(`station ${station} did not come on the screen`);
}

const address = (station: number) => `${url}/#/${stations[station]!.id}`;
/** When the page was opened, or its last key was pressed. */
const openedAt = (page: Page): Promise<number> => page.evaluate('keyAt');

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: null });
  const page = await context.newPage();
  await page.addInitScript({ content: script });
  return page;
}

const browser = await openBrowser();
const visits: number[] = [];
for (let i = 0; i < Number(options.visits); i++) {
  const page = await openPage(browser);
  const station = i % stations.length;
  const there = shown(station);
  await page.goto(address(station), { waitUntil: 'commit' });
  visits.push((await there) - (await openedAt(page)));
  await page.context().close();
}
say(`Opened ${visits.length} times`);

/** From the key until the station's picture is there. */
async function change(page: Page, keys: readonly string[], station: number): Promise<number> {
  const there = shown(station);
  for (const key of keys) await page.keyboard.press(key);
  return (await there) - (await openedAt(page));
}

const page = await openPage(browser);
await page.goto(address(0));
await shown(0);
/** Somebody has a look first; then the neighbours are there. */
const LOOK = 1_500;
const REST = 700;

const next: number[] = [];
let station = 0;
for (let i = 0; i < Number(options.tries); i++) {
  await sleep(LOOK + Math.random() * REST);
  station = (station + 1) % stations.length;
  next.push(await change(page, ['PageUp'], station));
}
say(`Changed to the next station ${next.length} times`);

const far: number[] = [];
for (let i = 0; i < Number(options.tries); i++) {
  await sleep(LOOK + Math.random() * REST);
  station = (station + 2) % stations.length;
  far.push(await change(page, [String(stations[station]!.number)], station));
}
say(`Changed to a station far away ${far.length} times`);

interface Reported {
  viewers: { station: string; report: { delay: number; offset: number | null } | null }[];
}
await sleep(12_000);
const { viewers } = (await (await fetch(`${url}/api/v1/viewers`)).json()) as Reported;
const offset =
  viewers.find((viewer) => viewer.station === stations[station]!.id && viewer.report)?.report?.offset ?? null;
/** From a picture's last packet, and from its first, to the screen. */
const leads = await leadsOf(store, prepared[station]!.source);
const behind = (lead: number) => lead + COMMON_DELAY + (offset ?? 0);
await browser.close();
await screen.close();
await server.end();

const at = (values: readonly number[], share: number) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
};
const row = (what: string, values: readonly number[]) => ({
  what,
  tries: values.length,
  'p50, ms': at(values, 0.5)!.toFixed(0),
  'p99, ms': at(values, 0.99)!.toFixed(0),
  'least–most': `${spread(values).least.toFixed(0)}–${spread(values).most.toFixed(0)}`,
});
report(`The viewer's page in Chromium, stations of 5 Mbit/s, random access every ${options.gop} s`, [
  row('opening the page, to the first picture', visits),
  row('Page Up, to the next station’s picture', next),
  row('a number, to a station that was not preloaded', far),
  row('a picture’s last packet leaves, to the screen', leads.last.map(behind)),
  row('a picture’s first packet leaves, to the screen', leads.first.map(behind)),
]);
process.exit();
