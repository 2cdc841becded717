/** `--key`, and `msc key`, which makes its file. */
import { makeKeyFile, readKeyFile } from '../control/key-file.js';
import type { MessageKey } from '../wire/seal.js';
import { openOutput } from './output.js';

/** The key in the file that `--key` names; undefined without one. Rejects with a Problem. */
export const readKey = async (
  path: string | undefined,
  warn: (line: string) => void,
): Promise<MessageKey | undefined> => (path === undefined ? undefined : readKeyFile(path, warn));

/** Returns the exit code. Rejects with a Problem: the file exists, or cannot be written. */
export async function runKey({ file, quiet }: { file: string; quiet: boolean }): Promise<number> {
  await makeKeyFile(file);
  const output = openOutput({ quiet, json: false });
  output.print(
    `The key is in ${file}. Copy it to every server, gateway and viewer, and name it with --key or MSC_KEY.`,
  );
  return 0;
}
