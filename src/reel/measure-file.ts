/** The length and checksum of a file, read in a child process of the lowest priority. */
import { runMediaChild } from './media-child.js';
import type { Measured } from './verifications.js';

/** Reads at most `rate` bytes a second. Rejects with a Problem where the file cannot be read, or `signal` is aborted. */
export async function measureFile({
  path,
  rate,
  signal,
}: {
  path: string;
  rate: number;
  signal: AbortSignal;
}): Promise<Measured> {
  // Infinity is no JSON.
  const request = { task: 'measure', path, rate: Math.min(rate, Number.MAX_SAFE_INTEGER) } as const;
  const measured: Measured[] = [];
  await runMediaChild({ request, subject: path, signal, onMeasured: (each) => measured.push(each) });
  const [first] = measured;
  if (first === undefined) throw new Error(`the length and checksum of ${path} were not reported`);
  return first;
}
