/** A network of its own for a test: nothing in it but loopback, which also carries multicast. Linux, root. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

const setUp = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo';

/** For the `skip` option of a test: false where such a network can be made, else the reason. */
export const withoutNetwork = (): string | false =>
  process.platform === 'linux' && spawnSync('unshare', ['-n', 'sh', '-c', setUp]).status === 0
    ? false
    : 'needs root on Linux, to make a network of its own (unshare -n)';

/** Makes one that goes away with the test. Returns the words that, before a command, run it in there. */
export async function ownNetwork(context: TestContext): Promise<string[]> {
  const keeper = spawn('unshare', ['-n', 'sh', '-c', `${setUp} && echo ready && exec cat`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => keeper.kill('SIGKILL'));
  await once(keeper.stdout, 'data');
  return ['nsenter', `--net=/proc/${keeper.pid}/ns/net`, '--'];
}
