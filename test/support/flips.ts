/** Damaged files. */
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { MediaInput } from '../../src/media/input/input.js';

/** The bytes with one bit changed, for each of their bits. */
export function* flips(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) yield flipped(bytes, bit);
}

export function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** Changes one bit of a file. Its time stays, as where a disk does that; with `touched`, it is that of now. */
export function flipBit(path: string, bit: number, { touched = false } = {}): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, flipped(readFileSync(path), bit));
  if (!touched) utimesSync(path, atime, mtime);
}

/** `count` numbers below `below`, always the same ones of a seed. */
export function seeded(seed: number, count: number, below: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes
    return Math.floor((state / 2 ** 32) * below);
  });
}

/** Writes a copy of a film to `path`, with one bit changed at each of `count` places within its pictures and frames of sound. */
export function flipPackets(source: string, path: string, { seed, count }: { seed: number; count: number }): string {
  const bytes = readFileSync(source);
  const places: { position: number; size: number }[] = [];
  const input = new MediaInput(source);
  input.forEachPacket(({ packet }) => {
    places.push({ position: Number(packet.pos), size: packet.size });
    return true;
  });
  input.close();
  for (const at of seeded(seed, count, 2 ** 31)) {
    const { position, size } = places[at % places.length]!;
    const byte = position + (at % size);
    bytes[byte] = bytes[byte]! ^ (1 << (at & 7));
  }
  writeFileSync(path, bytes);
  return path;
}
