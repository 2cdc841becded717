/** A virtual screen, its pixels, and a keyboard for it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratchFolder } from './spool.js';

export interface Screen {
  /** Environment in which programs open their windows here. */
  env: NodeJS.ProcessEnv;
  /** Numbers of the windows whose title contains this. */
  windows(title: string): string[];
  /** Gives the window the keyboard, as a window manager would. */
  focus(window: string): void;
  /** Makes the window as large as the screen. */
  fill(window: string): void;
  press(...keys: string[]): void;
  /** Everything on the screen: RGB, 8 bits each, row by row. */
  pixels(): Buffer;
}

export const SCREEN = { width: 1280, height: 720 } as const;

/** Opens a screen for the duration of the test. */
export async function openScreen(context: TestContext): Promise<Screen> {
  const size = `${SCREEN.width}x${SCREEN.height}x24`;
  const folder = scratchFolder(context);
  // -noreset: without it the server resets, and closes all windows, when its last client disconnects.
  const server = spawn(
    'Xvfb',
    ['-displayfd', '1', '-screen', '0', size, '-nolisten', 'tcp', '-noreset', '-fbdir', folder],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  context.after(() => server.kill());
  let number = '';
  while (!number.endsWith('\n')) number += String((await once(server.stdout, 'data'))[0]);
  const env = { ...process.env, DISPLAY: `:${number.trim()}` };
  const run = (program: string, words: string[]): Buffer =>
    spawnSync(program, words, { env, maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] }).stdout;
  return {
    env,
    windows: (title) =>
      String(run('xdotool', ['search', '--name', title]))
        .split('\n')
        .filter(Boolean),
    focus: (window) => void run('xdotool', ['windowfocus', '--sync', window]),
    fill: (window) =>
      void run('xdotool', [
        ...['windowsize', window, String(SCREEN.width), String(SCREEN.height)],
        ...['windowmove', window, '0', '0'],
      ]),
    press: (...keys) => void run('xdotool', ['key', ...keys]),
    // The server's own memory: a program that asks for a picture takes longer than the picture stands.
    pixels: () => decodeDump(readFileSync(join(folder, 'Xvfb_screen0'))),
  };
}

// Fields of a window dump's header, in big-endian order (X11/XWDFile.h).
const HEADER_SIZE = 0;
const BYTES_PER_LINE = 48;
const COLOURS = 76;

/** The pixels of a window dump with 32 bits a pixel, blue first. */
function decodeDump(dump: Buffer): Buffer {
  const first = dump.readUInt32BE(HEADER_SIZE) + dump.readUInt32BE(COLOURS) * 12;
  const bytesPerLine = dump.readUInt32BE(BYTES_PER_LINE);
  const pixels = Buffer.allocUnsafe(SCREEN.width * SCREEN.height * 3);
  let to = 0;
  for (let y = 0; y < SCREEN.height; y++) {
    let from = first + y * bytesPerLine;
    for (let x = 0; x < SCREEN.width; x++, from += 4) {
      pixels[to++] = dump[from + 2]!;
      pixels[to++] = dump[from + 1]!;
      pixels[to++] = dump[from]!;
    }
  }
  return pixels;
}

/** Milliseconds between two checks, which leave the processor to the processes waited for. */
const LOOK_INTERVAL = 5;

/** Checks until `isSo` holds. The test's time limit ends the wait. */
export async function until(context: { signal: AbortSignal }, isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
  }
}
