/** Playing in real browsers, compared by picture: the film's pictures carry their numbers. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemTimers } from '../src/base/timers.js';
import { Millis, PTS_MODULUS, Ticks90k, ticksToMillis } from '../src/base/units.js';
import { openGateway } from '../src/gateway/gateway.js';
import { LocalCatalogue } from '../src/gateway/local-catalogue.js';
import { Viewers } from '../src/gateway/viewers.js';
import type { Reel } from '../src/reel/reel.js';
import { Station } from '../src/station/station.js';
import { openBrowser, openPage } from './support/browser.js';
import { until } from './support/display.js';
import { serveEnginePage } from './support/engine-page.js';
import { reelOf } from './support/film.js';
import { makeNumberedFilm, NUMBERED_RATE } from './support/numbered-film.js';
import { scratchFolder } from './support/spool.js';
import { makeStation } from './support/stations.js';
import { chromium, firefox, needs, needsFirefox, openFilm, PICTURE } from './support/viewing.js';

/** Milliseconds from a picture's moment until it is shown: the media delay and the gateway's delay. */
const SHOWN_AFTER = 1_200;

const inChromium = async (context: TestContext, url: string, seconds: number) =>
  (await chromium(context, url, seconds))();

interface Way {
  format: 'jpeg';
  search: string;
  needs: typeof needsFirefox;
  /** Pictures. */
  slack: number;
}

const ways = [
  { name: 'with Media Source', path: 'mse', watch: inChromium },
  { name: 'with mpegts.js', path: 'mpegts.js', search: '?player=mpegts', watch: inChromium },
  { name: 'as JPEG pictures', path: 'canvas', format: 'jpeg', watch: inChromium },
  // When paused, it shows an earlier picture, up to three back.
  { name: 'in Firefox', path: 'mpegts.js', watch: firefox, needs: needsFirefox, slack: 3 },
] as const;

for (const { name, path, watch, ...way } of ways) {
  const { format, search = '', slack = 0, ...rest }: Partial<Way> = way;
  test(`a station is watched, paused, sought in and live again, ${name}`, rest.needs ?? needs, async (context) => {
    const { station, front, seconds } = await openFilm(context, { format });
    const viewing = await watch(context, front.url + search, seconds);

    const first = await viewing.live(station);
    assert.equal(first.statistics?.path, path);
    assert.equal(first.following, true);
    // Pictures follow each other, each at its moment.
    let number = first.number!;
    for (let i = 0; i < 10; i++) {
      const next = await viewing.until((look) => look.number !== number);
      const expected = viewing.at((await viewing.do<number>('engine.now()')) - SHOWN_AFTER);
      assert.ok(viewing.distance(number, next.number!) < 100, `${next.number} after ${number}`);
      assert.ok(viewing.distance(next.number!, expected + 25) < 50, `${next.number} instead of ${expected}`);
      number = next.number!;
    }

    await viewing.do('screen.pause()');
    const paused = await viewing.still();
    const off = viewing.distance(paused.number!, viewing.at(paused.time!) + slack);
    assert.ok(off <= 2 * slack, `${paused.number} instead of ${viewing.at(paused.time!)}`);
    assert.equal(paused.following, false);
    const later = await viewing.until(({ behind }) => behind! > paused.behind! + 2_000);
    assert.equal(later.number, paused.number);
    if (path === 'canvas') await viewing.do('screen.resume()');
    else {
      const numbers = await viewing.next(5, 'screen.resume()');
      const next = numbers.find((number) => number !== paused.number);
      // One or two may be skipped on a busy machine.
      const distance = viewing.distance(paused.number!, next!);
      assert.ok(distance >= 1 && distance <= 5 + slack, `${next} after ${paused.number}`);
    }
    const behind = await viewing.until((look) => look.status === 'playing' && look.number !== paused.number);
    assert.ok(behind.behind! > 1_900, `${behind.behind}`);

    await viewing.do('screen.live()');
    await viewing.until((look) => look.following && look.status === 'playing' && look.behind! < 500);

    // The sixth picture of the film, at least a minute ago.
    const beginning = Math.floor(Date.now() / 20_000 - 3) * 20_000;
    await viewing.do(`screen.pause(), screen.seek(${beginning + 5 * PICTURE})`);
    await viewing.until((look) => look.number === 5 && look.status === 'paused');
    await viewing.do(`screen.seek(${beginning + 205 * PICTURE})`);
    await viewing.until((look) => look.number === 205);
    assert.equal((await viewing.still()).number, 205);
    await viewing.do('screen.resume()');
    await viewing.until((look) => look.status === 'playing' && look.number! > 220);
    await viewing.do('screen.live()');
    await viewing.until((look) => look.following && look.status === 'playing' && look.behind! < 500);
    assert.equal((await viewing.look()).statistics?.moved, 0);

    await viewing.do('screen.stop()');
    assert.deepEqual(await viewing.do('[properties().status, screen.element.childElementCount]'), ['off', 0]);
  });
}

test('playing continues after a restart of the server, live and in the past', needs, async (context) => {
  const { server, start, front, station } = await openFilm(context, { endsServer: true });
  const another = await chromium(context, front.url);
  const [viewing, past] = [await another(), await another()];
  await viewing.live(station);
  await past.live(station);
  await past.do('screen.seek(engine.now() - 60_000)');
  const sought = await past.until(({ behind }) => behind! > 50_000);
  // The old picture stays until the first new one is there.
  const before = await past.until(({ time }) => time! > sought.time! + 500);
  await past.do(`(() => {
    const video = picture();
    globalThis.shown = [];
    const look = () => {
      shown.push(numberOn(video));
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  })()`);

  await server.kill();
  await viewing.until(({ status }) => status === 'waiting');
  front.target = (await start()).url!;
  await viewing.until(({ status, following, behind }) => status === 'playing' && following && behind! < 500);
  const after = await past.until(({ behind }) => behind! < before.behind! + 60_000 && behind! > 50_000);
  assert.equal(after.station, station);
  // Ten seconds were buffered, and playing continues after them without a gap.
  await past.until(({ time }) => time! > before.time! + 15_000);
  const numbers = await past.do<number[]>('shown');
  const steps = numbers.slice(1).map((number, i) => past.distance(numbers[i]!, number));
  assert.ok(numbers.length > 10, `${numbers}`);
  assert.ok(Math.max(...steps) < NUMBERED_RATE, `${numbers}`);
});

test('a connection that is cut or stalls is replaced', needs, async (context) => {
  const { front, station } = await openFilm(context);
  const viewing = await (await chromium(context, front.url))();
  await viewing.live(station);
  front.cut();
  await until(context, () => front.connections === 2);
  await viewing.until(({ status, behind }) => status === 'playing' && behind! < 500);
  front.freeze();
  await viewing.until(({ status }) => status === 'waiting');
  const { statistics } = await viewing.until(({ status, behind }) => status === 'playing' && behind! < 500);
  assert.equal(statistics?.stalls, 1);
});

test('a film of five seconds plays six times without a stall', needs, async (context) => {
  const { front, station } = await openFilm(context, { seconds: 5 });
  const viewing = await (await chromium(context, front.url, 5))();
  const { time } = await viewing.live(station);
  const { statistics } = await viewing.until((look) => look.time! > time! + 30_000);
  assert.equal(statistics?.stalls, 0);
  assert.ok(statistics!.frames > 25 * 30 * 0.9, `${statistics!.frames}`);
});

/** Plays a station over the wrap of its time stamps at 2^33, which comes eight seconds after this call. */
async function playOverWrap(context: TestContext, reel: Reel, search: string) {
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  // PTS wraps every 26.5 hours; this gateway's clock is just before that.
  const again = ticksToMillis(Ticks90k(PTS_MODULUS));
  const ahead = Math.ceil(Date.now() / again) * again - Date.now() - 8_000;
  const now = () => Millis(Date.now() + ahead);
  const catalogue = new LocalCatalogue({ now, timers: systemTimers });
  catalogue.add({ station, info: () => makeStation(1), poster: async () => null });
  const gateway = await openGateway({
    context: { catalogue, viewers: new Viewers(), server: 'projector', ttl: 1, timers: systemTimers, now, log() {} },
    host: '127.0.0.1',
    port: 0,
  });
  context.after(() => gateway.close());
  const front = await serveEnginePage(context, gateway.url);
  const viewing = await (await chromium(context, front.url + search))();
  const { time } = await viewing.live('station-1');
  assert.ok(time! % again > again - 60_000, 'it is before that');
  await viewing.do('globalThis.before = picture()');
  const after = await viewing.until(
    (look) => look.time! > time! && look.time! % again > 3_000 && look.time! % again < 60_000,
  );
  return { viewing, stalls: after.statistics?.stalls };
}

for (const [name, search] of [
  ['with Media Source', ''],
  ['with mpegts.js', '?player=mpegts'],
] as const) {
  test(`playing continues across a wrap of time stamps at 2^33, ${name}`, needs, async (context) => {
    const film = makeNumberedFilm(join(scratchFolder(context), 'film.mp4'), 20);
    const reel = await reelOf(context, film);
    let played = await playOverWrap(context, reel, search);
    // A busy machine stalls a player now and then, a wrap that is not understood does so each time.
    for (let more = 2; more > 0 && played.stalls !== 0; more--) {
      await played.viewing.do('screen.stop()');
      played = await playOverWrap(context, reel, search);
    }
    const { viewing, stalls } = played;
    assert.equal(stalls, 0);
    assert.equal(await viewing.do('picture() === before'), true);
    await viewing.do('screen.pause()');
    const paused = await viewing.still();
    assert.equal(paused.number, viewing.at(paused.time!));
  });
}

test('two pages show the same picture at the same moment', needs, async (context) => {
  const { front, station } = await openFilm(context);
  const another = await chromium(context, front.url);
  const pages = [await another(), await another()];
  for (const page of pages) await page.live(station);
  for (const page of pages) await page.until(({ statistics }) => Math.abs(statistics?.offset ?? 1e3) < 20);
  // The time of showing less the picture's moment, by the clock of this machine, is the same for both.
  const script = `new Promise((resolve) => {
    const video = picture();
    const late = [];
    const look = (_, { expectedDisplayTime, mediaTime }) => {
      late.push(performance.timeOrigin + expectedDisplayTime - mediaTime * 1000);
      if (late.length < 50) video.requestVideoFrameCallback(look);
      else resolve(late.sort((a, b) => a - b)[25]);
    };
    video.requestVideoFrameCallback(look);
  })`;
  await until(context, async () => {
    const [one, two] = await Promise.all(pages.map((page) => page.do<number>(script)));
    return Math.abs(one! - two!) < 20;
  });
});

test('a preloaded neighbour is shown at once, with sound', needs, async (context) => {
  const { front, station, other } = await openFilm(context);
  const viewing = await (await chromium(context, front.url))();
  await viewing.live(station);
  await viewing.do(`engine.preload(['${other}'])`);
  const hidden = `document.querySelector('[aria-hidden] video')`;
  await until(context, () => viewing.do<boolean>(`(${hidden}?.currentTime ?? 0) > 0 && !${hidden}.paused`));
  // A preloaded player is used once it has shown a picture.
  await viewing.do(`new Promise((resolve) => {
    const video = ${hidden};
    video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(resolve));
  }).then(() => {})`);
  await viewing.do(`globalThis.neighbour = ${hidden}; screen.tune('${other}')`);
  await viewing.until(({ status }) => status === 'playing');
  assert.deepEqual(await viewing.do('[picture() === neighbour, neighbour.muted, neighbour.paused]'), [
    true,
    false,
    false,
  ]);
  assert.equal((await viewing.look()).station, other);
});

test('a station that cannot be shown has a reason, and the next station is shown', needs, async (context) => {
  const { front, station } = await openFilm(context);
  const viewing = await (await chromium(context, front.url))();
  await viewing.do(`screen.tune('nobody')`);
  const { problem } = await viewing.until(({ status }) => status === 'ended');
  assert.match(problem ?? '', /There is no station with this id/);
  assert.equal((await viewing.live(station)).problem, null);
});

test('a station plays muted until the page is touched when sound is blocked', needs, async (context) => {
  const { front, station } = await openFilm(context);
  const browser = await openBrowser(context, { autoplay: 'refused' });
  const page = await openPage(context, browser, `${front.url}#${station}`);
  // Other ways of evaluating a script count as a touch.
  const session = await page.context().newCDPSession(page);
  const ask = async (expression: string): Promise<unknown> =>
    (await session.send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  // A first picture is there before the browser has refused the sound.
  await until(context, async () => (await ask('properties().silenced && picture().muted')) === true);
  await until(context, async () => (await ask('properties().status === "playing" && !picture().paused')) === true);
  await page.mouse.click(10, 10);
  await until(context, async () => (await ask('properties().silenced')) === false);
  await until(context, async () => (await ask('!picture().muted && !picture().paused')) === true);
});

test('an element that the page moves continues to play', needs, async (context) => {
  const { front, station } = await openFilm(context);
  const viewing = await (await chromium(context, front.url))();
  await viewing.live(station);
  await viewing.do(`(async () => {
    const { parentElement } = screen.element;
    screen.element.remove();
    await new Promise((resolve) => picture().addEventListener('pause', resolve, { once: true }));
    parentElement.append(screen.element);
  })()`);
  const { number } = await viewing.look();
  await viewing.until((look) => look.number !== null && look.number !== number && look.status === 'playing');
});

for (const format of ['h264', 'jpeg'] as const) {
  test(`a ${format} station that is paused before its first picture shows that picture`, needs, async (context) => {
    const { front, station } = await openFilm(context, { format });
    const viewing = await (await chromium(context, front.url))();
    await until(context, () => viewing.do<boolean>(`engine.connection.peek() === 'open'`));
    await viewing.do(`screen.tune('${station}'), screen.pause()`);
    const paused = await viewing.until(({ status, number }) => status === 'paused' && number !== null);
    await viewing.do('screen.resume()');
    await viewing.until(({ status, number }) => status === 'playing' && number !== paused.number);
  });
}
