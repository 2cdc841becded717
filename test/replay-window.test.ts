/** Pause and replay in a real window, down to the picture: the film's pictures carry their numbers. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findChannels } from '../src/cli/find.js';
import { MpvPlayer } from '../src/viewer/players/mpv.js';
import { Viewer } from '../src/viewer/viewer.js';
import { openScreen, SCREEN, type Screen, until } from './support/display.js';
import { sharedStore } from './support/film.js';
import { serve } from './support/msc.js';
import { makeNumberedFilm, NUMBERED_RATE, readNumber } from './support/numbered-film.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

const RATE = NUMBERED_RATE;
const SECONDS = 20;
const PICTURES = RATE * SECONDS;

/** The number of the picture that fills the screen; null for other pictures. */
function numberOn(screen: Screen): number | null {
  const pixels = screen.pixels();
  const lumaAt = (x: number, y: number) =>
    pixels[(Math.floor(y * SCREEN.height) * SCREEN.width + Math.floor(x * SCREEN.width)) * 3 + 1]!;
  return readNumber(lumaAt);
}

/** Whether the badge is in its corner. */
function showsBadge(screen: Screen): boolean {
  const pixels = screen.pixels();
  let white = 0;
  let dark = 0;
  for (let y = 40; y < 90; y++) {
    for (let x = 40; x < 140; x++) {
      const luma = pixels[(y * SCREEN.width + x) * 3 + 1]!;
      if (luma > 220) white++;
      if (luma < 70) dark++;
    }
  }
  return white > 100 && dark > 1000;
}

/** The number of a picture that is frozen, at several looks: mpv reports a pause before its last picture is drawn. */
async function frozenNumber(context: TestContext, screen: Screen): Promise<number> {
  let number: number | null = null;
  let looks = 0;
  await until(context, () => {
    const now = numberOn(screen);
    looks = now !== null && now === number ? looks + 1 : 1;
    number = now;
    return looks === 5;
  });
  return number!;
}

const before = (picture: number, pictures: number): number => (picture - pictures + 10 * PICTURES) % PICTURES;

for (const format of ['h264', 'jpeg']) {
  test(`a pause ends with the next picture, and keys seek exactly, as ${format}`, {
    skip: without('mpv', 'Xvfb', 'xdotool', 'ffmpeg'),
    timeout: 120_000,
  }, async (context) => {
    const screen = await openScreen(context);
    process.env.DISPLAY = screen.env.DISPLAY; // Its windows open on the display of this process.
    const film = makeNumberedFilm(join(scratchFolder(context), 'film.mp4'), SECONDS);
    const { folder } = await sharedStore();
    const name = `Numbers ${process.pid}`;
    await serve(context, [`${name}=${film}`, '--store', folder, '--format', format, '--fps', 'source'], 1);
    const channels = await findChannels({ interface: 'lo' });
    const channel = channels.find(({ info }) => info.name === name);
    assert.ok(channel);

    let player: MpvPlayer | undefined;
    let distance = 0;
    const viewer = new Viewer({
      channels,
      refresh: async () => channels,
      show: (_panel, state) => {
        distance = state.distance ?? 0;
      },
      startPlayer: async (events) => {
        player = await MpvPlayer.start({
          program: 'mpv',
          events,
          extraOptions: ['--ao=null', '--autofit=100%x100%', '--geometry=0:0'],
        });
        return player;
      },
    });
    const watching = viewer.run(channel);
    context.after(async () => {
      viewer.stop();
      await watching;
    });
    await until(context, () => numberOn(screen) !== null);
    const [window] = screen.windows(`^${name}$`);
    screen.focus(window!);

    screen.press('p');
    await until(context, () => viewerIs('pause', true));
    const paused = await frozenNumber(context, screen);
    const longer = distance + 2_000;
    await until(context, () => distance > longer);
    await until(context, () => showsBadge(screen));
    assert.equal(numberOn(screen), paused);
    for (let step = 1; step <= 3; step++) {
      await player?.command(['frame-step']);
      await until(context, () => numberOn(screen) !== before(paused, 1 - step));
      assert.equal(await frozenNumber(context, screen), before(paused, -step));
    }
    screen.press('3');
    await until(context, () => viewerIs('pause', false));
    await until(context, () => numberOn(screen) !== before(paused, -3));

    screen.press('p');
    await until(context, () => viewerIs('pause', true));
    const second = await frozenNumber(context, screen);
    screen.press('Left');
    await until(context, () => numberOn(screen) !== second);
    assert.equal(await frozenNumber(context, screen), before(second, 10 * RATE));
    screen.press('Home');
    await until(context, () => numberOn(screen) === 0);
    screen.press('Right');
    await until(context, () => numberOn(screen) === 10 * RATE);
    assert.ok(showsBadge(screen));
    screen.press('l');
    await until(context, () => distance < 1_000 && !showsBadge(screen));
    await until(context, () => numberOn(screen) !== 10 * RATE);

    async function viewerIs(property: string, value: boolean): Promise<boolean> {
      return (await player?.command(['get_property', property])) === value;
    }
  });
}
