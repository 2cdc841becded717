// `npm run bench -- NAME`: runs bench/NAME.ts, built. Without a name, lists them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, install, root } from './setup.mjs';

install();
build();

const folder = join(root, 'dist', 'bench');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.slice(0, -3));
const [name] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}`);
  process.exit(2);
}
await import(pathToFileURL(join(folder, `${name}.js`)).href);
