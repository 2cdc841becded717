/** A witness: a page, by HTTP, each time over connections of their own. Each answer is the slowest of the URLs. */
import { Agent, request } from 'node:http';
import { readTask } from '../helper.js';
import { probe } from './probe.js';

export interface PagesTask {
  urls: readonly string[];
  /** JSON that is posted to them; without it they are read. */
  body?: string;
}

const PERIOD = 250;
const PATIENCE = 3_000;

const { urls, body }: PagesTask = readTask();
const method = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' } };
const agent = new Agent({ keepAlive: false });

/** Milliseconds to the whole answer; null where it is no success, or too late. */
function fetched(url: string): Promise<number | null> {
  const began = performance.now();
  return new Promise((resolve) => {
    const asking = request(url, { agent, timeout: PATIENCE, ...method }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode! < 400 ? performance.now() - began : null));
      answer.on('error', () => resolve(null));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(null));
    setTimeout(() => asking.destroy(), PATIENCE).unref();
    asking.on('close', () => resolve(null));
    asking.end(body);
  });
}

await probe(PERIOD, async () => {
  const took = await Promise.all(urls.map(fetched));
  return took.some((each) => each === null) ? null : Math.max(...(took as number[]));
});
