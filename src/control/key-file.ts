/** The file with the secret that servers and viewers share: `--key`. */
import { randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { fileProblem } from '../base/file-problem.js';
import { Problem, systemCode } from '../base/problem.js';
import { readRegular } from '../base/regular-file.js';
import { type MessageKey, messageKey } from '../wire/seal.js';

/** Least length of a secret: 128 bits, if every byte is random. */
const LEAST_SECRET = 16;
/** Longest file that is read: a longer one is no key but was named by mistake. */
const LONGEST_FILE = 4_096;
/** Random bytes of a key that is made. */
const MADE_SECRET = 32;
/** Permission of others than the owner and its group to read or write. */
const FOR_OTHERS = 0o006;

/**
 * Reads the key of messages from a file: its content, without the white space around it. Rejects with a Problem: no such
 * file, not a file, shorter than 16 bytes or too long. Calls `warn` with a line where every user of the machine can read it.
 */
export async function readKeyFile(path: string, warn: (line: string) => void): Promise<MessageKey> {
  const problem = (cause: string) =>
    new Problem('usage', `The key file ${path} ${cause}`, 'Make one with: msc key FILE');
  try {
    const secret = trimmed(await readRegular(path, LONGEST_FILE));
    if (secret.length < LEAST_SECRET)
      throw problem(`has ${secret.length} bytes, fewer than the ${LEAST_SECRET} needed`);
    if (process.platform !== 'win32' && ((await stat(path)).mode & FOR_OTHERS) !== 0) {
      warn(`Every user of this machine can read or change the key: chmod o-rw ${path}`);
    }
    return messageKey(secret);
  } catch (error) {
    if (error instanceof RangeError) throw problem(`has more than the ${LONGEST_FILE} bytes allowed`);
    throw fileProblem(error, { code: 'usage', path, access: 'read' });
  }
}

/** Writes a random key to a new file that its owner alone can read. Rejects with a Problem: it exists, it cannot be written. */
export async function makeKeyFile(path: string): Promise<void> {
  try {
    await writeFile(path, `${randomBytes(MADE_SECRET).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      const next = 'Choose another name: servers and viewers may be using that key.';
      throw new Problem('usage', `${path} already exists`, next, { cause: error });
    }
    throw fileProblem(error, { code: 'usage', path, access: 'write' });
  }
}

/** Without white space (ASCII) at both ends: an editor adds a line end. */
function trimmed(content: Buffer): Buffer {
  const isSpace = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
  let [from, to] = [0, content.length];
  while (from < to && isSpace(content[from])) from++;
  while (to > from && isSpace(content[to - 1])) to--;
  return content.subarray(from, to);
}
