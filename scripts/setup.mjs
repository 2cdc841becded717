// Makes a fresh clone ready: installs missing packages, builds what is out of date, and prints a line only when it does.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args, what) {
  const windows = process.platform === 'win32';
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: windows });
  if (result.status !== 0) {
    console.error(`${what} failed (${result.error?.message ?? `exit code ${result.status}`}); its output is above.`);
    process.exit(1);
  }
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** The latest modification of a file, or of a folder and everything in it: a removed file changes its folder. */
export function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(modified(path), ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Installs the packages when node_modules is missing or older than the lock file. */
export function install() {
  const lock = join(root, 'package-lock.json');
  if (modified(join(root, 'node_modules', '.package-lock.json')) >= modified(lock)) return;
  console.error('Installing the packages (once) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
}

/**
 * The two builds: sources (folders and files that the output depends on), commands, and a stamp in dist/ with the time of
 * the last one. A test compares `sources` with what the modules import.
 */
export const builds = [
  {
    name: 'Building',
    stamp: '.built',
    sources: ['src', 'test', 'bench', 'tsconfig.json', 'package-lock.json'],
    compiled: { from: ['src', 'test', 'bench'], to: '' },
    commands: [['typescript/bin/tsc']],
  },
  {
    name: 'Building the pages',
    stamp: '.web-built',
    sources: ['web', 'src/base', 'src/wire', 'src/contract', 'src/clock', 'test/support', 'package-lock.json'],
    compiled: { from: ['web', 'src'], to: 'web-js' },
    commands: [
      ['typescript/bin/tsc', '-p', 'web'],
      ['vite/bin/vite.js', 'build', '--logLevel', 'warn', '--config', 'web/vite.config.js'],
    ],
  },
];

/** Removes compiled modules whose source is gone: their tests would still run. */
function removeOrphans({ from, to }) {
  for (const folder of from) {
    const compiled = join(root, 'dist', to, folder);
    if (!existsSync(compiled)) continue;
    for (const path of readdirSync(compiled, { recursive: true }).filter((name) => name.endsWith('.js'))) {
      const source = join(root, folder, path.slice(0, -'.js'.length));
      if (existsSync(`${source}.ts`) || existsSync(`${source}.tsx`)) continue;
      for (const ending of ['', '.map']) rmSync(join(compiled, path) + ending, { force: true });
    }
  }
}

/** Compiles TypeScript and bundles the pages where a source is newer than the last build. */
export function build() {
  for (const { name, stamp, sources, compiled, commands } of builds) {
    const built = join(root, 'dist', stamp);
    if (modified(built) >= Math.max(...sources.map((source) => newest(join(root, source))))) continue;
    console.error(`${name} …`);
    removeOrphans(compiled);
    for (const [script, ...words] of commands) {
      run(process.execPath, [join(root, 'node_modules', script), ...words], 'The build');
    }
    writeFileSync(built, '');
  }
}
