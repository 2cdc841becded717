/** The viewer's page as delivered by `msc serve`, in Chromium. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage, withoutBrowser } from './support/browser.js';
import { until } from './support/display.js';
import { sharedFilm, sharedStore } from './support/film.js';
import { serve } from './support/msc.js';

/** Compressed size of everything that the page loads until it plays. */
const BUDGET = 150_000;

const isBuilt = existsSync(fileURLToPath(new URL('../web/index.html', import.meta.url)));
const skip = withoutBrowser() || (!isBuilt && 'the pages are not built');

test('from the wall to a picture that plays, pauses and goes back to live', { skip }, async (context) => {
  const films = ['Harbour', 'News'].map((name) => `${name}=${sharedFilm(8)}`);
  const { folder: store } = await sharedStore();
  const server = await serve(context, [...films, '--store', store, '--http', '127.0.0.1:0', '--quiet'], 2);
  const browser = await openBrowser(context);
  const page = await openPage(context, browser, `${server.url}/healthz`);
  const sizes = new Map<string, number>();
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    const isCode = pathname === '/' || pathname.startsWith('/assets/');
    if (isCode) sizes.set(pathname, Number(response.headers()['content-length']));
  });
  await page.goto(server.url!);
  await page.locator('.tile').nth(1).waitFor();
  assert.match(await page.locator('.tile').first().innerText(), /1\s*Harbour[\s\S]*320×240 · 4:3 · 25 fps/);

  await page.keyboard.press('2');
  const playing = '.picture-screen video';
  const time = (): Promise<number> =>
    page.evaluate(`Math.max(...[...document.querySelectorAll('${playing}')].map((each) => each.currentTime))`);
  const isPaused = (): Promise<boolean> => page.evaluate(`document.querySelector('${playing}').paused`);
  await page.locator('.picture-tuning, .trouble').first().waitFor({ state: 'detached' });
  const before = await time();
  await until(context, async () => (await time()) > before + 0.5);
  await until(context, async () => (await page.locator('.badge').innerText()) === 'Live');

  await page.keyboard.press('ArrowLeft');
  await page.locator('[data-late=true]').waitFor();
  await page.keyboard.press('p');
  await page.getByRole('button', { name: 'Back to live', exact: true }).waitFor();
  await until(context, isPaused);
  await page.keyboard.press('4');
  await page.locator('[data-late=false]').waitFor();
  await until(context, async () => !(await isPaused()));

  await page.keyboard.press('1');
  assert.equal(await page.locator('.watch').getAttribute('aria-label'), 'Harbour');
  await page.keyboard.press('g');
  await page
    .getByRole('button', { name: /Harbour/ })
    .first()
    .waitFor();

  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  context.diagnostic(`${total} bytes in ${sizes.size} files`);
  assert.ok(total > 20_000 && total <= BUDGET, `${total} bytes: ${JSON.stringify([...sizes])}`);
  await server.stop();
});

test('Page Up shows the preloaded neighbour, which does not stop for it', {
  skip,
  timeout: 120_000,
}, async (context) => {
  const films = ['Pier', 'Quay'].map((name) => `${name}=${sharedFilm(8)}`);
  const { folder: store } = await sharedStore();
  const server = await serve(context, [...films, '--store', store, '--http', '127.0.0.1:0', '--quiet'], 2);
  const browser = await openBrowser(context);
  const page = await openPage(context, browser, `${server.url}/#/${server.stations[0]!.id}`);
  const isSo = (what: string) => until(context, async () => (await page.evaluate(what)) === true);
  const preloaded = `[...document.querySelectorAll('[aria-hidden] video')].find(({ currentTime }) => currentTime > 0)`;
  await isSo(`(globalThis.neighbour = ${preloaded}) !== undefined && !neighbour.paused`);
  // A preloaded player is used once it has shown a picture.
  await page.evaluate(`new Promise((resolve) => {
    neighbour.requestVideoFrameCallback(() => neighbour.requestVideoFrameCallback(() => resolve()));
  })`);
  await page.evaluate(`neighbour.addEventListener('pause', () => { globalThis.hasStopped = true; })`);
  await page.keyboard.press('PageUp');
  await page.locator('.watch[aria-label=Quay]').waitFor();
  await isSo(`document.querySelector('.picture-screen video') === neighbour`);
  const time = await page.evaluate<number>('neighbour.currentTime');
  await isSo(`neighbour.currentTime > ${time + 0.5}`);
  assert.equal(await page.evaluate('globalThis.hasStopped'), undefined);
  await server.stop();
});
