/** Makes the films of the corpus, with the program ffmpeg. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CELLS, drawPictures } from './chart.js';
import { drawSound, SOUND_RATE } from './clicks.js';
import type { Film, FilmSound, FilmVideo, Oddity } from './film.js';
import { runProgram } from './run-program.js';

const DEFAULT_SIZE = [240, 144] as const;
const DEFAULT_RATE = '25';

/** Makes `film` at `path` + its extension, with temporary files beside it; returns the whole path. */
export async function makeFilm(film: Film, path: string): Promise<string> {
  const scratch = `${path}.parts`;
  mkdirSync(scratch, { recursive: true });
  try {
    let made = await encodeFilm(film, scratch);
    for (const [step, oddity] of (film.oddities ?? []).entries()) {
      made = await applyOddity(made, oddity, join(scratch, `step-${step}`));
    }
    const whole = `${path}.${extensionOf(made)}`;
    renameSync(made, whole);
    return whole;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const extensionOf = (path: string) => path.slice(path.lastIndexOf('.') + 1);

/** Pictures a second of a rate as FFmpeg reads it. */
const rateOf = (rate: string) => {
  const [numerator, denominator = '1'] = rate.split('/');
  return Number(numerator) / Number(denominator);
};

async function encodeFilm(film: Film, folder: string): Promise<string> {
  const { video, sound, seconds, container = [], extension } = film;
  const inputs: string[] = [];
  const outputs: string[] = [];
  if (video) {
    inputs.push(...pictureInput(video, seconds, folder));
    outputs.push('-map', '0:v', ...pictureOptions(video));
  }
  if (sound) {
    const path = join(folder, 'sound.pcm');
    writeFileSync(path, drawSound(sound.seconds ?? seconds));
    inputs.push('-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '1', '-i', path);
    outputs.push('-map', `${video ? 1 : 0}:a`, ...soundOptions(sound));
  }
  const path = join(folder, `film.${extension}`);
  await ffmpeg([...inputs, ...outputs, ...container, path]);
  return path;
}

function pictureInput({ rate = DEFAULT_RATE, firstNumber = 0 }: FilmVideo, seconds: number, folder: string): string[] {
  const path = join(folder, 'pictures.rgb');
  const count = Math.round(seconds * rateOf(rate));
  writeFileSync(path, drawPictures(Array.from({ length: count }, (_, i) => firstNumber + i)));
  return ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${CELLS}x${CELLS}`, '-r', rate, '-i', path];
}

function pictureOptions(video: FilmVideo): string[] {
  const {
    encoder,
    options = [],
    size = DEFAULT_SIZE,
    pixelFormat = 'yuv420p',
    pixelShape = '1/1',
    filters = [],
  } = video;
  const { matrix, range, tags } = video.colour ?? { matrix: 'bt601', range: 'tv', tags: [] };
  const chain = [
    `scale=${size.join(':')}:flags=neighbor:out_color_matrix=${matrix}:out_range=${range}`,
    `format=${pixelFormat}`,
    `setsar=${pixelShape}`,
    ...filters,
  ];
  return ['-vf', chain.join(','), '-c:v', encoder, ...tags, ...options];
}

function soundOptions({ encoder, options = [], rate = SOUND_RATE, channels = 2, filters = [] }: FilmSound): string[] {
  const chain = filters.length > 0 ? ['-af', filters.join(',')] : [];
  return [...chain, '-ar', String(rate), '-ac', String(channels), '-c:a', encoder, ...options];
}

/** Returns the path of the changed file; `path` has no extension. */
async function applyOddity(before: string, oddity: Oddity, path: string): Promise<string> {
  const after = (extension = extensionOf(before)) => `${path}.${extension}`;
  const rewrite = (change: (bytes: Buffer) => Buffer) => {
    writeFileSync(after(), change(readFileSync(before)));
    return after();
  };
  switch (oddity.odd) {
    case 'remuxed': {
      const { input = [], output, add = [], extension } = oddity;
      const others: string[] = [];
      for (const [i, film] of add.entries()) others.push('-i', await makeFilm(film, `${path}-${i}`));
      await ffmpeg([...input, '-i', before, ...others, ...output, after(extension)]);
      return after(extension);
    }
    case 'twice':
      return rewrite((bytes) => Buffer.concat([bytes, bytes]));
    case 'followed': {
      const other = readFileSync(await makeFilm(oddity.by, `${path}-next`));
      return rewrite((bytes) => Buffer.concat([bytes, other]));
    }
    case 'cut off':
      return rewrite((bytes) => bytes.subarray(0, Math.floor(bytes.length * oddity.share)));
    case 'zeroed':
      return rewrite((bytes) => {
        const at = Math.floor(bytes.length * oddity.at);
        return Buffer.concat([bytes]).fill(0, at, at + oddity.bytes);
      });
    case 'packets lost':
      return rewrite((bytes) => withoutPackets(bytes, oddity));
    case 'preceded':
      return rewrite((bytes) => Buffer.concat([Buffer.alloc(oddity.bytes, 0xa5), bytes]));
    case 'renamed':
      renameSync(before, after(oddity.extension));
      return after(oddity.extension);
  }
}

const TS_PACKET = 188;

function withoutPackets(bytes: Buffer, { from, every }: { from: number; every: number }): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; at += TS_PACKET, n++) {
    if (at < bytes.length * from || n % every !== 0) kept.push(bytes.subarray(at, at + TS_PACKET));
  }
  return Buffer.concat(kept);
}

async function ffmpeg(words: readonly string[]): Promise<void> {
  const path = words.at(-1)!;
  const { exitCode, stderr } = await runProgram('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...words]);
  if (exitCode !== 0 || !existsSync(path)) throw new Error(`ffmpeg ${words.join(' ')}: ${stderr}`);
}
