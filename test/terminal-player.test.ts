/** `msc watch --player terminal`, seen from in front of the terminal. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from './support/display.js';
import { sharedStore } from './support/film.js';
import { mscCommand, serve } from './support/msc.js';
import { ownNetwork, withoutNetwork } from './support/network.js';
import { openPty, type Pty } from './support/pty.js';
import { run } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import type { TerminalScreen } from './support/terminal-screen.js';
import { without } from './support/tools.js';

const skip = without('mpv', 'ffmpeg', 'python3') || withoutNetwork();

/** Its left half has one colour; in its right half a test picture moves. */
async function film(context: TestContext, name: string, colour: string): Promise<string> {
  const path = join(scratchFolder(context), `${name}.mp4`);
  const inputs = [`color=${colour}:s=160x180:r=25`, 'testsrc2=s=160x180:r=25', 'sine'];
  const coding = [
    '-c:v',
    'libx264',
    '-g',
    '25',
    '-bf',
    '2',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  ];
  const { stderr, exitCode } = await run(context, 'ffmpeg', [
    ...['-v', 'error', ...inputs.flatMap((input) => ['-f', 'lavfi', '-i', input])],
    ...['-filter_complex', '[0][1]hstack[v]', '-map', '[v]', '-map', '2', '-t', '6', ...coding, path],
  ]);
  assert.equal(exitCode, 0, stderr);
  return path;
}

/** The colour of the upper half of a cell. */
function colourAt(screen: TerminalScreen, row: number, column: number): number | null {
  const { text, front, back } = screen.cell(row, column);
  return text === '▀' || text === '█' ? front : back;
}

const RED = 0xd03020;
const BLUE = 0x2040c0;

/** As near as colours come through a video codec. */
function isNear(colour: number | null, wanted: number): boolean {
  if (colour === null) return false;
  return [16, 8, 0].every((shift) => Math.abs(((colour >> shift) & 255) - ((wanted >> shift) & 255)) < 16);
}

/** Whether rows 3 to 10 of the left half of the picture have this colour. */
function isColour(screen: TerminalScreen, wanted: number, columns: number[]): boolean {
  return [3, 6, 10].every((row) => columns.every((column) => isNear(colourAt(screen, row, column), wanted)));
}

/** The right half of the picture, above the rows that a menu can cover. */
const movingPart = (screen: TerminalScreen): string =>
  JSON.stringify(
    Array.from({ length: 10 }, (_, row) => [45, 50, 55, 60, 65].map((column) => screen.cell(row + 1, column))),
  );

/** Processes that have this in their environment, by their command lines. */
function processesWith(variable: string): { pid: number; words: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [environment, words] = ['environ', 'cmdline'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'latin1'),
        );
        return environment!.includes(variable) ? [{ pid: Number(pid), words: words!.split('\0') }] : [];
      } catch {
        return []; // It has just ended.
      }
    });
}

function assertRestored({ screen }: Pty): void {
  const modes = [1049, 25, 7, 6].map((mode) => screen.modes.get(mode));
  assert.deepEqual(modes, [false, true, true, false], 'usual screen, cursor shown, lines wrap, no origin mode');
  assert.equal(screen.region, screen.rows);
}

/** Two stations on the air, and a terminal in which they can be watched. */
async function watching(context: TestContext, words: string[]) {
  const network = await ownNetwork(context);
  const { folder } = await sharedStore();
  const sources = [`One=${await film(context, 'one', '0xd03020')}`, `Two=${await film(context, 'two', '0x2040c0')}`];
  await serve(context, [...sources, '--store', folder], 2, network);
  const mark = `MSC_TEST_MARK=${process.pid}-${Math.random()}`;
  const [name = '', value] = mark.split('=');
  const env = { [name]: value, COLORTERM: 'truecolor', MSC_INTERFACE: 'lo', TERM: 'xterm-256color' };
  const command = [...network, ...mscCommand(['watch', ...words])];
  const pty = openPty(context, [80, 24], command, env);
  const failed = new AbortController();
  let leaving = false;
  void pty.ended.then((code) => {
    if (!leaving) failed.abort(new Error(`msc watch ended with ${code}: ${pty.written.slice(-2_000)}`));
  });
  const signal = AbortSignal.any([context.signal, failed.signal]);
  return {
    pty,
    mark,
    sees: (isSo: (screen: TerminalScreen) => boolean): Promise<void> => until({ signal }, () => isSo(pty.screen)),
    leave: async (how: () => void): Promise<number | null> => {
      leaving = true;
      how();
      return pty.ended;
    },
    viewer: () => processesWith(mark).find(({ words: all }) => all.includes('watch') && all[0] === process.execPath),
  };
}

test('a station is watched, paused, resumed, changed and left in the terminal', {
  skip,
  timeout: 120_000,
}, async (context) => {
  const { pty, mark, sees, leave } = await watching(context, ['One', '--player', 'terminal', '--graphics', 'blocks']);
  const { screen } = pty;
  await sees(() => screen.modes.get(1049) === true);
  await sees(() => isColour(screen, RED, [4, 20, 36]));
  await sees(() => screen.line(24).startsWith('1 One'));
  const first = movingPart(screen);
  await sees(() => movingPart(screen) !== first);

  pty.type('p');
  const menu = ['  1  Exit', '  2  Change the station', '  3  Resume'];
  await sees(() => menu.every((line) => screen.text.includes(`\n${line}\n`)) && screen.text.includes('\nPaused\n'));
  await sees(() => screen.line(24).includes('−0:01'));
  const frozen = movingPart(screen);
  await sees(() => screen.line(24).includes('−0:03'));
  assert.equal(movingPart(screen), frozen, 'the picture stands still');
  pty.type('3');
  await sees(() => !screen.text.includes('Paused') && movingPart(screen) !== frozen);
  assert.ok(isColour(screen, RED, [4, 20, 36]));

  pty.resize(60, 18);
  await sees(() => isColour(screen, RED, [4, 16, 28]) && screen.line(18).startsWith('1 One'));
  pty.resize(80, 24);
  await sees(() => isColour(screen, RED, [4, 20, 36]) && screen.line(24).startsWith('1 One'));

  pty.type('c');
  await sees(() => screen.text.includes('Stations') && screen.text.includes('Two'));
  // The picture goes on above the list, and no row of it covers the list.
  const listed = movingPart(screen);
  await sees(() => movingPart(screen) !== listed);
  assert.match(screen.text, /Stations[^▄]*Two/s);
  pty.type('2');
  await sees(() => isColour(screen, BLUE, [4, 20, 36]) && screen.line(24).startsWith('2 Two'));
  assert.equal(processesWith(mark).filter(({ words: [word = ''] }) => word.endsWith('mpv')).length, 1, 'one player');

  assert.equal(await leave(() => pty.type('q')), 0);
  assertRestored(pty);
  assert.deepEqual(processesWith(mark), []);
});

test('a hang-up leaves the terminal as it was, and no player behind', {
  skip,
  timeout: 120_000,
}, async (context) => {
  const { pty, mark, sees, leave, viewer } = await watching(context, ['1', '--graphics', 'blocks']);
  await sees((screen) => isColour(screen, RED, [4, 20, 36]));
  const { pid } = viewer() ?? assert.fail('the viewer runs');
  assert.equal(await leave(() => process.kill(pid, 'SIGHUP')), 0);
  assertRestored(pty);
  assert.deepEqual(processesWith(mark), []);
});

test('an unexpected error leaves the terminal as it was, and is printed there', {
  skip: without('python3'),
  timeout: 60_000,
}, async (context) => {
  const module = fileURLToPath(new URL('../src/viewer/players/alternate-screen.js', import.meta.url));
  const script = `import { AlternateScreen } from ${JSON.stringify(module)};
    const screen = new AlternateScreen(process.stdout);
    screen.enter();
    process.stdout.write('\\x1b[1;9r\\x1b[?6h\\x1b_Ghalf a picture');
    setImmediate(() => { throw new Error('unforeseen'); });`;
  const pty = openPty(context, [80, 24], [process.execPath, '--input-type=module', '-e', script]);
  assert.equal(await pty.ended, 1);
  assertRestored(pty);
  assert.ok(
    pty.written.indexOf('unforeseen') > pty.written.indexOf('\x1b[?1049l'),
    'it is printed on the usual screen',
  );
});

test('over SSH a player without a display points to --player terminal', {
  skip: process.platform !== 'linux' || without('python3'),
  timeout: 60_000,
}, async (context) => {
  const module = fileURLToPath(new URL('../src/viewer/players/child.js', import.meta.url));
  const script = `import { PlayerProcess } from ${JSON.stringify(module)};
    console.log(new PlayerProcess('false', [], {}).problem().next);`;
  const command = [
    'env',
    '-u',
    'DISPLAY',
    '-u',
    'WAYLAND_DISPLAY',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  const remote = openPty(context, [200, 24], command, { SSH_TTY: '/dev/pts/1' });
  await remote.ended;
  assert.match(remote.written, /DISPLAY is not set.*--player terminal/);
  const local = openPty(context, [200, 24], ['env', '-u', 'SSH_TTY', '-u', 'SSH_CONNECTION', ...command.slice(1)]);
  await local.ended;
  assert.doesNotMatch(local.written, /--player terminal/);
});

test('without a terminal the problem names the next step', { timeout: 60_000 }, async (context) => {
  const [command = '', ...words] = mscCommand(['watch', '1', '--player', 'terminal']);
  const { exitCode, stderr } = await run(context, command, words, { input: '' });
  assert.equal(exitCode, 2);
  assert.match(stderr, /needs a terminal.*\n.*ssh -t/);
});
