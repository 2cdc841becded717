/** Chromium for tests: Debian's package, headless, with a temporary profile. */
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { fileEnd } from './file-end.js';
import { numberOnScript } from './numbered-film.js';
import { without } from './tools.js';

const EXECUTABLE = '/usr/bin/chromium';
/**
 * No graphics card, no requests except to the page's own server, and no process for a page's site beside the one that the page
 * began in.
 */
const FLAGS = [
  '--disable-site-isolation-trials',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Screen sizes from a phone to a television, width and height. */
export const SCREENS = [
  [320, 568],
  [390, 844],
  [844, 390],
  [768, 1024],
  [1280, 800],
  [1920, 1080],
  [3840, 2160],
] as const;

/** Scale of pages whose layout matters, but not their pixels: there is no graphics card to draw those of the largest screens. */
export const COARSE = 0.25;

export type Autoplay = 'allowed' | 'refused';

export interface BrowserOptions {
  /** Whether sound may begin before the page is touched. */
  autoplay?: Autoplay;
}

/** For the `skip` option of a test: false where Chromium is installed, otherwise the reason. */
export const withoutBrowser = (): string | false => without('chromium');

/** Of this test file: one starts in three seconds of processor time. */
const browsers = new Map<Autoplay, Promise<Browser>>();

async function launch(autoplay: Autoplay): Promise<Browser> {
  const policy = autoplay === 'allowed' ? 'no-user-gesture-required' : 'document-user-activation-required';
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: [...FLAGS, `--autoplay-policy=${policy}`],
  });
  fileEnd.after(() => browser.close());
  return browser;
}

/** The file's browser. The pages that it opens for this test, each with a profile of its own, are closed when the test ends. */
export async function openBrowser(
  context: TestContext,
  { autoplay = 'allowed' }: BrowserOptions = {},
): Promise<Browser> {
  const launched = browsers.get(autoplay) ?? launch(autoplay);
  browsers.set(autoplay, launched);
  const browser = await launched;
  context.after(() => Promise.all(browser.contexts().map((profile) => profile.close())));
  return browser;
}

/**
 * Opens a page. The test fails at its end if the page had an uncaught error, or a request to another server than its own.
 * Scripts in the page have `numberOn(element)` (see numbered-film.ts).
 */
export async function openPage(
  context: TestContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await browser.newPage(options);
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

/** The number of the picture that a video or canvas of the page shows; null where it shows none. */
export const numberOn = (page: Page, selector: string): Promise<number | null> =>
  page.evaluate(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    return element && numberOn(element);
  })()`);
