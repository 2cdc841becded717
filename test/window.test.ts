/** The window of `msc watch`, seen from in front of it: a real mpv on a screen, with keys pressed in it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ticks90k } from '../src/base/units.js';
import { StreamBuffer } from '../src/receiver/stream-buffer.js';
import { Feed } from '../src/viewer/feed.js';
import { MpvPlayer } from '../src/viewer/players/mpv.js';
import { TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { stationInfo } from './support/channels.js';
import { openScreen, SCREEN, type Screen, until } from './support/display.js';
import { sharedStore } from './support/film.js';
import { serve, startMsc } from './support/msc.js';
import { ownNetwork, withoutNetwork } from './support/network.js';
import { run } from './support/run.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

const withoutWindow = without('mpv', 'Xvfb', 'xdotool');

const film = (context: TestContext, name: string): string =>
  makeSource({
    path: join(scratchFolder(context), `${name}.mp4`),
    seconds: 4,
    video: { width: 320, height: 240, frameRate: [25, 1] },
    audio: { sampleRate: 48_000, channels: 2 },
  });

const isBlack = (pixels: Buffer): boolean => pixels.every((value) => value < 8);

/** Whether the blue of the marked row stands in the middle column of the screen. */
function showsMarkedRow(pixels: Buffer): boolean {
  for (let y = 0; y < SCREEN.height; y++) {
    const at = (y * SCREEN.width + SCREEN.width / 2) * 3;
    const [red, green, blue] = pixels.subarray(at, at + 3);
    if (red! < 90 && green! > 90 && green! < 140 && blue! > 180) return true;
  }
  return false;
}

/** The lower part, where neither the menu nor the badge lies, which counts how long the pause is. */
const picture = (screen: Screen): Buffer =>
  screen.pixels().subarray(Math.floor(SCREEN.height * 0.66) * SCREEN.width * 3);

/** That many take longer than any picture of the films is shown. */
const LOOKS = 40;

const isFrozen = (screen: Screen): boolean => picture(screen).equals(picture(screen));

test('a station is watched, paused, changed and left by keys in the same window', {
  skip: withoutWindow || without('ffmpeg') || withoutNetwork(),
  timeout: 60_000,
}, async (context) => {
  const network = await ownNetwork(context);
  const screen = await openScreen(context);
  const { folder } = await sharedStore();
  const sources = [`One=${film(context, 'one')}`, `Two=${film(context, 'two')}`];
  await serve(context, [...sources, '--subtitles', 'en', '--store', folder], 2, network);

  const words = ['watch', 'One', '--player', 'mpv'];
  const viewer = startMsc(context, words, [...network, 'env', `DISPLAY=${screen.env.DISPLAY}`]);
  let printed = '';
  viewer.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  viewer.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const failed = new AbortController();
  let leaving = false;
  viewer.once('exit', (code) => {
    if (!leaving) failed.abort(new Error(`msc watch ended with ${code}: ${printed}`));
  });
  const watching = { signal: AbortSignal.any([context.signal, failed.signal]) };
  const prints = (text: string): Promise<void> => until(watching, () => printed.includes(text));

  await until(watching, () => screen.windows('^One$').length === 1);
  const [window] = screen.windows('^One$');
  screen.focus(window!);
  await until(watching, () => !isBlack(screen.pixels()) && !isFrozen(screen));

  screen.press('b');
  await prints('This station has one track of sound.');
  screen.press('v');
  await prints('Subtitles: English');
  screen.press('v');
  await prints('Subtitles off');

  screen.press('p');
  await prints('Paused\n  1  Exit\n  2  Change the station\n> 3  Resume');
  await until(watching, () => showsMarkedRow(screen.pixels()));
  // The last frame may still be on its way to the screen; then it stands still for longer than a film's picture does.
  let [frozen, looks] = [picture(screen), 0];
  await until(watching, () => {
    const before = frozen;
    frozen = picture(screen);
    looks = frozen.equals(before) ? looks + 1 : 0;
    return looks === LOOKS;
  });

  screen.press('3');
  await until(watching, () => !isFrozen(screen));

  screen.press('p');
  await until(watching, () => showsMarkedRow(screen.pixels()));
  screen.press('2');
  await prints('Stations\n');
  screen.press('2');
  await until(watching, () => screen.windows('^Two$').includes(window!));
  await until(watching, () => !isFrozen(screen));
  assert.deepEqual(screen.windows('^One$'), []);

  screen.press('p');
  await until(watching, () => showsMarkedRow(screen.pixels()));
  leaving = true;
  screen.press('1');
  if (viewer.exitCode === null) await once(viewer, 'exit');
  assert.equal(viewer.exitCode, 0);
  assert.deepEqual(screen.windows('^Two$'), []);
});

test('a window closed by its user is reported, and one that we close is not', {
  skip: withoutWindow,
  timeout: 30_000,
}, async (context) => {
  const screen = await openScreen(context);
  process.env.DISPLAY = screen.env.DISPLAY; // Its windows open on the display of this process.
  const closed: string[] = [];
  const start = (name: string): Promise<MpvPlayer> =>
    MpvPlayer.start({
      program: 'mpv',
      events: { onKey: () => undefined, onPicture: () => undefined, onClosed: () => closed.push(name) },
      extraOptions: ['--ao=null'],
    });
  const ours = await start('ours');
  await ours.close();
  const theirs = await start('theirs');
  // What mpv makes of its window's close button.
  await theirs.command(['keypress', 'CLOSE_WIN']);
  await until(context, () => closed.length > 0);
  assert.deepEqual(closed, ['theirs']);
  await theirs.close();
  assert.deepEqual(screen.windows('MultiStreamCast'), []);
});

test('pause freezes the picture, and the next one follows it', {
  skip: withoutWindow || without('ffmpeg'),
  timeout: 60_000,
}, async (context) => {
  const screen = await openScreen(context);
  const coding = ['-c:v', 'libx264', '-g', '25', '-bf', '0', '-preset', 'ultrafast'];
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25', '-t', '20', ...coding];
  const { stdout, stderr } = await run(context, 'ffmpeg', ['-v', 'error', ...source, '-f', 'mpegts', '-']);
  assert.equal(stderr, '');
  const buffer = new StreamBuffer();
  const groups = Math.ceil(stdout.length / TS_GROUP_LENGTH);
  const push = (from: number, to: number): void => {
    for (let group = from; group < to; group++) {
      const data = stdout.subarray(group * TS_GROUP_LENGTH, (group + 1) * TS_GROUP_LENGTH);
      buffer.push({ time: Ticks90k(group * 900), data, randomAccess: group === 0 });
    }
  };
  const feed = new Feed({ onPositionLost: () => assert.fail('the position is held') });
  await feed.listen();
  context.after(() => feed.close());

  process.env.DISPLAY = screen.env.DISPLAY; // Its windows open on the display of this process.
  let started: () => void = () => undefined;
  const picture = new Promise<void>((resolve) => {
    started = resolve;
  });
  const events = { onKey: () => undefined, onPicture: () => started(), onClosed: () => undefined };
  const player = await MpvPlayer.start({ program: 'mpv', events, extraOptions: ['--ao=null'] });
  context.after(() => player.close());
  const time = async (): Promise<number> => Number(await player.command(['get_property', 'time-pos']));

  push(0, Math.floor(groups / 2));
  const url = feed.open({ station: stationInfo(1), buffer });
  await player.play({ url, title: 'Film', format: 'h264', from: null, track: 0, subtitles: null, paused: false });
  await picture;
  player.pause();
  const frozen = await time();
  push(Math.floor(groups / 2), groups);
  assert.equal(await time(), frozen);
  assert.equal(await player.command(['get_property', 'pause']), true);
  for (let step = 1; step <= 5; step++) {
    await player.command(['frame-step']);
    const expected = frozen + step / 25;
    await until(context, async () => (await time()) >= expected - 0.001);
    assert.ok(Math.abs((await time()) - expected) < 0.001, `picture ${step} at ${await time()}, not ${expected}`);
  }
});
