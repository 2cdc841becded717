/** A witness: a page, by HTTP, each time over a connection of its own. Each answer is the slowest of the URLs. */
import { Agent, get } from 'node:http';
import { readTask } from '../helper.js';
import { probe } from './probe.js';

export interface PagesTask {
  urls: readonly string[];
}

const PERIOD = 250;
const PATIENCE = 3_000;

const { urls }: PagesTask = readTask();
const agent = new Agent({ keepAlive: false });

/** Milliseconds to the whole answer; null where it is no success, or too late. */
function fetched(url: string): Promise<number | null> {
  const began = performance.now();
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: PATIENCE }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode! < 400 ? performance.now() - began : null));
      answer.on('error', () => resolve(null));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
    setTimeout(() => request.destroy(), PATIENCE).unref();
    request.on('close', () => resolve(null));
  });
}

await probe(PERIOD, async () => {
  const took = await Promise.all(urls.map(fetched));
  return took.some((each) => each === null) ? null : Math.max(...(took as number[]));
});
