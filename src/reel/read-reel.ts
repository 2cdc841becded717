/** Reading a reel's folder: nothing is opened that does not fit together. */
import { close, fstat, open } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { fileProblem } from '../base/file-problem.js';
import { systemCode } from '../base/problem.js';
import { jpegIndexFault, jpegIndexOf } from './jpeg-reel.js';
import { manifestSchema, type ReelManifest } from './manifest.js';
import { reelOf } from './open-reel.js';
import { type Reel, ReelFile } from './reel.js';
import { tsIndexFault } from './ts-reel.js';

/** A reel whose files are incomplete or contradict each other: it can only be made again. */
export class ReelDamage extends Error {
  constructor(folder: string, file: string, fault: string) {
    super(`the reel ${folder} is damaged: ${file}: ${fault}`);
    this.name = 'ReelDamage';
  }
}

/**
 * Opens the reel in `folder` after checking that its files fit together; `closeReel` closes it.
 * Rejects with ReelDamage where they do not, or one is missing, and with a Problem of code 'store' where the system
 * refuses to read them: then the reel may well be whole.
 */
export async function readReel(folder: string): Promise<Reel> {
  const manifest = await readPart(folder, ReelFile.manifest, parseManifest(basename(folder)));
  const index = await readIndex(folder, manifest);
  const packets = ReelFile.packets[manifest.format];
  const descriptor = await explained(folder, packets, () => openFile(join(folder, packets), 'r'));
  try {
    const { size } = await explained(folder, packets, () => promisify(fstat)(descriptor));
    if (size !== manifest.bytes) {
      throw new ReelDamage(folder, packets, `it has ${size} bytes instead of ${manifest.bytes}`);
    }
    return reelOf({ manifest, descriptor, index });
  } catch (error) {
    await promisify(close)(descriptor);
    throw error;
  }
}

/** The index of the reel of `manifest`, as TsReel and JpegReel use it. Rejects as `readReel` does. */
export const readIndex = (folder: string, manifest: ReelManifest): Promise<SharedArrayBuffer> =>
  readPart(folder, ReelFile.index, parseIndex(manifest));

/** A plain descriptor: all threads may use it, unlike a FileHandle. */
const openFile = (path: string, flags: string) =>
  new Promise<number>((resolve, reject) => {
    open(path, flags, (error, descriptor) => (error ? reject(error) : resolve(descriptor)));
  });

/** A parser gives the fault of a file as a string. */
type Parse<T> = (bytes: Buffer) => T | string;

async function readPart<T>(folder: string, file: string, parse: Parse<T>): Promise<Exclude<T, string>> {
  const bytes = await explained(folder, file, () => readFile(join(folder, file)));
  const parsed = parse(bytes);
  if (typeof parsed === 'string') throw new ReelDamage(folder, file, parsed);
  return parsed as Exclude<T, string>;
}

/** Runs a call on a file of the reel: a file that is missing is damage, any other refusal a Problem. */
async function explained<T>(folder: string, file: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) throw new ReelDamage(folder, file, `it is missing (${code})`);
    throw fileProblem(error, { code: 'store', path: join(folder, file), access: 'read' });
  }
}

const parseManifest =
  (id: string): Parse<ReelManifest> =>
  (bytes) => {
    try {
      return { ...manifestSchema.parse(JSON.parse(bytes.toString())), id };
    } catch (error) {
      if (error instanceof z.ZodError) return z.prettifyError(error).replaceAll('\n', ' ');
      if (error instanceof SyntaxError) return error.message;
      throw error;
    }
  };

const parseIndex =
  (manifest: ReelManifest): Parse<SharedArrayBuffer> =>
  (bytes) => {
    if (bytes.length % 4 !== 0) return 'its end is missing';
    const numbers = new Uint32Array(new SharedArrayBuffer(bytes.length));
    for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readUInt32LE(i * 4);
    if (manifest.format === 'h264') return tsIndexFault(numbers, manifest) ?? (numbers.buffer as SharedArrayBuffer);
    return jpegIndexFault(numbers, manifest) ?? jpegIndexOf(numbers);
  };
