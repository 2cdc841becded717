/** Every view of the viewer's page in Chromium, with made-up stations: both colour schemes, every width, touch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axeFaults } from './support/axe.js';
import { COARSE, openBrowser, SCREENS, withoutBrowser } from './support/browser.js';
import { press, servePage } from './support/page-server.js';

/** Every view, with the keys that open it. */
const views: Readonly<Record<string, readonly string[]>> = {
  wall: [],
  'wall with favourites': ['*'],
  'search without result': ['/', 'q', 'x', 'q'],
  watching: ['2'],
  controls: ['2', 'Enter'],
  menu: ['2', 'p'],
  'menu behind live': ['2', 'Shift+ArrowLeft', 'p'],
  list: ['2', 'c'],
  guide: ['g'],
  'guide over the picture': ['2', 'g'],
  more: ['2', 'Enter', 'click More'],
  timer: ['2', 't'],
  keys: ['?'],
  statistics: ['2', 's', 'Enter'],
  'number being typed': ['1'],
};

/** Classes of elements that are wider than the screen, except inside scrolling elements. */
const whatIsWider = `(() => {
  const scrolls = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const { overflowX, contentVisibility } = getComputedStyle(at);
      if (/auto|scroll|hidden|clip/.test(overflowX) || contentVisibility === 'auto') return true;
    }
    return false;
  };
  return [...document.querySelectorAll('body *')]
    .filter((each) => each.checkVisibility() && !scrolls(each) && each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => each.className)
    .concat(document.documentElement.scrollWidth > innerWidth ? ['page'] : []);
})()`;

const skip = withoutBrowser();

test('the views of the page', { skip }, async (context) => {
  const url = await servePage(context);
  const browser = await openBrowser(context);
  const at = (path = '') => `${url}/${path}`;

  for (const scheme of ['dark', 'light'] as const) {
    await context.test(`axe finds nothing in any view, ${scheme}`, async (context) => {
      let seen = 0;
      const page = await browser.newPage({ colorScheme: scheme, deviceScaleFactor: COARSE, reducedMotion: 'reduce' });
      // Each view is opened as if for the first time.
      await page.addInitScript({ content: 'localStorage.clear()' });
      for (const [view, keys] of Object.entries(views)) {
        // The player is dark in both colour schemes.
        if (scheme === 'light' && keys.includes('2')) continue;
        seen++;
        // A number can be longer only with more than nine stations.
        await page.goto(at(keys[0] === '1' ? '' : '?stations=4'));
        await page.locator('.tile').first().waitFor();
        for (const key of keys) await press(page, key);
        if (keys.includes('2')) await page.locator('.picture-tuning').waitFor({ state: 'detached' });
        assert.deepEqual(await axeFaults(page), [], view);
      }
      await page.close();
      context.diagnostic(`${seen} views`);
    });
  }

  await context.test('nothing is wider than the screen, at any width', async (context) => {
    for (const stations of ['12', 'awkward']) {
      const page = await browser.newPage({ deviceScaleFactor: COARSE, reducedMotion: 'reduce' });
      await page.goto(at(`?stations=${stations}`));
      await page.locator('.tile').first().waitFor();
      for (const keys of [[], ['2'], ['p'], ['2'], ['Escape', 'Escape', 'g'], ['Escape', 't'], ['Escape', '?']]) {
        for (const key of keys) await press(page, key);
        for (const [width, height] of SCREENS) {
          await page.setViewportSize({ width, height });
          assert.deepEqual(await page.evaluate(whatIsWider), [], `${width}, ${stations}, ${keys}`);
        }
      }
      await page.close();
    }
    context.diagnostic(`${SCREENS.length} sizes`);
  });

  await context.test('touch targets are large enough', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await page.goto(at());
    for (const keys of [[], ['2'], ['p'], ['2'], ['Escape', 'Escape', 't']]) {
      for (const key of keys) await press(page, key);
      const small = await page.evaluate(`[...document.querySelectorAll('button, a, input, [role=slider]')]
        .filter((each) => each.checkVisibility({ visibilityProperty: true }))
        .map((each) => [each.getAttribute('aria-label') ?? each.innerText, each.getBoundingClientRect()])
        .filter(([name, { width, height }]) => Math.min(width, height) < 44 && name !== 'Time' && width * height > 1)
        .map(([name]) => name)`);
      assert.deepEqual(small, [], String(keys));
    }
    await page.close();
  });
});
