/** A thread beside a fuzzer, which ends the process when an input never returns, or takes all memory. */
import { writeFileSync, writeSync } from 'node:fs';
import { Worker, workerData } from 'node:worker_threads';

/** Processor time, in microseconds, after which an input counts as one that never returns: other work may take the wall's. */
const LONGEST_RUN = 10_000_000;
/** Resident memory: what targets hold is far below. */
const MOST_MEMORY = 1.5 * 2 ** 30;
const PERIOD = 500;

/** Runs started, and the bytes of the current input. */
const RUN = 0;
const LENGTH = 1;

interface Watched {
  head: Int32Array<SharedArrayBuffer>;
  bytes: Uint8Array<SharedArrayBuffer>;
  /** Where the input is written. */
  path: string;
  /** Printed before the process ends. */
  hint: string;
}

/** Returns what to call with each input. `largest`: bytes of the longest. */
export function watch(options: { largest: number; path: string; hint: string }): (input: Buffer) => void {
  const head = new Int32Array(new SharedArrayBuffer(8));
  const bytes = new Uint8Array(new SharedArrayBuffer(options.largest));
  const watched: Watched = { head, bytes, path: options.path, hint: options.hint };
  new Worker(new URL(import.meta.url), { workerData: { watched }, execArgv: [] }).unref();
  return (input) => {
    bytes.set(input);
    Atomics.store(head, LENGTH, input.length);
    Atomics.add(head, RUN, 1);
  };
}

const watched: Watched | undefined = workerData?.watched;
if (watched !== undefined) {
  const { head, bytes, path, hint } = watched;
  let run = 0;
  let began = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(began);
    const isStuck = Atomics.load(head, RUN) === run && user + system > LONGEST_RUN;
    const memory = process.memoryUsage.rss();
    if (isStuck || memory > MOST_MEMORY) {
      writeFileSync(path, bytes.subarray(0, Atomics.load(head, LENGTH)));
      const fault = isStuck ? 'An input does not return' : `An input takes ${Math.round(memory / 2 ** 20)} MiB`;
      writeSync(2, `${fault}.\n${hint}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
    if (Atomics.load(head, RUN) === run) return;
    run = Atomics.load(head, RUN);
    began = process.cpuUsage();
  }, PERIOD);
}
