/** Stations of HEVC in browsers: Debian's Firefox decodes it, Chromium does not, and says so. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage, withoutBrowser } from './support/browser.js';
import { until } from './support/display.js';
import { serveEnginePage } from './support/engine-page.js';
import { openHevcGateway } from './support/hevc-gateway.js';
import { without } from './support/tools.js';
import { firefox, needsFirefox } from './support/viewing.js';

const isBuilt = existsSync(fileURLToPath(new URL('../web/index.html', import.meta.url)));
const skip = without('ffmpeg') || withoutBrowser() || (!isBuilt && 'the pages are not built');

/** Milliseconds from a picture's moment until it is shown: the media delay and the gateway's delay. */
const SHOWN_AFTER = 1_200;
const OBSTACLE = 'This browser cannot decode H.265 (HEVC).';

test(
  'Firefox plays a station of HEVC, each picture at its moment, paused, sought and live again',
  needsFirefox,
  async (context) => {
    const { url, hevc, h264, seconds } = await openHevcGateway(context);
    const front = await serveEnginePage(context, url);
    const viewing = await firefox(context, front.url, seconds);
    assert.equal((await viewing.live(hevc)).statistics?.path, 'mpegts.js');
    const { number } = await viewing.look();
    const next = await viewing.until((look) => look.number !== null && look.number !== number);
    const expected = viewing.at((await viewing.do<number>('engine.now()')) - SHOWN_AFTER);
    assert.ok(viewing.distance(next.number!, expected + 25) < 50, `${next.number} instead of ${expected}`);

    await viewing.do('screen.pause()');
    const paused = await viewing.still();
    await viewing.do('screen.resume()');
    await viewing.until((look) => look.status === 'playing' && look.number !== paused.number);
    const cycle = seconds * 1000;
    const beginning = (Math.floor(Date.now() / cycle) - 3) * cycle;
    await viewing.do(`screen.pause(), screen.seek(${beginning + 55 * 40})`);
    await viewing.until((look) => look.number === 55 && look.status === 'paused');
    await viewing.do('screen.resume(), screen.live()');
    await viewing.until((look) => look.following && look.status === 'playing' && look.behind! < 500);
    await viewing.live(h264);
    assert.equal((await viewing.live(hevc)).problem, null);
  },
);

test('Chromium says on the wall and in the picture what it cannot decode, and what can; the next station plays', {
  skip,
}, async (context) => {
  const { url } = await openHevcGateway(context);
  const browser = await openBrowser(context);
  const page = await openPage(context, browser, url);
  const tile = page.locator('.tile').nth(1);
  await tile.waitFor();
  assert.equal(await tile.locator('.tile-obstacle').innerText(), `${OBSTACLE} VLC and msc watch can.`);
  assert.equal(await page.locator('.tile-obstacle').count(), 1);
  // Its picture comes from the gateway, which decodes it.
  await tile.locator('.thumbnail img').waitFor();
  const seen = 'document.querySelectorAll(".tile")[1].querySelector("img").naturalWidth';
  await until(context, async () => (await page.evaluate<number>(seen)) > 0);

  await page.keyboard.press('1');
  await page.locator('.picture-screen video').waitFor();
  await page.keyboard.press('PageUp');
  const trouble = page.getByRole('alert');
  await trouble.waitFor();
  const said = await trouble.innerText();
  assert.ok(said.startsWith(OBSTACLE), said);
  assert.match(said, /msc watch plays H.265 Main 2.1 \+ AAC, and so does VLC from this address:/);
  assert.ok(said.includes(`${url}/stations/station-2.ts`), said);
  await page.locator('.picture-tuning img').waitFor();

  await page.keyboard.press('PageUp');
  await trouble.waitFor({ state: 'detached' });
  const time = (): Promise<number> =>
    page.evaluate(
      'Math.max(0, ...[...document.querySelectorAll(".picture-screen video")].map((each) => each.currentTime))',
    );
  const before = await time();
  await until(context, async () => (await time()) > before + 0.5);
  assert.equal(await page.locator('.trouble').count(), 0);
});
