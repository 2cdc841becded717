/** The loop of a witness: asks again and again, and reports all answers at the end. */
import { performance } from 'node:perf_hooks';
import { commands } from '../helper.js';
import { inTime } from './in-time.js';
import type { Answer } from './series.js';

/**
 * Calls `ask` every `period` ms, one at a time, until `end` is read; then prints the answers. `ask` resolves with the
 * milliseconds, or null for no answer; a rejection is none either, and its reason goes to standard error, each once.
 */
export async function probe(period: number, ask: () => Promise<number | null>): Promise<never> {
  const answers: Answer[] = [];
  const reasons = new Set<string>();
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const at = performance.timeOrigin + performance.now();
      const took = await ask().catch(({ message }: Error) => {
        if (!reasons.has(message)) process.stderr.write(`${message}\n`);
        reasons.add(message);
        return null;
      });
      answers.push([at, took]);
      const wait = at + period - (performance.timeOrigin + performance.now());
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
    }
  })();
  for await (const _ of commands()) {
    isOver = true;
    await inTime(asking, 10_000);
    console.log(JSON.stringify(answers));
  }
  process.exit();
}
