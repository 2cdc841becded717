/** A virtual screen whose pixels are a file, so that pictures of any program can be detected. */
import { once } from 'node:events';
import { mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from './processes.js';

export interface Size {
  width: number;
  height: number;
}
/** Distance of the rows that are examined. */
const ROWS = 24;
/** Number of colours from which a film is assumed: menus and windows have fewer. */
const COLOURS = 200;
/** Time between two looks, ms. */
const LOOK = 2;

export const CHROMIUM_FLAGS = [
  ...['--no-sandbox', '--test-type', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'],
];

export class Screen {
  readonly #server: Program;
  readonly #file: number;
  /** Offset of the pixels in the file, and bytes of a row. */
  readonly #start: number;
  readonly #stride: number;
  readonly #row: Buffer;
  readonly #height: number;
  /** Environment of programs that open their windows here. */
  readonly env: NodeJS.ProcessEnv;

  private constructor(server: Program, display: string, file: string, size: Size) {
    this.#server = server;
    this.#height = size.height;
    this.#file = openSync(file, 'r');
    // XWDFile.h: header_size, …, bytes_per_line is the 13th, ncolors the 20th; a colour takes 12 bytes.
    const header = Buffer.alloc(100);
    readSync(this.#file, header, 0, header.length, 0);
    const word = (i: number) => header.readUInt32BE(4 * i);
    this.#start = word(0) + 12 * word(19);
    this.#stride = word(12);
    this.#row = Buffer.alloc(this.#stride);
    this.env = { DISPLAY: `:${display}`, SDL_AUDIODRIVER: 'dummy' };
  }

  static async open(folder: string, asked: Size = { width: 640, height: 360 }): Promise<Screen> {
    mkdirSync(folder);
    const size = `${asked.width}x${asked.height}x24`;
    const words = ['-displayfd', '1', '-screen', '0', size, '-fbdir', folder, '-nolisten', 'tcp', '-noreset'];
    const server = new Program('Xvfb', words);
    let display = '';
    server.child.stdout!.on('data', (text) => {
      display += text;
    });
    const ended = once(server.child, 'close').then(() => {
      throw new Error(`Xvfb ended. ${server.errors}`);
    });
    while (!display.endsWith('\n')) await Promise.race([sleep(LOOK), ended]);
    ended.catch(() => undefined);
    return new Screen(server, display.trim(), join(folder, 'Xvfb_screen0'), asked);
  }

  /** Whether the screen has the many colours of a film. */
  hasPicture(): boolean {
    const colours = new Set<number>();
    for (let y = ROWS / 2; y < this.#height; y += ROWS) {
      const row = this.row(y);
      for (let at = 0; at < row.length; at += 16) colours.add(row.readUIntLE(at, 3));
    }
    return colours.size > COLOURS;
  }

  /** The current pixels of a row, four bytes each: blue, green, red, unused. The next call overwrites them. */
  row(y: number): Buffer {
    readSync(this.#file, this.#row, 0, this.#stride, this.#start + y * this.#stride);
    return this.#row;
  }

  /** Resolves with true when there is a picture, with false after `patience` milliseconds. */
  async picture(patience: number): Promise<boolean> {
    for (const end = performance.now() + patience; performance.now() < end; await sleep(LOOK)) {
      if (this.hasPicture()) return true;
    }
    return false;
  }

  /** Resolves when there is no picture. */
  async empty(): Promise<void> {
    while (this.hasPicture()) await sleep(LOOK);
  }

  close(): Promise<void> {
    return this.#server.end();
  }
}
