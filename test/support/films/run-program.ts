/** Runs a program to its end, with several outputs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  exitCode: number | null;
  stderr: string;
  /** What it wrote to each of its outputs: 1 (standard output), 3, 4, … */
  outputs: Map<number, Buffer>;
  /** Whether it was ended because it took too much time. */
  late: boolean;
}

/** Longest run of a program, ms; a file may hang it. */
const LONGEST_RUN = 120_000;
/** Characters of its messages that are kept. */
const MOST_TEXT = 100_000;

/** `outputs`: how many outputs it has besides standard error; the second is descriptor 3. */
export async function runProgram(command: string, words: readonly string[], outputs = 1): Promise<Ended> {
  const further = Array.from({ length: outputs - 1 }, () => 'pipe' as const);
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe', ...further] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, LONGEST_RUN);
  const chunks = new Map<number, Buffer[]>();
  for (const descriptor of [1, ...further.map((_, i) => 3 + i)]) {
    const list: Buffer[] = [];
    chunks.set(descriptor, list);
    child.stdio[descriptor]?.on('data', (chunk: Buffer) => list.push(chunk));
  }
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MOST_TEXT) stderr += text;
  });
  try {
    await once(child, 'close');
  } finally {
    clearTimeout(timer);
  }
  const read = new Map([...chunks].map(([descriptor, list]) => [descriptor, Buffer.concat(list)] as const));
  return { exitCode: child.exitCode, stderr, outputs: read, late };
}
