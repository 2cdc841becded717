/** Hashes of passwords: `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, the last two in base64url (RFC 7914). */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of a guess: 128 × N × r = 32 MiB, and about 100 ms of a processor. */
const LOG_N = 15;
const R = 8;
const P = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Highest cost that a file may demand: 512 MiB. */
const MOST_LOG_N = 19;

/** Characters. */
export const LEAST_PASSWORD = 8;
export const MOST_PASSWORD = 200;

const form = /^scrypt\$(\d{1,2})\$(8)\$(1)\$([\w-]{16,64})\$([\w-]{43})$/;

export const isPasswordHash = (text: string): boolean => form.test(text) && Number(form.exec(text)![1]) <= MOST_LOG_N;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, { N: 2 ** LOG_N, r: R, p: P });
  return ['scrypt', LOG_N, R, P, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Takes the same time for a wrong password as for the right one. `kept` is a hash of `hashPassword`. */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [, logN = '', r = '', p = '', salt = '', hash = ''] = form.exec(kept)!;
  const derived = await derive(password, Buffer.from(salt, 'base64url'), { N: 2 ** Number(logN), r: +r, p: +p });
  return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
}

function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  // Keyboards encode the same letter in different ways.
  const text = password.normalize('NFKC');
  const options: ScryptOptions = { ...cost, maxmem: 2 * 128 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(text, salt, HASH_BYTES, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
