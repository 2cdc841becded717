/** The viewer's page in Chromium, with made-up stations: keys, menus, screen readers. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { COARSE, openBrowser, openPage, withoutBrowser } from './support/browser.js';
import { press, servePage } from './support/page-server.js';

const SECOND = 1000;

/** Opens the page, and a view by keys. */
async function open(context: TestContext, browser: Browser, url: string, keys: readonly string[] = []): Promise<Page> {
  const page = await openPage(context, browser, url, { deviceScaleFactor: COARSE });
  context.after(() => page.close());
  await page.locator('.tile, .watch, .wall-nothing').first().waitFor();
  for (const key of keys) await press(page, key);
  return page;
}

const focusedName = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText');

const stationShown = (page: Page): Promise<string | null> => page.locator('.watch').getAttribute('aria-label');

const skip = withoutBrowser();

test('the page', { skip }, async (context) => {
  const url = await servePage(context);
  const browser = await openBrowser(context);
  const at = (path = '') => `${url}/${path}`;

  await context.test(
    'arrows move over the wall, Enter watches, and leaving returns to the same tile',
    async (context) => {
      const page = await open(context, browser, at(), ['ArrowRight', 'ArrowRight', 'ArrowDown']);
      const tile = await page.evaluate('document.activeElement.closest("[data-station]").dataset.station');
      await page.keyboard.press('Enter');
      assert.equal(new URL(page.url()).hash, `#/${tile}`);
      await page.keyboard.press('q');
      await page.locator('.tile').first().waitFor();
      assert.equal(await page.evaluate('document.activeElement.closest("[data-station]").dataset.station'), tile);
      for (let up = 0; up < 5; up++) await page.keyboard.press('ArrowUp');
      assert.match(await focusedName(page), /Search|Guide|Keys/);
    },
  );

  await context.test(
    'stations are changed by number, to the next and previous, and to the last one watched',
    async (context) => {
      const page = await open(context, browser, at(), ['3']);
      assert.equal(await stationShown(page), 'Newsroom');
      await page.keyboard.press('PageUp');
      assert.equal(await stationShown(page), 'Lecture Hall A');
      await page.keyboard.press('PageDown');
      await page.keyboard.press('PageDown');
      assert.equal(await stationShown(page), 'Cinema One');
      await page.keyboard.press('Backspace');
      assert.equal(await stationShown(page), 'Newsroom');
      assert.deepEqual(await page.evaluate('engine.asked.preload'), ['lecture-hall-a', 'cinema-one']);
      await page.keyboard.press('1');
      assert.equal(await page.locator('.typed-number').innerText(), '1–');
      await page.keyboard.press('Enter');
      assert.equal(await stationShown(page), 'Harbour');
    },
  );

  await context.test('the menu has four items, and returns the focus', async (context) => {
    const page = await open(context, browser, at(), ['2']);
    await page.locator('.picture-tuning').waitFor({ state: 'detached' });
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('p');
    const menu = page.getByRole('dialog', { name: 'Paused' });
    await page.getByRole('button', { name: 'Back to live', exact: true }).waitFor();
    assert.deepEqual(
      await menu
        .getByRole('button')
        .allInnerTexts()
        .then((all) => all.map((text) => text.replace('\n', ' '))),
      ['1 Exit', '2 Change the station', '3 Resume', '4 Back to live'],
    );
    assert.match(await focusedName(page), /Resume/);
    await page.keyboard.press('ArrowDown');
    assert.match(await focusedName(page), /Back to live/);
    await page.keyboard.press('Enter');
    await menu.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.className'), 'watch');
    assert.equal(await page.evaluate('[...engine.screens][0].status.value'), 'playing');
    assert.equal(await page.locator('.badge').innerText(), 'Live');
  });

  await context.test('the time behind live is shown in the corner', async (context) => {
    const page = await open(context, browser, at(), ['2']);
    await page.locator('.picture-tuning').waitFor({ state: 'detached' });
    await page.keyboard.press('Shift+ArrowLeft');
    await page.locator('[data-late=true]').waitFor();
    assert.match(await page.locator('.badge').innerText(), /^−1:0\d$/);
    const bar = page.getByRole('slider', { name: 'Time' });
    assert.match((await bar.getAttribute('aria-valuetext'))!, /1 minute( \d seconds?)? behind live$/);
    await page.keyboard.press('l');
    await page.locator('[data-late=false]').waitFor();
  });

  await context.test('the focus stays in an open dialog, and returns from it', async (context) => {
    const page = await open(context, browser, at(), ['2', 'c']);
    const list = page.getByRole('dialog', { name: 'Stations' });
    await list.waitFor();
    assert.match(await focusedName(page), /Cinema One/);
    for (let tab = 0; tab < 20; tab++) {
      await page.keyboard.press('Tab');
      const inside = await page.evaluate(
        'document.activeElement === document.body || !!document.activeElement.closest("dialog")',
      );
      assert.equal(inside, true, `after ${tab + 1}`);
    }
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.className'), 'watch');
  });

  await context.test('the list is searched, and Enter chooses the first result', async (context) => {
    const page = await open(context, browser, at(), ['2', '/']);
    await page.keyboard.type('tra');
    await page.keyboard.press('Enter');
    assert.equal(await stationShown(page), 'Night Train');
  });

  await context.test('pictures are shown side by side, and the sound follows the focus', async (context) => {
    const page = await open(context, browser, at(), ['2', 'a']);
    await page.getByRole('button', { name: /Newsroom/ }).click();
    assert.equal(await page.locator('.picture').count(), 2);
    const muted = () => page.evaluate('[...engine.screens].map((screen) => screen.muted.value)');
    assert.deepEqual(await muted(), [true, false]);
    await page.keyboard.press('Tab');
    assert.match(await focusedName(page), /Cinema One/);
    assert.deepEqual(await muted(), [false, true]);
    assert.equal(new URL(page.url()).hash, '#/cinema-one+newsroom');
    await page.keyboard.press('x');
    assert.equal(await page.locator('.picture').count(), 1);
    assert.equal(await page.evaluate('engine.screens.size'), 1);
  });

  await context.test('the controls and the cursor disappear without input', async () => {
    const page = await browser.newPage();
    await page.clock.install();
    await page.goto(at());
    await page.locator('.tile').first().waitFor();
    await page.keyboard.press('2');
    const controls = () => page.locator('.watch').getAttribute('data-controls');
    assert.equal(await controls(), 'true');
    await page.clock.runFor(4 * SECOND);
    assert.equal(await controls(), 'false');
    assert.equal(await page.evaluate('getComputedStyle(document.querySelector(".watch")).cursor'), 'none');
    await page.mouse.move(300, 200);
    await page.mouse.move(310, 210);
    assert.equal(await controls(), 'true');
    await page.clock.runFor(4 * SECOND);
    assert.equal(await controls(), 'false');
    await page.keyboard.press('p');
    await page.clock.runFor(20 * SECOND);
    assert.equal(await controls(), 'true');
    await page.close();
  });

  await context.test(
    'an address opens a station at a moment, and the browser goes back to the wall',
    async (context) => {
      const past = new Date(Date.now() - 600 * SECOND).toISOString();
      const page = await open(context, browser, at(`#/newsroom?t=${past}`));
      assert.equal(await stationShown(page), 'Newsroom');
      await page.locator('[data-late=true]').waitFor();
      assert.match(await page.locator('.badge').innerText(), /^−(9:5|10:0)\d$/);
      const wall = await open(context, browser, at(), ['4']);
      await wall.goBack();
      await wall.locator('.tile').first().waitFor();
      await wall.goForward();
      assert.equal(await stationShown(wall), 'Lecture Hall A');
      const none = await open(context, browser, at('#/nothing-of-that-name'));
      assert.match(await none.getByRole('alert').innerText(), /no such station/);
    },
  );

  await context.test(
    'keys choose the sound and the subtitles, from the languages of the address on',
    async (context) => {
      const page = await open(context, browser, at('?audio=it,de&subtitles=de#/cinema-one'));
      const asked = () => page.evaluate('[engine.asked.languages.join(), engine.asked.subtitles.join()]');
      assert.deepEqual(await asked(), ['it,de', 'de']);
      const presses: [key: string, notice: string, asked: string[]][] = [
        ['b', 'Sound: French', ['fr', 'de']],
        ['b', 'Sound: English', ['en', 'de']],
        ['v', 'Subtitles off', ['en', '']],
        ['v', 'Subtitles: English', ['en', 'en']],
      ];
      for (const [key, notice, expected] of presses) {
        await page.keyboard.press(key);
        await page.getByText(notice, { exact: true }).first().waitFor();
        assert.deepEqual(await asked(), expected);
      }
      const other = await open(context, browser, at('#/newsroom'), ['b']);
      await other.getByText('This station has one track of sound.', { exact: true }).first().waitFor();
      await other.keyboard.press('v');
      await other.getByText('This station has no subtitles.', { exact: true }).first().waitFor();
    },
  );

  await context.test('favourites, the last station and the volume are kept for the next visit', async () => {
    const visit = await browser.newContext();
    const first = await visit.newPage();
    await first.goto(at());
    await first.locator('.tile').first().waitFor();
    for (const key of ['5', '*', 'ArrowDown', 'q']) await first.keyboard.press(key);
    const second = await visit.newPage();
    await second.goto(at());
    await second.getByRole('heading', { name: 'Favourites' }).waitFor();
    assert.match(await focusedName(second), /Mountains/);
    const third = await visit.newPage();
    await third.goto(at('?start=last'));
    await third.locator('.watch').waitFor();
    assert.equal(await stationShown(third), 'Mountains');
    assert.equal(await third.getByRole('slider', { name: 'Volume' }).inputValue(), '95');
    await visit.close();
  });

  await context.test('screen readers announce the station, the pause and the connection', async (context) => {
    const page = await open(context, browser, at(), []);
    const tile = page.getByRole('link', { name: /Cinema One/ });
    const name = await tile.ariaSnapshot();
    assert.match(name, /link "2 Cinema One .+ left · then .+ 3840×2160 · 16:9 · 24 fps"/);
    const announced = page.getByRole('status');
    await page.keyboard.press('2');
    assert.match((await announced.textContent())!, /^Station 2, Cinema One: /);
    await page.keyboard.press('p');
    assert.match((await announced.textContent())!, /Paused\./);
    await page.evaluate('engine.connection.value = "lost"');
    await page.getByText('Connection lost, reconnecting', { exact: true }).waitFor();
    assert.match((await announced.textContent())!, /^Connection lost, reconnecting\./);
    await page.evaluate('engine.connection.value = "open"');
    assert.doesNotMatch((await announced.textContent())!, /lost/);
  });

  await context.test('a station that returns is shown again', async (context) => {
    const page = await open(context, browser, at(), ['2']);
    await page.locator('.picture-tuning').waitFor({ state: 'detached' });
    await page.evaluate(`(() => {
      const all = engine.stations.value;
      engine.stations.value = all.filter(({ id }) => id !== 'cinema-one');
      [...engine.screens][0].status.value = 'ended';
      window.all = all;
    })()`);
    await page.getByRole('alert').waitFor();
    await page.evaluate('engine.stations.value = window.all');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    assert.equal(await stationShown(page), 'Cinema One');
  });

  await context.test('the marked tile plays a preview, except with reduced motion', async () => {
    for (const [reducedMotion, screens] of [
      ['no-preference', 1],
      ['reduce', 0],
    ] as const) {
      const page = await browser.newPage({ reducedMotion });
      await page.clock.install();
      await page.goto(at());
      await page.locator('.tile a:focus').waitFor();
      await page.clock.runFor(2 * SECOND);
      assert.equal(await page.evaluate('engine.screens.size'), screens, reducedMotion);
      await page.close();
    }
  });

  await context.test('names are shown as text, and long ones do not change the layout', async () => {
    const page = await browser.newPage();
    await page.goto(at('?stations=awkward'));
    await page.locator('.tile').first().waitFor();
    assert.equal(await page.getByText('<b>bold</b> & "quoted"').count(), 1);
    assert.equal(await page.getByText('<script>alert(1)</script>').first().isVisible(), true);
    const heights = (await page.evaluate(
      'document.querySelectorAll(".tile").values().map((each) => Math.round(each.getBoundingClientRect().height)).toArray()',
    )) as number[];
    assert.equal(new Set(heights).size, 1, String(heights));
    await page.close();
  });

  await context.test('a thumbnail that arrives later does not shift the layout', async () => {
    const page = await browser.newPage();
    await page.goto(at());
    await page.locator('.tile img').first().waitFor();
    const shift = await page.evaluate(`new Promise((done) => {
      let sum = 0;
      new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })
        .observe({ type: 'layout-shift', buffered: true });
      requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
    })`);
    assert.equal(shift, 0);
    await page.close();
  });
});
