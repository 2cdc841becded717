import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { COMMON_DELAY } from '../src/contract/timing.js';
import { finish, log, openBenchmark } from './support/benchmark.js';
import { leadsOf } from './support/leads.js';
import { mscOption, outOption, readOptions } from './support/options.js';
import { timeCommand } from './support/processes.js';
import { type Prepared, prepare } from './support/reels.js';
import { CHROMIUM_FLAGS, Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { quantile } from './support/stats.js';

const options = readOptions(
  "Time of the viewer's page in Chromium, by the pixels on the screen: from opening it to the first picture, and from a " +
    "key to another station's picture. Needs Linux and root.",
  {
    tries: [50, 'changes of the station, of each kind'],
    visits: [10, 'number of times that the page is opened'],
    gop: [2, 'seconds between random access points'],
    ...outOption,
    ...mscOption,
  },
);
const { folder, store } = await openBenchmark(['ffmpeg', 'chromium', 'Xvfb']);

/** The colours of the stations, which identify them on the screen: red, green, blue. */
const colours: readonly (readonly [name: string, rgb: readonly number[]])[] = [
  ['red', [255, 0, 0]],
  ['lime', [0, 255, 0]],
  ['blue', [0, 0, 255]],
  ['yellow', [255, 255, 0]],
  ['fuchsia', [255, 0, 255]],
];
const LENGTH = 20;

const prepared: Prepared[] = [];
for (const [name] of colours) {
  log(`Making ${name} and its reel`);
  const film = join(folder, `${name}.mp4`);
  const frames = String(Math.round(25 * options.gop));
  await timeCommand('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=${name}:s=1280x720:r=25,noise=alls=12:allf=t`],
    ...['-f', 'lavfi', '-i', 'sine=440:r=48000', '-t', String(LENGTH), '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-pix_fmt', 'yuv420p', '-g', frames, '-keyint_min', frames, '-sc_threshold', '0', '-b:v', '4600k'],
    ...['-maxrate', '4600k', '-bufsize', '2300k', '-c:a', 'aac', '-b:a', '128k', film],
  ]);
  prepared.push(await prepare(store, film, options.msc));
}
const { server, stations, url } = await serveStations({
  program: options.msc,
  store: store.folder,
  sources: prepared.map(({ source }) => source),
  flags: ['--control-port', '0', '--http', '127.0.0.1:0'],
});

const SIZE = { width: 1280, height: 720 };
const screen = await Screen.open(join(folder, 'screen'), SIZE);

/** Runs in the page and keeps the time of the last key, or else of the navigation. Unix epoch. */
const script = `
  globalThis.keyAt = performance.timeOrigin;
  addEventListener('keydown', (event) => { keyAt = performance.timeOrigin + event.timeStamp; }, true);
`;
const startedAt = (page: Page): Promise<number> => page.evaluate('keyAt');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: false,
  env: { ...process.env, ...screen.env } as Record<string, string>,
  args: [...CHROMIUM_FLAGS, '--kiosk', '--window-position=0,0', `--window-size=${SIZE.width},${SIZE.height}`],
});

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: null });
  const page = await context.newPage();
  await page.addInitScript({ content: script });
  return page;
}

/** Pixels whose mean is compared, because the films have noise. Above and below them the page can shade the picture. */
const MIDDLE = { y: Math.round(0.38 * SIZE.height), from: SIZE.width / 2 - 50, to: SIZE.width / 2 + 50 };

function isShown(colour: readonly number[]): boolean {
  const row = screen.row(MIDDLE.y);
  return [2, 1, 0].every((byte, i) => {
    let sum = 0;
    for (let x = MIDDLE.from; x < MIDDLE.to; x++) sum += row[4 * x + byte]!;
    return Math.abs(sum / (MIDDLE.to - MIDDLE.from) - colour[i]!) < 60;
  });
}

/** Longest wait for a picture, ms. */
const PATIENCE = 10_000;

/** Resolves with the time at which the station's picture is on the screen, Unix epoch. */
async function shown(station: number): Promise<number> {
  const [name, colour] = colours[station]!;
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(2)) {
    if (isShown(colour)) return performance.timeOrigin + performance.now();
  }
  throw new Error(`the ${name} station did not appear on the screen`);
}

/** Milliseconds from the page's navigation, or the last key pressed by `act`, to the station's picture. */
async function timeToPicture(page: Page, station: number, act: () => Promise<unknown>): Promise<number> {
  const appeared = shown(station);
  await act();
  return (await appeared) - (await startedAt(page));
}

const address = (station: number) => `${url}/#/${stations[station]!.id}`;
const visits: number[] = [];
for (let i = 0; i < options.visits; i++) {
  const page = await openPage(browser);
  const station = i % stations.length;
  visits.push(await timeToPicture(page, station, () => page.goto(address(station), { waitUntil: 'commit' })));
  await page.context().close();
}
log(`Opened ${visits.length} times`);

const page = await openPage(browser);
await page.goto(address(0));
await shown(0);
let station = 0;

/** Time that a viewer watches a station before the next change, ms: enough to preload its neighbours. */
const WATCHED = { least: 1_500, random: 700 };

/** Changes by `step` stations again and again, with the key for the station that comes next. */
async function change(step: number, keyOf: (station: number) => string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < options.tries; i++) {
    await sleep(WATCHED.least + Math.random() * WATCHED.random);
    station = (station + step) % stations.length;
    times.push(await timeToPicture(page, station, () => page.keyboard.press(keyOf(station))));
  }
  log(`Changed by ${step} stations ${times.length} times`);
  return times;
}
const next = await change(1, () => 'PageUp');
const far = await change(2, (to) => String(stations[to]!.number));

interface Reported {
  viewers: { station: string; report: { delay: number; offset: number | null } | null }[];
}
await sleep(12_000);
const { viewers } = (await (await fetch(`${url}/api/v1/viewers`)).json()) as Reported;
const { id } = stations[station]!;
const offset = viewers.find((viewer) => viewer.station === id && viewer.report)?.report?.offset ?? 0;
const leads = await leadsOf(store, prepared[station]!.source);
const delayOf = (lead: number) => lead + COMMON_DELAY + offset;
await browser.close();
await screen.close();
await server.end();

const row = (time: string, values: readonly number[]) => ({
  time,
  tries: values.length,
  'p50, ms': quantile(values, 0.5).toFixed(0),
  'p99, ms': quantile(values, 0.99).toFixed(0),
  'min–max': `${quantile(values, 0).toFixed(0)}–${quantile(values, 1).toFixed(0)}`,
});
const rows = [
  row('opening the page, to the first picture', visits),
  row('Page Up, to the next station’s picture', next),
  row('a number, to a station that was not preloaded', far),
  row('a picture’s last packet sent, to the screen', leads.last.map(delayOf)),
  row('a picture’s first packet sent, to the screen', leads.first.map(delayOf)),
];
const title = `The viewer's page in Chromium, stations of 5 Mbit/s, random access every ${options.gop} s`;
finish({ tables: [[title, rows]], data: { visits, next, far, offset }, out: options.out });
