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

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

/** Installs the packages when node_modules is missing or older than the lock file. */
export function install() {
  const lock = join(root, 'package-lock.json');
  if (modified(join(root, 'node_modules', '.package-lock.json')) >= modified(lock)) return;
  console.error('Installing the packages (once) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
}

/** Compiles TypeScript when a source is newer than the last build. */
export function build() {
  const stamp = join(root, 'dist', '.built');
  const sources = ['src', 'test', 'bench'].map((folder) => join(root, folder)).filter(existsSync);
  const latest = Math.max(modified(join(root, 'tsconfig.json')), ...sources.map(newest));
  if (modified(stamp) >= latest) return;
  console.error('Building …');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc')], 'The build');
  writeFileSync(stamp, '');
}
