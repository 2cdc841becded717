/** Chromium for tests: Debian's own, without a window, with a profile that goes away with the test. */
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { numberOnScript } from './numbered-film.js';
import { without } from './tools.js';

const EXECUTABLE = '/usr/bin/chromium';
/** No window, no graphics card, and nothing that speaks to anybody but the page's own server. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** From a phone to a television, width and height. */
export const SCREENS = [
  [320, 568],
  [390, 844],
  [844, 390],
  [768, 1024],
  [1280, 800],
  [1920, 1080],
  [3840, 2160],
] as const;

export type Autoplay = 'allowed' | 'refused';

export interface BrowserOptions {
  /** Whether sound may begin before anybody has touched the page. */
  autoplay?: Autoplay;
}

/** For the `skip` option of a test: false where Chromium is there, else the reason. */
export const withoutBrowser = (): string | false => without('chromium');

export async function openBrowser(
  context: TestContext,
  { autoplay = 'allowed' }: BrowserOptions = {},
): Promise<Browser> {
  const policy = autoplay === 'allowed' ? 'no-user-gesture-required' : 'document-user-activation-required';
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: [...FLAGS, `--autoplay-policy=${policy}`],
  });
  context.after(() => browser.close());
  return browser;
}

/**
 * A page in which nothing has gone wrong when the test ends: no error that nobody caught, no request to anybody but its
 * own server. Its scripts have `numberOn(element)` (see numbered-film.ts).
 */
export async function openPage(
  context: TestContext,
  browser: Browser,
  url: string,
  viewport?: { width: number; height: number },
): Promise<Page> {
  const page = await browser.newPage({ viewport });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(http|ws)s?:$/.test(protocol) && host !== new URL(url).host) errors.push(`asked ${host}`);
  });
  await page.addInitScript({ content: numberOnScript });
  await page.goto(url);
  context.after(() => {
    if (errors.length > 0) throw new Error(`In the page: ${errors.join('\n')}`);
  });
  return page;
}

/** The number of the picture that an element of the page shows, a video or a canvas; null where it shows none. */
export const numberOn = (page: Page, selector: string): Promise<number | null> =>
  page.evaluate(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    return element && numberOn(element);
  })()`);
