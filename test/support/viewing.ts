/** The engine's page in a browser, watching a film whose pictures carry their numbers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openBrowser, openPage, withoutBrowser } from './browser.js';
import { until } from './display.js';
import { type EnginePage, serveEnginePage } from './engine-page.js';
import { fileEnd } from './file-end.js';
import { openFirefox } from './firefox.js';
import { type Server, serve } from './msc.js';
import { makeNumberedFilm, NUMBERED_RATE, numberOnScript } from './numbered-film.js';
import { sharedFolder } from './spool.js';
import { without } from './tools.js';

export const PICTURE = 1000 / NUMBERED_RATE;

/** What the tests of playing need. */
export const needs = { skip: without('ffmpeg') || withoutBrowser(), timeout: 120_000 };
export const needsFirefox = { skip: without('ffmpeg', 'firefox-esr'), timeout: 120_000 };

let servers = 0;
/** Of the films, and of the store with their reels: made once. */
let folder: string | undefined;
/** Servers that the tests of a file share, by what they play. */
const shared = new Map<string, Promise<ServedFilm>>();

export interface FilmOptions {
  /** Of the film. */
  seconds?: number;
  format?: 'h264' | 'jpeg';
  /** Whether the test ends the server. The others of the file share one. */
  endsServer?: boolean;
}

export interface Film {
  server: Server;
  /** Another server of the same, for when that one is gone. */
  start(): Promise<Server>;
  /** In front of the server. */
  front: EnginePage;
  /** Ids of two stations that play it. */
  station: string;
  other: string;
  seconds: number;
}

interface ServedFilm {
  server: Server;
  start(): Promise<Server>;
}

async function serveFilm(
  context: Pick<TestContext, 'after'>,
  { seconds, format }: Required<Pick<FilmOptions, 'seconds' | 'format'>>,
): Promise<ServedFilm> {
  folder ??= sharedFolder();
  const film = join(folder, `film of ${seconds} s.mp4`);
  if (!existsSync(film)) makeNumberedFilm(film, seconds);
  // Groups follow from names, and servers of other tests are on the same network.
  const unique = `${process.pid} ${++servers}`;
  const stations = [`Film ${unique}=${film}`, `Other ${unique}=${film}`];
  const options = ['--format', format, '--fps', 'source', '--store', join(folder, 'store'), '--http', '0'];
  const start = () => serve(context, [...stations, ...options], 2);
  return { server: await start(), start };
}

export async function openFilm(
  context: TestContext,
  { seconds = 20, format = 'h264', endsServer = false }: FilmOptions = {},
): Promise<Film> {
  const key = `${seconds} s of ${format}`;
  const film = { seconds, format };
  const serving = endsServer ? serveFilm(context, film) : (shared.get(key) ?? serveFilm(fileEnd, film));
  if (!endsServer) shared.set(key, serving);
  const { server, start } = await serving;
  const [station = '', other = ''] = server.stations.map(({ id }) => id);
  const front = await serveEnginePage(context, server.url!);
  return { server, start, front, station, other, seconds };
}

/** Small: there is no graphics card to draw it. */
const VIEWPORT = { viewport: { width: 480, height: 270 } };

/** Pages of one Chromium. */
export async function chromium(context: TestContext, url: string, seconds = 20): Promise<() => Promise<Viewing>> {
  const browser = await openBrowser(context);
  return async () => {
    const page = await openPage(context, browser, url, VIEWPORT);
    return new Viewing(context, (script) => page.evaluate(script), seconds);
  };
}

export async function firefox(context: TestContext, url: string, seconds = 20): Promise<Viewing> {
  const page = await openFirefox(context, url, numberOnScript);
  return new Viewing(context, (script) => page.do(script), seconds);
}

/** The properties of a screen. */
export interface ScreenProperties {
  station: string | null;
  status: string;
  time: number | null;
  behind: number | null;
  following: boolean;
  problem: string | null;
  statistics: { path: string; stalls: number; moved: number; offset: number | null; frames: number } | null;
  silenced: boolean;
}

/** Now and then is enough: a page that is looked at all the time does not get to play. */
const LOOK = `new Promise((resolve) => setTimeout(resolve, 40)).then(() => {
  const element = picture();
  return { ...properties(), number: element && numberOn(element) };
})`;

/** And the number of the picture that is seen. */
export interface Look extends ScreenProperties {
  number: number | null;
}

export class Viewing {
  readonly #context: TestContext;
  readonly #evaluate: (script: string) => Promise<unknown>;
  readonly #pictures: number;

  constructor(context: TestContext, evaluate: (script: string) => Promise<unknown>, seconds: number) {
    this.#context = context;
    this.#evaluate = evaluate;
    this.#pictures = seconds * NUMBERED_RATE;
  }

  async do<T = void>(script: string): Promise<T> {
    return (await this.#evaluate(script)) as T;
  }

  look(): Promise<Look> {
    return this.do(LOOK);
  }

  async until(isSo: (look: Look) => boolean): Promise<Look> {
    let look: Look | undefined;
    const report = () => console.error(`It did not happen. Last state: ${JSON.stringify(look)}`);
    this.#context.signal.addEventListener('abort', report);
    await until(this.#context, async () => {
      look = await this.look();
      return isSo(look);
    });
    this.#context.signal.removeEventListener('abort', report);
    return look!;
  }

  /** Tunes to a station; resolves when it plays live and its offset is known. */
  async live(station: string): Promise<Look> {
    await this.do(`screen.tune('${station}')`);
    return this.until(({ status, statistics }) => status === 'playing' && typeof statistics?.offset === 'number');
  }

  /** The numbers of the next pictures that are shown, after `script` was run. */
  next(count: number, script = ''): Promise<number[]> {
    return this.do(`new Promise((resolve) => {
      const video = picture();
      const numbers = [];
      const look = () => {
        numbers.push(numberOn(video));
        if (numbers.length === ${count}) resolve(numbers);
        else video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
      ${script};
    })`);
  }

  /** Paused, with the same picture at several looks. */
  async still(): Promise<Look> {
    let looks = 0;
    let last: number | null = null;
    return this.until(({ status, number, time }) => {
      const isSame = status === 'paused' && number !== null && number === last && time !== null;
      looks = isSame ? looks + 1 : 0;
      last = number;
      return looks === 5;
    });
  }

  /** The number of the picture due at a time. */
  at(time: number): number {
    return Math.floor(time / PICTURE + 0.02) % this.#pictures;
  }

  /** How many pictures `to` is after `from`. */
  distance(from: number, to: number): number {
    return (to - from + this.#pictures) % this.#pictures;
  }
}
