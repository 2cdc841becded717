/** A network of the benchmark's own: loopback and nothing else, so that no packet can leave the machine. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The loopback interface comes up, with all multicast groups behind it; then the benchmark runs again, in here. */
const PREPARE = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec "$@"';
const INSIDE = 'MSC_BENCH_NAMESPACE';

/** A benchmark that cannot be run says why. */
export function refuse(reason: string): never {
  console.error(`This benchmark cannot be run: ${reason}.`);
  process.exit(2);
}

/** Lines after the two of headings: one for each interface. */
const onlyLoopback = (): boolean =>
  readFileSync('/proc/self/net/dev', 'utf8')
    .trim()
    .split('\n')
    .slice(2)
    .every((line) => line.trim().startsWith('lo:'));

/**
 * Returns in a process that is alone on a network; a process that is not is replaced by one, whose exit code it takes
 * over. Where that is impossible, it says why and ends.
 */
export async function ownNetwork(): Promise<void> {
  if (process.platform !== 'linux') refuse('it needs network namespaces, which only Linux has');
  if (process.env[INSIDE]) {
    if (!onlyLoopback()) refuse('this network has other interfaces than loopback: nothing is sent');
    // Whoever asked for this is gone: an exit ends the contestants and removes the files.
    process.on('disconnect', () => process.exit(1));
    process.channel?.unref();
    return;
  }
  const unshare = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--net', '--map-root-user'];
  const words = [...unshare.slice(1), 'sh', '-c', PREPARE, 'sh'];
  const tried = spawnSync(unshare[0]!, [...words, 'true'], { encoding: 'utf8' });
  if (tried.status !== 0) {
    const reason = tried.error?.message ?? tried.stderr.trim();
    refuse(`no network namespace to be had (${reason}): run it as root, with util-linux and iproute2 installed`);
  }
  const child = spawn(unshare[0]!, [...words, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [INSIDE]: '1' },
  });
  // This one waits until the other has cleaned up. Ctrl-C reaches both; to be told twice does no harm.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill('SIGTERM'));
  }
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)));
  process.exit(code);
}

/**
 * Loopback takes messages of many datagrams whole and has them cut only where they are received: what no group of the
 * machine wants is never cut, as if a network card did it. From here on the system cuts them all.
 */
export function cutBeforeSending(): void {
  const { status, stderr } = spawnSync('ip', ['link', 'set', 'lo', 'gso_max_segs', '1'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the offload cannot be turned off: ${stderr}`);
}
