/** The operator's page in Chromium, with a gateway whose stations are made up and whose clock is turned by hand. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Millis } from '../src/base/units.js';
import { hashPassword } from '../src/gateway/access/password.js';
import { type Gateway, openGateway } from '../src/gateway/gateway.js';
import { axeFaults } from './support/axe.js';
import { COARSE, openBrowser, openPage, SCREENS, withoutBrowser } from './support/browser.js';
import { until } from './support/display.js';
import { EPOCH, type FakeGateway, fakeGateway, fakeViewer } from './support/fake-gateway.js';

/** 8 × 8, grey. */
const picture = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////' +
    '////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCAAIAAgDASIAAhEBAxEB/' +
    '8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/' +
    'AIAA/9k=',
  'base64',
);

interface Opened extends FakeGateway {
  url: string;
  /** Closes the gateway, and opens another at the same address. */
  restart(): Promise<void>;
}

async function open(context: TestContext): Promise<Opened> {
  const fake = fakeGateway();
  for (const station of fake.context.catalogue.stations) station.picture = picture;
  const [first] = fake.operator.stations;
  assert.ok(first);
  first.info = { ...first.info, nowPlaying: 'Sintel', nowUntil: EPOCH + 125_000, next: 'Elephants Dream' };
  first.counters.countSent(1_000, 1_328_000);
  for (let i = 0; i < 1_000; i++) first.counters.lateness.record(Millis(i % 4));
  let gateway: Gateway = await openGateway({ context: fake.context, host: '127.0.0.1', port: 0 });
  context.after(() => gateway.close());
  const { url } = gateway;
  const restart = async () => {
    await gateway.close();
    gateway = await openGateway({ context: fake.context, host: '127.0.0.1', port: Number(new URL(url).port) });
  };
  return { ...fake, url: `${url}/operator`, restart };
}

async function look(context: TestContext, browser: Browser, { url }: Opened): Promise<Page> {
  const page = await openPage(context, browser, url, { deviceScaleFactor: COARSE });
  context.after(() => page.close());
  await page.locator('.station, .log-in').first().waitFor();
  return page;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Classes of elements that are wider than the screen. */
const whatIsWider = `[...document.querySelectorAll('body *')]
  .filter((each) => each.checkVisibility() && !each.closest('.plot, .visually-hidden') && each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.className)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['page'] : [])`;

const skip = withoutBrowser();

/** Turned at each look, so that the server's limits of time do not end what the browser is at, however slow the machine is. */
const NO_FASTER = Millis(20);

test('the operator’s page', { skip }, async (context) => {
  const browser = await openBrowser(context);

  await context.test('a station’s row shows now and next, the time left and stats', async (context) => {
    const opened = await open(context);
    const page = await look(context, browser, opened);
    const row = page.locator('.station').first();
    assert.match(
      await row.innerText(),
      /Station 1[\s\S]*239\.255\.0\.1:5004[\s\S]*Sintel[\s\S]*2:05 left[\s\S]*Elephants Dream/,
    );
    opened.operator.stations[0]!.counters.countSent(100, 250_000);
    opened.viewers.add(fakeViewer());
    opened.timers.advance(Millis(1_000));
    await row.getByText('2.00').waitFor();
    await row.getByText('2:04 left').waitFor();
    assert.match(await row.innerText(), /1 HTTP · 0 group/);
    await page.locator('.plot canvas').first().waitFor();
  });

  for (const scheme of ['light', 'dark'] as const) {
    await context.test(`axe finds nothing in any view, ${scheme}`, async (context) => {
      const opened = await open(context);
      opened.viewers.add(fakeViewer({ moved: 2 }));
      opened.operator.warnings = ['1 Films: its reel cannot be read.'];
      opened.operator.stations[0]!.counters.droppedLate = 5;
      opened.timers.advance(Millis(5_000));
      const page = await look(context, browser, opened);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.deepEqual(await axeFaults(page), [], 'the page');
      await page.locator('.station-name').first().click();
      await page.locator('.details .plot canvas').first().waitFor();
      await page.locator('.check summary').click();
      assert.deepEqual(await axeFaults(page), [], 'a station’s details');
      for (const name of ['Links', 'All stations …', 'Show …', 'Rename …', 'Stop …', 'Disconnect 192.0.2.17']) {
        await button(page, name).click();
        await page.locator('dialog[open]').waitFor();
        assert.deepEqual(await axeFaults(page), [], name);
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
      }
      opened.credentials.data = { ...opened.credentials.data, password: await hashPassword('correct horse') };
      await page.reload();
      await page.locator('.log-in').waitFor();
      assert.deepEqual(await axeFaults(page), [], 'logging in');
    });
  }

  await context.test('nothing is wider than the screen, at any width and with long names', async (context) => {
    const opened = await open(context);
    const [first, second] = opened.operator.stations;
    assert.ok(first && second);
    first.info = { ...first.info, name: 'W'.repeat(90), nowPlaying: 'מסך '.repeat(30), next: '<b>&amp;'.repeat(20) };
    second.items = [{ id: 'a', name: 'x'.repeat(180), duration: Millis(5_000), notes: [] }];
    opened.viewers.add(fakeViewer({ address: '2001:db8:1111:2222:3333:4444:5555:6666' }));
    const page = await look(context, browser, opened);
    for (const name of [null, ...(await page.locator('.station-name').all())]) {
      await name?.click();
      for (const [width, height] of SCREENS) {
        await page.setViewportSize({ width, height });
        assert.deepEqual(await page.evaluate(whatIsWider), [], `${width}`);
      }
    }
  });

  await context.test('a command that affects all viewers asks first, and works by keyboard', async (context) => {
    const opened = await open(context);
    const { operator } = opened;
    const page = await look(context, browser, opened);
    await page.locator('.station-name').first().focus();
    await page.keyboard.press('Enter');
    await button(page, 'Stop …').focus();
    await page.keyboard.press('Enter');
    const focused = () => page.evaluate('document.activeElement.innerText');
    await until(context, async () => (await focused()) === 'Cancel');
    await page.keyboard.press('Enter');
    await until(context, async () => (await focused()) === 'Stop …');
    assert.deepEqual(operator.done, []);

    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Station 1: off the air').waitFor();
    assert.deepEqual(operator.done, ['stop station-1']);
    opened.timers.advance(Millis(1_000));
    await button(page, 'Start').click();
    await page.getByText('Station 1: on the air').waitFor();
    assert.deepEqual(operator.done, ['stop station-1', 'start station-1']);
  });

  await context.test('a slate is shown on all stations and removed again', async (context) => {
    const opened = await open(context);
    const page = await look(context, browser, opened);
    await button(page, 'All stations …').click();
    await page.getByLabel('Leave the building').check();
    await button(page, 'Show on all stations').click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    opened.timers.advance(Millis(1_000));
    await page.locator('.tag', { hasText: 'showing Leave the building' }).nth(1).waitFor();
    await button(page, 'All stations …').click();
    await button(page, 'Show on all stations').click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(opened.operator.done, ['show alarm everywhere', 'resume everywhere']);
  });

  await context.test('items are reordered, and a station is renamed', async (context) => {
    const opened = await open(context);
    const page = await look(context, browser, opened);
    await page.locator('.station-name').first().click();
    const cutOff = 'the file is cut off: 1.0 s of 2.0 s can be played';
    assert.deepEqual(await page.locator('.item-notes').allInnerTexts(), [cutOff], 'what a reel lacks is shown');
    await button(page, 'Move Second film up').click();
    assert.deepEqual(await page.locator('.item-name').allInnerTexts(), ['Second film', 'First film']);
    await button(page, 'Save this order').click();
    await page.getByText('new order saved').waitFor();
    await button(page, 'Rename …').click();
    await page.getByLabel('Name', { exact: true }).fill('  Lobby  ');
    await page.keyboard.press('Enter');
    await page.getByText('Renamed to Lobby').waitFor();
    assert.deepEqual(opened.operator.done, ['reorder station-1 b a', 'rename station-1 Lobby']);
  });

  await context.test('a viewer is disconnected', async (context) => {
    const opened = await open(context);
    const ended = { value: false };
    const remove = opened.viewers.add(
      fakeViewer({
        close: () => {
          ended.value = true;
          remove();
        },
      }),
    );
    const page = await look(context, browser, opened);
    await button(page, 'Disconnect 192.0.2.17').click();
    await page.locator('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await page.getByText('192.0.2.17 was disconnected').waitFor();
    assert.equal(ended.value, true);
    opened.timers.advance(Millis(1_000));
    await page.getByText('No known viewers.').waitFor();
  });

  await context.test(
    'the operator logs in with the password and out again; a wrong one is refused',
    async (context) => {
      const opened = await open(context);
      const { credentials } = opened;
      credentials.data = { ...credentials.data, password: await hashPassword('correct horse') };
      const page = await look(context, browser, opened);
      assert.equal(await page.locator('.station').count(), 0);
      await page.getByLabel('Password').fill('wrong horse');
      await page.keyboard.press('Enter');
      await page.getByText('This is not the password.').waitFor();
      await page.getByLabel('Password').fill('correct horse');
      await page.keyboard.press('Enter');
      await page.locator('.station').first().waitFor();
      assert.equal(await page.evaluate('document.cookie'), '', 'no script sees the session');
      await page.reload();
      await page.locator('.station').first().waitFor();
      await button(page, 'Log out').click();
      await page.locator('.log-in').waitFor();
    },
  );

  await context.test('the page reconnects to a restarted server', async (context) => {
    const opened = await open(context);
    const page = await look(context, browser, opened);
    await opened.restart();
    await until(context, async () => {
      opened.timers.advance(NO_FASTER);
      return page.evaluate<boolean>(`document.querySelector('.station') && !document.querySelector('.toast-lost')`);
    });
    opened.operator.stations[0]!.info = { ...opened.operator.stations[0]!.info, name: 'After' };
    opened.operator.revision++;
    await until(context, async () => {
      opened.timers.advance(NO_FASTER);
      return (await page.getByText('After').count()) > 0;
    });
  });
});
