/**
 * The operator's credentials: one password, and tokens for scripts. Stored as hashes in `operator.json` in the configuration
 * folder, readable by its owner only. `msc operator` writes the file; running servers notice its changes.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../base/atomic-file.js';
import { messageOf, Problem, systemCode } from '../../base/problem.js';
import { readRegular } from '../../base/regular-file.js';
import { isPasswordHash } from './password.js';

/** Letters, digits, dots and hyphens: names appear in the log. */
export const tokenNamePattern = /^[\w.-]{1,40}$/;

const schema = z.strictObject({
  version: z.literal(1),
  /** See password.ts. */
  password: z.string().refine(isPasswordHash).nullable(),
  /** SHA-256 in hexadecimal; 256 random bits need no slow hash. */
  tokens: z
    .array(z.strictObject({ name: z.string().regex(tokenNamePattern), hash: z.string().regex(/^[0-9a-f]{64}$/) }))
    .max(1_000),
});

export type CredentialsData = z.infer<typeof schema>;

const nothing: CredentialsData = { version: 1, password: null, tokens: [] };

/** Most bytes of the file: a thousand tokens have 150 each. */
const MOST_CREDENTIALS = 1 << 20;

const PREFIX = 'msc_';
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new token, and the hash to store. */
export function makeToken(): { token: string; hash: string } {
  const token = PREFIX + randomBytes(32).toString('base64url');
  return { token, hash: hashOf(token).toString('hex') };
}

/** Name of the token; null: unknown token. */
export function tokenName(data: CredentialsData, token: string): string | null {
  const hash = hashOf(token);
  return data.tokens.find((kept) => timingSafeEqual(hash, Buffer.from(kept.hash, 'hex')))?.name ?? null;
}

/** The default of `--config`: the user's configuration folder. */
export function defaultConfig(): string {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'multistreamcast');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'multistreamcast');
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'multistreamcast');
}

export class CredentialsFile {
  readonly folder: string;
  readonly path: string;
  #stamp = '';
  #data = nothing;

  constructor(folder: string = defaultConfig()) {
    this.folder = folder;
    this.path = join(folder, 'operator.json');
  }

  /** The file's current content. Rejects with a Problem where it cannot be read, so that no client gets access. */
  async read(): Promise<CredentialsData> {
    try {
      const { mtimeNs, ctimeNs, ino, size } = await stat(this.path, { bigint: true });
      const stamp = [mtimeNs, ctimeNs, ino, size].join(' ');
      if (stamp !== this.#stamp) {
        this.#data = schema.parse(JSON.parse((await readRegular(this.path, MOST_CREDENTIALS)).toString()));
        this.#stamp = stamp;
      }
      return this.#data;
    } catch (error) {
      this.#stamp = '';
      if (systemCode(error) === 'ENOENT') return nothing;
      throw this.#unreadable(error);
    }
  }

  /** Replaces the file atomically, readable by its owner only. Rejects with a Problem. */
  async change(by: (data: CredentialsData) => CredentialsData): Promise<void> {
    const data = by(await this.read());
    try {
      await replaceFile(this.path, `${JSON.stringify(data, null, 2)}\n`, { mode: 0o600, folderMode: 0o700 });
    } catch (error) {
      const next = 'Choose another folder with --config.';
      throw new Problem('store', `${this.path} cannot be written: ${messageOf(error)}`, next, { cause: error });
    }
  }

  #unreadable(error: unknown): Problem {
    const why = systemCode(error) ?? 'it is not a credentials file';
    const next = 'Repair it, or remove it and set the password again: msc operator password.';
    return new Problem('store', `${this.path} cannot be read: ${why}`, next, { cause: error });
  }
}
