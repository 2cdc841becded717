/** A network namespace with loopback only, so that no packet can leave the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Brings loopback up, routes all groups to it, and runs the benchmark again. */
const PREPARE = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec "$@"';
const INSIDE = 'MSC_BENCH_NAMESPACE';

/** Prints the reason and exits. */
export function refuse(reason: string): never {
  console.error(`This benchmark cannot run: ${reason}.`);
  process.exit(2);
}

/** The file has two lines of headings, then a line for each interface. */
const onlyLoopback = (): boolean =>
  readFileSync('/proc/self/net/dev', 'utf8')
    .trim()
    .split('\n')
    .slice(2)
    .every((line) => line.trim().startsWith('lo:'));

/**
 * Returns in a process with a network of its own. The first call starts the benchmark again in a new network, waits for
 * it, and exits with its code.
 */
export async function ownNetwork(): Promise<void> {
  if (process.platform !== 'linux') refuse('it needs network namespaces, which only Linux has');
  if (process.env[INSIDE]) {
    if (!onlyLoopback()) refuse('its network has interfaces other than loopback');
    // The outer process has ended. Exit handlers end the contestants and remove the files.
    process.on('disconnect', () => process.exit(1));
    process.channel?.unref();
    return;
  }
  const unshare = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--net', '--map-root-user'];
  const words = [...unshare.slice(1), 'sh', '-c', PREPARE, 'sh'];
  const tried = spawnSync(unshare[0]!, [...words, 'true'], { encoding: 'utf8' });
  if (tried.status !== 0) {
    const reason = tried.error?.message ?? tried.stderr.trim();
    refuse(`no network namespace can be created (${reason}); run it as root, with util-linux and iproute2 installed`);
  }
  const child = spawn(unshare[0]!, [...words, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [INSIDE]: '1' },
  });
  // Wait until the inner process has cleaned up. Ctrl-C reaches both; a second signal does no harm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill('SIGTERM'));
  }
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)));
  process.exit(code);
}
