// Makes a fresh clone ready: installs what is missing and builds what is out of date, and says so only when it does.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args, what) {
  const windows = process.platform === 'win32';
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: windows });
  if (result.status !== 0) {
    console.error(
      `${what} failed (${result.error?.message ?? `exit code ${result.status}`}); its own words stand above.`,
    );
    process.exit(1);
  }
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** When anything of a file or folder was changed last. */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Installs the packages when node_modules is missing or older than the lock file. */
export function install() {
  const lock = join(root, 'package-lock.json');
  if (modified(join(root, 'node_modules', '.package-lock.json')) >= modified(lock)) return;
  console.error('Installing the packages (once) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
}

/** What is built: from which folders and files, by which commands, with a stamp in dist/ that says when. */
const parts = [
  { stamp: '.built', sources: ['src', 'test', 'bench', 'tsconfig.json'], commands: [['typescript/bin/tsc']] },
  {
    stamp: '.web-built',
    sources: ['web', 'src'],
    commands: [
      ['typescript/bin/tsc', '-p', 'web'],
      ['vite/bin/vite.js', 'build', '--logLevel', 'warn', '--config', 'web/vite.config.js'],
    ],
  },
];

/** Compiles TypeScript and bundles the pages where a source is newer than the last build. */
export function build() {
  for (const { stamp, sources, commands } of parts) {
    const built = join(root, 'dist', stamp);
    const latest = Math.max(...sources.map((source) => newest(join(root, source))));
    if (modified(built) >= latest) continue;
    console.error(stamp === '.built' ? 'Building …' : 'Building the pages …');
    for (const [script, ...words] of commands) {
      run(process.execPath, [join(root, 'node_modules', script), ...words], 'The build');
    }
    writeFileSync(built, '');
  }
}
