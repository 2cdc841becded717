/** Reading a reel's folder: nothing is opened that does not fit together. */
import { close, fstat } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { fileProblem } from '../base/file-problem.js';
import { systemCode } from '../base/problem.js';
import { IrregularFileError, openRegular, readRegular } from '../base/regular-file.js';
import { isTransport } from '../wire/station-format.js';
import { jpegIndexFault, jpegIndexOf } from './jpeg-reel.js';
import { type IndexSeal, MOST_MANIFEST, type ParsedManifest, parseManifest, type ReelManifest } from './manifest.js';
import { reelOf } from './open-reel.js';
import { type Reel, ReelFile } from './reel.js';
import { tsIndexFault } from './ts-reel.js';
import type { FileIdentity } from './verifications.js';

/** Most bytes of `index.bin`: 4 for each frame of 13 hours with 120 frames a second have room, three times. */
const MOST_INDEX = 1 << 26;

/** A reel whose files are incomplete or contradict each other: it can only be made again. */
export class ReelDamage extends Error {
  /** The file of packets that was read; null where none was. */
  readonly packets: FileIdentity | null;

  constructor(folder: string, file: string, fault: string, packets: FileIdentity | null = null) {
    super(`the reel ${folder} is damaged: ${file}: ${fault}`);
    this.name = 'ReelDamage';
    this.packets = packets;
  }
}

/**
 * Opens the reel in `folder` after checking that its files fit together; `closeReel` closes it. The packets themselves are not
 * read: see ReelVerifier.
 * Rejects with ReelDamage where they do not, or one is missing, and with a Problem of code 'store' where the system
 * refuses to read them: then the reel may well be whole.
 */
export async function readReel(folder: string): Promise<Reel> {
  const { manifest, index: seal } = await readManifest(folder);
  const index = await readIndex(folder, manifest, seal);
  const packets = ReelFile.packets[manifest.format];
  const descriptor = await explained(folder, packets, () => openRegular(join(folder, packets)));
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

/** The contents of the folder's `reel.json`. Rejects as `readReel` does. */
export const readManifest = (folder: string): Promise<ParsedManifest> =>
  readPart(folder, ReelFile.manifest, MOST_MANIFEST, (bytes) => parseManifest(basename(folder), bytes));

/** The index of the reel of `manifest`, as TsReel and JpegReel use it. Rejects as `readReel` does. */
export const readIndex = (
  folder: string,
  manifest: ReelManifest,
  seal: IndexSeal | null = null,
): Promise<SharedArrayBuffer> => readPart(folder, ReelFile.index, MOST_INDEX, parseIndex(manifest, seal));

/** The bytes and the checksum of the index, to be sealed. Rejects as `readReel` does. */
export const measureIndex = (folder: string, manifest: ReelManifest): Promise<IndexSeal> =>
  readPart(folder, ReelFile.index, MOST_INDEX, (bytes) => {
    const fault = parseIndex(manifest, null)(bytes);
    return typeof fault === 'string' ? fault : { bytes: bytes.length, checksum: crc32(bytes) };
  });

/** A parser gives the fault of a file as a string. */
type Parse<T> = (bytes: Buffer) => T | string;

async function readPart<T>(folder: string, file: string, most: number, parse: Parse<T>): Promise<Exclude<T, string>> {
  const bytes = await explained(folder, file, () => readRegular(join(folder, file), most));
  const parsed = parse(bytes);
  if (typeof parsed === 'string') throw new ReelDamage(folder, file, parsed);
  return parsed as Exclude<T, string>;
}

/** Runs a call on a file of the reel: a file that is missing, too long or none at all is damage, any other refusal a Problem. */
async function explained<T>(folder: string, file: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) throw new ReelDamage(folder, file, `it is missing (${code})`);
    if (error instanceof IrregularFileError || code === 'ENXIO') throw new ReelDamage(folder, file, 'it is not a file');
    if (error instanceof RangeError) throw new ReelDamage(folder, file, error.message);
    throw fileProblem(error, { code: 'store', path: join(folder, file), access: 'read' });
  }
}

const parseIndex =
  (manifest: ReelManifest, seal: IndexSeal | null): Parse<SharedArrayBuffer> =>
  (bytes) => {
    if (bytes.length % 4 !== 0) return 'its end is missing';
    if (seal !== null && (bytes.length !== seal.bytes || crc32(bytes) !== seal.checksum))
      return 'its checksum is wrong';
    const numbers = new Uint32Array(new SharedArrayBuffer(bytes.length));
    for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readUInt32LE(i * 4);
    if (isTransport(manifest.format)) return tsIndexFault(numbers, manifest) ?? (numbers.buffer as SharedArrayBuffer);
    return jpegIndexFault(numbers, manifest) ?? jpegIndexOf(numbers);
  };
