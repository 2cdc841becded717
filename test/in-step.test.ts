/** Pages in a browser and a window of `msc watch --sync`: the same picture at the same moment. */
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { withoutBrowser } from './support/browser.js';
import { openScreen, SCREEN, type Screen, until } from './support/display.js';
import { finished, runMsc, startMsc } from './support/msc.js';
import { readNumber } from './support/numbered-film.js';
import { without } from './support/tools.js';
import { chromium, openFilm, PICTURE, type Viewing } from './support/viewing.js';

const missing = without('ffmpeg', 'mpv', 'Xvfb', 'xdotool') || withoutBrowser();

/** Duration of the looped film, milliseconds. */
const LENGTH = 20_000;
/** Screens nearer than this show the same picture, milliseconds. */
const IN_STEP = PICTURE;

/** The shorter distance between two moments of the loop. */
const between = (from: number, to: number): number => {
  const apart = (((to - from) % LENGTH) + LENGTH) % LENGTH;
  return apart > LENGTH / 2 ? apart - LENGTH : apart;
};

const middle = (values: readonly number[]): number => {
  const [first = 0] = values;
  const apart = values.map((value) => between(first, value)).sort((a, b) => a - b);
  return first + (apart[Math.floor(apart.length / 2)] ?? 0);
};

/** The start of the film that a page shows, by this machine's clock, from the pictures that it is about to show. */
const begunInPage = async (page: Viewing): Promise<number> =>
  middle(
    await page.do<number[]>(`new Promise((resolve) => {
      const video = picture();
      const begun = [];
      const look = (_, { expectedDisplayTime }) => {
        const number = numberOn(video);
        if (number !== null) begun.push(performance.timeOrigin + expectedDisplayTime - number * ${PICTURE});
        if (begun.length < 50) video.requestVideoFrameCallback(look);
        else resolve(begun);
      };
      video.requestVideoFrameCallback(look);
    })`),
  );

/** The start of the film on a screen, from pictures sampled at random moments. */
async function begunOnScreen(context: TestContext, screen: Screen): Promise<number> {
  const begun: number[] = [];
  await until(context, () => {
    const before = Date.now();
    const pixels = screen.pixels();
    const at = (before + Date.now()) / 2;
    const number = readNumber((x, y) => {
      const pixel = Math.floor(y * SCREEN.height) * SCREEN.width + Math.floor(x * SCREEN.width);
      return pixels[pixel * 3 + 1]!;
    });
    // On average, half of the picture's time has passed.
    if (number !== null) begun.push(at - (number + 0.5) * PICTURE);
    return begun.length === 50;
  });
  return middle(begun);
}

test('two pages and a window show the same picture at the same moment', {
  skip: missing,
  timeout: 420_000,
}, async (context) => {
  const { front, station } = await openFilm(context, { seconds: LENGTH / 1000 });
  const screen = await openScreen(context);
  const words = ['watch', station, '--sync', '--player', 'mpv', '--json', '--interface', 'lo'];
  const window = startMsc(context, words, ['env', `DISPLAY=${screen.env.DISPLAY}`]);
  const ended = finished(window);
  const offsets: (number | null)[] = [];
  createInterface({ input: window.stdout! }).on('line', (line) => offsets.push(JSON.parse(line).offset));
  await until(context, () => screen.windows('^Film').length === 1);
  const isInStep = (offset: number | null | undefined) => Math.abs(offset ?? 1e3) < 20;
  await until(context, () => isInStep(offsets.at(-1)));
  const [opened] = screen.windows('^Film');
  assert.ok(opened);
  screen.focus(opened);
  screen.fill(opened);

  const another = await chromium(context, front.url, LENGTH / 1000);
  const pages = [await another(), await another()];
  for (const page of pages) await page.live(station);
  for (const page of pages) await page.until(({ statistics }) => isInStep(statistics?.offset));
  await until(context, async () => {
    const begun = [await begunOnScreen(context, screen), ...(await Promise.all(pages.map(begunInPage)))];
    return begun.every((one) => begun.every((other) => Math.abs(between(one, other)) < IN_STEP));
  });
  screen.press('q');
  assert.equal((await ended).exitCode, 0);
});

test('--sync with a player that shows no pictures is refused', { timeout: 60_000 }, async (context) => {
  const { exitCode, stderr } = await runMsc(context, ['watch', '1', '--sync', '--player', 'none', '--interface', 'lo']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /The player none shows no pictures.*--player none/s);
});
