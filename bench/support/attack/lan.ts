/**
 * A network of several hosts on this machine: a bridge, on which each host is a network namespace. The benchmark's own
 * namespace, which has the server, is one of them. All end with the benchmark.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type Traffic, trafficOf } from '../traffic.js';

/** The interface's name at every host. */
export const INTERFACE = 'lan';
/** Its address at the server. */
export const SERVER = '10.77.0.1';

function run(words: readonly string[]): void {
  const [command, ...rest] = words;
  const { status, stderr, error } = spawnSync(command!, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Connects an interface that exists, with these addresses. */
function connect(inside: readonly string[], addresses: readonly string[]): void {
  const ip = (words: string) => run([...inside, 'ip', ...words.split(' ')]);
  for (const address of addresses) ip(`address add ${address}/16 dev ${INTERFACE}`);
  ip(`link set ${INTERFACE} up`);
  ip(`route replace 224.0.0.0/4 dev ${INTERFACE}`);
}

/** Another host. */
export class Host {
  readonly #keeper: ChildProcess;
  /** A command that runs another command there. */
  readonly inside: readonly string[];

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
    this.inside = ['nsenter', `--net=/proc/${keeper.pid}/ns/net`, '--'];
  }

  /** `port`: its name at the bridge. */
  static async join(port: string, addresses: readonly string[]): Promise<Host> {
    const keeper = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(keeper.stdout!, 'data');
    const host = new Host(keeper);
    run(['ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', INTERFACE, 'netns', `${keeper.pid}`]);
    run(['ip', 'link', 'set', port, 'master', INTERFACE, 'up']);
    connect(host.inside, addresses);
    return host;
  }

  traffic(): Traffic {
    return trafficOf(this.#keeper.pid!, INTERFACE);
  }

  leave(): void {
    this.#keeper.kill('SIGKILL');
  }
}

/** Makes the bridge, in the network of this process: see `ownNetwork`. */
export function layLan(): void {
  run(['ip', 'link', 'add', INTERFACE, 'type', 'bridge', 'mcast_snooping', '0']);
  connect([], [SERVER]);
}
